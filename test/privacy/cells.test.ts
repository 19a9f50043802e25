import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { UNOPENED } from '../../etl/contract/compile-sealed.ts';
import { toBase32 } from '../../etl/privacy/base32.ts';
import { CellSealer } from '../../etl/privacy/cell-sealer.ts';
import { CellCipher } from '../../etl/privacy/cells/cell-cipher.ts';
import { type CellWorkers, workWith } from '../../etl/privacy/cells/cell-work.ts';
import { openRecords } from '../../etl/privacy/cells/records-opener.ts';
import { type SealedCells, SealingBatch, type ValueToSeal } from '../../etl/privacy/cells/sealing-batch.ts';
import { type EnvelopeHeader, readEnvelope } from '../../etl/privacy/envelope.ts';
import { textRows } from '../../etl/privacy/rows.ts';
import { Sodium } from '../../etl/privacy/sodium.ts';
import { trimBlanks } from '../../etl/privacy/subject-id.ts';
import type { SubjectKeyName, Vault } from '../../etl/privacy/vault.ts';
import { headersOf, lying } from './lying.ts';

let sodium: Sodium;
beforeAll(async () => {
  sodium = await Sodium.open();
});
afterAll(() => sodium.dispose());

interface Sample extends EnvelopeHeader {
  readonly subjectKey: Uint8Array;
  readonly periodKey: Uint8Array;
  readonly text: string;
}

async function sealAll(samples: readonly Sample[]): Promise<readonly string[]> {
  const batch = new SealingBatch(workWith(sodium));
  const cells = samples.map(({ text, subjectKey, periodKey, ...header }) =>
    batch.add({ header, text, subjectKey, periodKey } satisfies ValueToSeal),
  );
  const sealed: SealedCells = await batch.sealed();
  return cells.map((cell) => sealed.text(cell));
}

test('what Python makes of the same keys and values is the same envelope, sealed in jobs', async () => {
  const { envelopes } = JSON.parse(
    readFileSync(path.join(import.meta.dirname, 'vectors/vectors.json'), 'utf8'),
  );
  const samples = envelopes.map(
    ({ subjectKey, periodKey, value, column, subject, period }: (typeof envelopes)[number]): Sample => ({
      ...{ column, subject, period },
      ...{ subjectKey: Buffer.from(subjectKey, 'hex'), periodKey: Buffer.from(periodKey, 'hex') },
      text: typeof value === 'string' ? value : value.repeat.repeat(value.times),
    }),
  );
  const sealed = await sealAll(samples);
  expect(sealed.length).toBeGreaterThan(10);
  for (const [n, { envelope }] of envelopes.entries()) {
    if (typeof envelope === 'string') expect(sealed[n]).toBe(envelope);
    else
      expect(
        createHash('sha256')
          .update(sealed[n] ?? '')
          .digest('hex'),
      ).toBe(envelope.sha256);
  }
});

const base32 = (length: number): fc.Arbitrary<string> =>
  fc.string({
    unit: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz234567'),
    minLength: length,
    maxLength: length,
  });
const [SUBJECTS, COLUMNS] = [fc.sample(base32(26), 7), fc.sample(base32(8), 3)];
const KEYS = new Map([...SUBJECTS, '202401', '202402', '202511'].map((name) => [name, randomBytes(32)]));

const samples = fc.array(
  fc
    .record({
      column: fc.constantFrom(...COLUMNS),
      subject: fc.constantFrom(...SUBJECTS),
      period: fc.constantFrom('202401', '202402', '202511'),
      text: fc.oneof(
        fc.string({ unit: 'binary', maxLength: 40 }),
        fc.nat(40_000).map((length) => 'é'.repeat(length)),
      ),
    })
    .map(
      (one): Sample => ({
        ...one,
        subjectKey: KEYS.get(one.subject) ?? new Uint8Array(),
        periodKey: KEYS.get(one.period) ?? new Uint8Array(),
      }),
    ),
  { maxLength: 30 },
);

test('cells sealed in jobs are those sealed one by one', async () => {
  await fc.assert(
    fc.asyncProperty(samples, async (some) => {
      const one = new CellSealer(sodium);
      const expected = some.map(({ text, ...sample }) => one.seal(sample, 'a', sample, text));
      expect(await sealAll(some)).toEqual(expected);
    }),
    { numRuns: 60 },
  );
});

