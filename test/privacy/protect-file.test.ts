import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { createVault, openVault } from '../../adapters/local/vault/folder-vault.ts';
import { openFile } from '../../etl/csv/open-file.ts';
import type { Opened } from '../../etl/csv/opened.ts';
import { openCells } from '../../etl/privacy/open-cells.ts';
import { protectedFile } from '../../etl/privacy/protect-file.ts';
import { UNKNOWN_GROUP } from '../../etl/privacy/protect-rows.ts';
import type { PlannedCell, ProtectionPlan } from '../../etl/privacy/protection-plan.ts';
import { Sodium } from '../../etl/privacy/sodium.ts';
import type { Vault } from '../../etl/privacy/vault.ts';
import { tempFolder } from '../adapters/temp-folder.ts';
import { placeOf } from '../adapters/vault/support.ts';
import { memoryData, memoryScratch } from '../csv/memory-scratch.ts';
import { CONTRACT, csvFiles, readSegments } from '../csv/read-segments.ts';

const ARRIVED = new Date('2026-11-29T10:00:00Z');

let sodium: Sodium;
let vault: Vault;
let dispose: () => Promise<void>;
beforeAll(async () => {
  sodium = await Sodium.open();
  const temp = await tempFolder();
  dispose = temp.dispose;
  const place = placeOf({ folder: path.join(temp.folder, 'vault'), clock: { now: () => ARRIVED } });
  await createVault(place);
  vault = openVault(place);
});
afterAll(async () => {
  sodium.dispose();
  await dispose();
});

/** id names the subject, note is protected as are unknown columns, and paid_on and amount stay. */
function planOf({ layout }: Opened): ProtectionPlan {
  const fieldOf = (name: string): number =>
    layout.columns[CONTRACT.columns.findIndex((column) => column.name === name)] ?? 0;
  const isNull = (text: string): boolean => text.trim() === '';
  const cell = (place: number, name: string, group = 'contact'): PlannedCell => ({
    ...{ place, name, group, isNull, as: 'encrypted', subject: 0 },
  });
  const number = { decimal: '.', symbols: [], parentheses: false } as const;
  return {
    dataset: 'test.records',
    subjects: [{ kind: 'payer', place: fieldOf('id'), column: { type: { kind: 'string' }, number } }],
    cells: [
      { ...cell(fieldOf('id'), 'id'), as: 'pseudonym' },
      cell(fieldOf('note'), 'note'),
      ...layout.unknown.map(({ field, name }) => cell(field, `assay.unknown ${name}`, UNKNOWN_GROUP)),
    ],
    dropped: [],
  };
}

/** A file as it goes to Bronze; undefined where it has no records to be read. */
async function protect(
  bytes: Uint8Array,
  contract = CONTRACT,
  asked = vault,
): Promise<{ text: string; plan: ProtectionPlan; longestBytes: number } | undefined> {
  const options = { contract, data: memoryData({ f0: bytes }, 40), scratch: memoryScratch() };
  const opened = await openFile({ index: 0, key: 'f0' }, options);
  if (opened.kind !== 'open') return undefined;
  const plan = planOf(opened);
  const parts: Buffer[] = [];
  const file = {
    name: 'f.csv',
    opened,
    plan,
    contract,
    dateFields: [],
    vault: asked,
    sodium,
    arrived: ARRIVED,
  };
  for await (const part of protectedFile(file)) parts.push(Buffer.from(part));
  const longestBytes = Math.max(...parts.map(({ length }) => length));
  return { text: Buffer.concat(parts).toString('utf8'), plan, longestBytes };
}

test('what is protected at one time is handed on in slices of a MiB, so that it is never all in memory', async () => {
  const rows = Array.from({ length: 40_000 }, (_, n) => `p${n % 9},2026-11-01,1.00,note ${n}`);
  const sealed = await protect(Buffer.from(`id,paid_on,amount,note\n${rows.join('\n')}\n`));
  expect(sealed?.text.length).toBeGreaterThan(4 * 2 ** 20);
  expect(sealed?.longestBytes).toBeLessThan(1.2 * 2 ** 20);
  expect(sealed?.text.split('\n')).toHaveLength(rows.length + 2);
});

test('the vault is asked once for all people of many small pieces', async () => {
  const rows = Array.from({ length: 300 }, (_, n) => `p${n},2026-11-01,1.00,x`);
  const calls: number[] = [];
  const counted: Vault = {
    ...vault,
    subjects: async (people, groups) => {
      if (people.length > 0) calls.push(people.length);
      return await vault.subjects(people, groups);
    },
  };
  await protect(Buffer.from(`id,paid_on,amount,note\n${rows.join('\n')}\n`), CONTRACT, counted);
  expect(calls).toEqual([300]);
});