test('more headers than are kept at once change nothing', async () => {
  const many = Array.from(
    { length: 6_000 },
    (_, n): Sample => ({
      column: COLUMNS[n % 2] ?? '',
      subject: createHash('sha256')
        .update(String(n % 2_000))
        .digest('hex')
        .slice(0, 26)
        .replaceAll(/[0189]/g, 'z'),
      period: n % 3 === 0 ? '202401' : '202511',
      subjectKey: createHash('sha256')
        .update(`key ${n % 2_000}`)
        .digest(),
      periodKey: KEYS.get(n % 3 === 0 ? '202401' : '202511') ?? new Uint8Array(),
      text: `value ${n % 7}`,
    }),
  );
  const one = new CellSealer(sodium);
  const expected = many.map(({ text, ...sample }) => one.seal(sample, 'a', sample, text));
  expect(await sealAll(many)).toEqual(expected);
});

/** Knows the first columns, all subjects but the last, and all periods but one. */
const VAULT: Pick<Vault, 'columns' | 'subjectKeys' | 'periodKeys'> = {
  columns: async () =>
    new Map(
      COLUMNS.slice(0, 2).map((id, n) => [
        id,
        { dataset: 'a.b', column: `c${n}`, group: n === 0 ? 'x' : 'y' },
      ]),
    ),
  subjectKeys: async (asked) =>
    asked.map(({ reference }) => (reference === SUBJECTS.at(-1) ? undefined : KEYS.get(reference))),
  periodKeys: async (asked) =>
    asked.map(({ period }) => (period === '202402' ? undefined : KEYS.get(period))),
};

/** What stands in a cell, told by the sealer of single cells. */
function expectedOf(cell: string, sealer: CellSealer): string {
  if (!cell.startsWith('~')) return '';
  if (cell === '~1.forgotten') return UNOPENED.forgotten;
  const envelope = readEnvelope(cell);
  if (envelope === undefined) return UNOPENED.tampered;
  const { column, subject, period, payload } = envelope;
  const [subjectKey, periodKey] = [KEYS.get(subject), KEYS.get(period)];
  const isKnown = COLUMNS.slice(0, 2).includes(column) && subject !== SUBJECTS.at(-1) && period !== '202402';
  if (!isKnown || payload === '' || subjectKey === undefined || periodKey === undefined) return UNOPENED.gone;
  return sealer.open(envelope, 'a', { subjectKey, periodKey }) ?? UNOPENED.tampered;
}

/** Ways in which somebody may change a cell. */
const damage: fc.Arbitrary<(cell: string) => string> = fc.oneof(
  { weight: 6, arbitrary: fc.constant((cell: string) => cell) },
  fc.constant((cell: string) => cell.slice(0, 46)),
  fc.constant(() => '~1.forgotten'),
  fc.constant(() => ''),
  fc.constant(() => 'plain text'),
  fc.nat(120).map((at) => (cell: string) => cell.slice(0, at)),
  fc.tuple(fc.nat(120), fc.constantFrom(...'AZaz09-_.~é=')).map(
    ([at, sign]) =>
      (cell: string) =>
        cell.slice(0, at) + sign + cell.slice(at + 1),
  ),
  fc.constantFrom('A', 'AA', 'é', '.').map((more) => (cell: string) => cell + more),
);

test('cells of records are opened in jobs as one by one, whatever somebody did to them', async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(samples, fc.array(damage, { minLength: 30, maxLength: 30 }), async (some, damages) => {
      // What begins with a NUL looks like one of UNOPENED.
      const usable = some.filter(({ text }) => !text.includes('\0'));
      const cells = (await sealAll(usable)).map((cell, n) => damages[n]?.(cell) ?? cell);
      const half = Math.floor(cells.length / 2);
      if (half === 0) return;
      const fields = [cells.slice(0, half), cells.slice(half, 2 * half)];
      const opener = await openRecords(VAULT, workWith(sodium));
      const { texts, hasEdgeBlanks } = await opener.open(
        textRows(fields[0]?.map((_, n) => fields.map((field) => field[n] ?? '')) ?? []),
        [0, 1],
        '|sep|',
      );
      const opened = texts.map((text) => text.split('|sep|'));
      const sealer = new CellSealer(sodium);
      expect(opened).toEqual(fields.map((field) => field.map((cell) => expectedOf(cell, sealer))));
      const clear = opened.flat().filter((text) => !text.startsWith('\0'));
      if (!hasEdgeBlanks) expect(clear.map(trimBlanks)).toEqual(clear);
      for (const text of opened.flat()) seen.add(text.startsWith('\0') ? text : 'clear');
    }),
    { numRuns: 200 },
  );
  expect([...seen].sort()).toEqual([...Object.values(UNOPENED), 'clear'].sort());
});