/** Another parser's reading. */
const parsed = (text: string): string[][] =>
  parse(text, { relax_column_count: true, record_delimiter: ['\r\n', '\n'], skip_empty_lines: false });

interface Read {
  readonly text: string;
  readonly broken: readonly { row: number; text: string; hash?: string; problem: string; detail?: string }[];
}

test('a file has the same records once protected; opened, the same values, and of broken ones the same text', async () => {
  let broken = 0;
  let kept = 0;
  await fc.assert(
    fc.asyncProperty(csvFiles, async (bytes) => {
      const sealed = await protect(bytes);
      if (sealed === undefined) return;
      const was = (await readSegments([bytes], { pieceBytes: 40, segmentBytes: 1e6 })) as Read;
      const before = parsed(was.text);
      const [header, ...after] = parsed(sealed.text);
      expect(header?.slice(0, 4).sort()).toEqual(['amount', 'id', 'note', 'paid_on']);
      expect(after).toHaveLength(before.length);
      const opened = await openCells({ vault, sodium })(after.flat());
      const openedRows = rowsOf(after, opened);
      const problems = new Map(was.broken.map((one) => [one.row - 1, one]));
      for (const [n, row] of after.entries()) {
        const problem = problems.get(n);
        if (problem !== undefined) {
          broken++;
          expect([openedRows[n]?.[0], ...row.slice(1)]).toEqual([
            problem.hash === undefined
              ? problem.text
              : `${problem.text}\n… (SHA-256 of the whole record: ${problem.hash})`,
            problem.problem,
            problem.detail ?? '',
            expect.stringMatching(/^[1-9]\d*$/),
            // Never of the width of the others.
            ...(row.length === 5 ? [''] : []),
          ]);
          continue;
        }
        const idAt = sealed.plan.subjects[0]?.place ?? 0;
        for (const [field, value] of (before[n] ?? []).entries()) {
          const isProtected = sealed.plan.cells.some(({ place }) => place === field) && value.trim() !== '';
          // A subject's id became its reference.
          if (field === idAt && isProtected && /^[a-z2-7]{26}$/.test(row[field] ?? '')) continue;
          expect(openedRows[n]?.[field]).toBe(value);
          if (isProtected) expect(row[field]).toMatch(/^~1\./);
          else expect(row[field]).toBe(value);
          kept++;
        }
      }
    }),
    { numRuns: 25 },
  );
  expect(broken).toBeGreaterThan(5);
  expect(kept).toBeGreaterThan(50);
});

type Opening = Awaited<ReturnType<ReturnType<typeof openCells>>>[number];

/** What each cell says, opened where it is an envelope. */
function rowsOf(rows: readonly string[][], opened: readonly Opening[]): string[][] {
  let at = 0;
  return rows.map((row) =>
    row.map((text) => {
      const cell = opened[at++];
      return cell?.kind === 'clear' ? cell.text : cell?.kind === 'plain' ? text : `<${cell?.kind}>`;
    }),
  );
}

test('nothing of a protected value is in what goes to Bronze, and the rest stands as the source wrote it', async () => {
  const file = [
    'id,paid_on,amount,note,secret',
    'ann-planted,2026-01-02, 1.50 ,"M\xfcller-planted, ""the"" baker\nof K\xf6ln",unknown-planted',
    ',2026-01-03,2.00,nobody-planted,',
    ',,,,',
    'ben-planted,2026-01-04,3.00,one-planted,two-planted,three-planted',
    '"eve-planted,2026-01-05',
    '',
  ];
  const limits = { ...CONTRACT.limits, maxRecordBytes: 200 };
  const sealed = await protect(Buffer.from(file.join('\n'), 'latin1'), { ...CONTRACT, limits });
  const text = sealed?.text ?? '';
  expect(text).not.toContain('planted');
  const rows = parsed(text);
  expect(rows[0]).toEqual(['id', 'paid_on', 'amount', 'note', 'secret']);
  expect(rows[1]?.slice(1, 3)).toEqual(['2026-01-02', ' 1.50 ']);
  expect(rows[3]).toEqual(['', '', '', '', '']);
  expect(rows.slice(4).map((row) => row.slice(1))).toEqual([
    ['too many fields', '6 fields of 5', '1'],
    ['a quote that is never closed', '', '1'],
  ]);
  const opened = await openCells({ vault, sodium })(rows.flat());
  const clear = opened.flatMap((one) => (one.kind === 'clear' ? [one.text] : []));
  expect(clear).toEqual([
    'Müller-planted, "the" baker\nof Köln',
    'unknown-planted',
    'nobody-planted',
    'ben-planted,2026-01-04,3.00,one-planted,two-planted,three-planted',
    '"eve-planted,2026-01-05',
  ]);
});