test('a cipher serves jobs of another kind by turns, and long texts', () => {
  const cipher = new CellCipher(sodium);
  const header = { column: COLUMNS[0] ?? '', subject: SUBJECTS[0] ?? '', period: '202401' };
  const secrets = () => ({
    subjectKeys: new Uint8Array(KEYS.get(SUBJECTS[0] ?? '') ?? []),
    periodKeys: new Uint8Array(KEYS.get('202401') ?? []),
    ...{ subjects: new Int32Array(1), periods: new Int32Array(1) },
  });
  for (const length of [10, 3_000_000, 11, 100_000]) {
    const text = new Uint8Array(length).fill(0x61);
    const sealed = cipher.seal({
      kind: 'seal',
      headers: headersOf(header),
      texts: lying(text),
      secrets: secrets(),
    });
    const { bytes, ends } = cipher.open({ kind: 'open', texts: lying(sealed.bytes), secrets: secrets() });
    expect([...ends]).toEqual([length]);
    expect(Buffer.from(bytes.subarray(0, length)).equals(text)).toBe(true);
  }
});

test('all values of a person are in jobs of one lane, and each envelope is that of its value', async () => {
  const work = workWith(sodium);
  const laneOf = new Map<string, Set<number | undefined>>();
  const lanes = new Set<number | undefined>();
  const noting: Pick<CellWorkers, 'work' | 'lanes'> = {
    lanes: 4,
    work: async (job, lane) => {
      const text = Buffer.from(job.kind === 'seal' ? job.headers.references : job.texts.beside).toString(
        'latin1',
      );
      for (let cell = 0; cell < job.secrets.subjects.length; cell++) {
        const start =
          job.kind === 'seal'
            ? (job.headers.referenceOf[cell] ?? 0) * 26
            : -1 - (job.texts.starts[cell] ?? 0) + 12;
        const subject = `${job.kind} ${text.slice(start, start + 26)}`;
        laneOf.set(subject, (laneOf.get(subject) ?? new Set()).add(lane));
      }
      lanes.add(lane);
      return await work.work(job);
    },
  };
  const people = Array.from({ length: 300 }, () => ({
    subject: toBase32(randomBytes(16)),
    subjectKey: randomBytes(32),
  }));
  const periodKey = randomBytes(32);
  const [inLanes, inOne] = [new SealingBatch(noting), new SealingBatch(work)];
  const numbers = Array.from({ length: 40_000 }, (_, n) => {
    const { subject, subjectKey } = people[(n * 7) % people.length] as (typeof people)[number];
    const value = {
      header: { column: 'aaaaaaaa', subject, period: '202401' },
      ...{ text: `value ${n}`, subjectKey, periodKey },
    };
    return [inLanes.add(value), inOne.add(value)] as const;
  });
  const [sealed, plain] = [await inLanes.sealed(), await inOne.sealed()];
  for (const [lane, one] of numbers) if (sealed.text(lane) !== plain.text(one)) throw new Error(`${lane}`);
  expect(lanes).toEqual(new Set([0, 1, 2, 3]));
  const keys = new Map(people.map(({ subject, subjectKey }) => [subject, subjectKey]));
  const vault = {
    ...VAULT,
    columns: async () => new Map([['aaaaaaaa', { dataset: 'd', column: 'c', group: 'a' }]]),
    subjectKeys: async (asked: readonly SubjectKeyName[]) =>
      asked.map(({ reference }) => keys.get(reference)),
    periodKeys: async () => [periodKey],
  };
  const records = textRows(numbers.map(([lane]) => [sealed.text(lane)]));
  const opened = await (await openRecords(vault, noting)).open(records, [0], '|');
  expect(opened.hasEdgeBlanks).toBe(false);
  expect(opened.texts[0]).toBe(numbers.map((_, n) => `value ${n}`).join('|'));
  expect(laneOf.size).toBe(600);
  expect([...laneOf.values()].every(({ size }) => size === 1)).toBe(true);
});
