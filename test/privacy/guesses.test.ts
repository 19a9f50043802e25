import { createDecipheriv, createHash, hkdfSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Vault } from '../../etl/privacy/vault.ts';
import { contractText } from '../stages/contract-text.ts';
import { type TestLake, testLake } from '../stages/harness.ts';
import type { Row } from '../stages/read-rows.ts';

/** So few values are possible that whoever can test a guess needs no key. */
const NAMES = ['anna', 'bert', 'carl', 'dora', 'emil', 'fritz'];

const CONTRACT = contractText({
  partitionColumn: 'day',
  columns: [
    { name: 'id', key: true },
    {
      ...{ name: 'customer', classification: 'personal', required: true },
      assay: { protect: { as: 'pseudonym', group: 'who' } },
    },
    { name: 'name', classification: 'personal', assay: { protect: { as: 'encrypted', group: 'identity' } } },
    {
      ...{ name: 'nick', more: { logicalTypeOptions: { maxLength: 4 } } },
      assay: { protect: { as: 'encrypted', group: 'contact' } },
    },
    { name: 'day', type: 'date', required: true },
  ],
  assay: {
    subject: { column: 'customer', kind: 'customer' },
    limits: { maxQuarantineRate: 1, maxCondemned: 100 },
  },
});

let lake: TestLake;
let vault: Vault;
let rows: Row[];
beforeAll(async () => {
  lake = await testLake({ contracts: [CONTRACT], vault: true });
  const lines = NAMES.flatMap((name, n) => [
    `a${n},${n},${name},${name},2024-05-01`,
    `b${n},${n},${name},,2024-04-01`,
  ]);
  await lake.dropAndRun({ 'f.csv': `id,customer,name,nick,day\n${lines.join('\n')}\n` });
  rows = [...(await lake.rows('silver')), ...(await lake.rows('quarantine'))];
  if (lake.lake.effects.vault === undefined) throw new Error('no vault');
  vault = lake.lake.effects.vault;
});
afterAll(() => lake.dispose());

const envelopeOf = (id: string, column: string): string =>
  String(rows.find((row) => row.id === id)?.[column]);

/** Opens a payload with whatever is taken for the two keys, by OpenSSL. */
function opens(
  envelope: string,
  subjectKey: Uint8Array | undefined,
  periodKey: Uint8Array | undefined,
): boolean {
  const payload = envelope.split('.')[4] ?? '';
  const column = envelope.split('.')[1] ?? '';
  const secret = Buffer.concat([subjectKey ?? Buffer.alloc(0), periodKey ?? Buffer.alloc(0)]);
  const keys = Buffer.from(
    hkdfSync('sha512', secret, Buffer.alloc(0), Buffer.from(`~1.${column}.value`), 64),
  );
  const bytes = Buffer.from(payload, 'base64url');
  const cipher = createDecipheriv('chacha20-poly1305', keys.subarray(32), bytes.subarray(0, 12), {
    authTagLength: 16,
  });
  cipher.setAAD(Buffer.from(envelope.slice(0, -payload.length)), { plaintextLength: bytes.length - 28 });
  cipher.setAuthTag(bytes.subarray(-16));
  cipher.update(bytes.subarray(12, -16));
  try {
    cipher.final();
    return true;
  } catch {
    return false;
  }
}

/** A subject's and a month's key. */
async function keysOf(envelope: string, group: string, period: string) {
  const reference = envelope.split('.')[2] ?? '';
  const [subjectKey] = await vault.subjectKeys([{ reference, group }]);
  const [periodKey] = await vault.periodKeys([{ dataset: lake.dataset, group, period }], 'leave');
  return { subjectKey, periodKey };
}

describe('without one of its keys', () => {
  test('an envelope opens to nobody: not with another group’s, another month’s or another person’s', async () => {
    const envelope = envelopeOf('a0', 'name');
    const own = await keysOf(envelope, 'identity', '202405');
    expect(opens(envelope, own.subjectKey, own.periodKey)).toBe(true);
    const group = await keysOf(envelope, 'contact', '202405');
    const month = await keysOf(envelope, 'identity', '202404');
    const other = await keysOf(envelopeOf('a1', 'name'), 'identity', '202405');
    const wrong = [
      [undefined, own.periodKey],
      [own.subjectKey, undefined],
      [group.subjectKey, own.periodKey],
      [own.subjectKey, group.periodKey],
      [own.subjectKey, month.periodKey],
      [other.subjectKey, own.periodKey],
      [own.periodKey, own.subjectKey],
    ] as const;
    for (const [subjectKey, periodKey] of wrong) expect(opens(envelope, subjectKey, periodKey)).toBe(false);
  });

  test('nothing tells one guess from another: no digest, no length, no equality among people or months', () => {
    const text = JSON.stringify(rows, (_, value) => (typeof value === 'bigint' ? String(value) : value));
    const texts = NAMES.flatMap((name, n) => [
      name,
      // What a row's hash would be of, if it were of values.
      `=a${n}\0=${n}\0=${name}\0=${name}\0=2024-05-01`,
      `=b${n}\0=${n}\0=${name}\0\0=2024-04-01`,
    ]);
    for (const guess of texts)
      for (const algorithm of ['md5', 'sha1', 'sha256', 'sha512'])
        for (const encoding of ['hex', 'base64url'] as const)
          expect(text).not.toContain(createHash(algorithm).update(guess).digest(encoding).slice(0, 16));
    // The nickname of fritz is too long: the reason has its envelope.
    expect(text).toContain('"code":"RANGE_ERROR","value":"~1.');
    expect(text).not.toContain('digest:');
    const names = NAMES.slice(0, -1).map((_, n) => envelopeOf(`a${n}`, 'name'));
    expect(new Set(names.map(({ length }) => length)).size).toBe(1);
    // The same name of the same person is another envelope in another month and another column.
    expect(
      new Set([...names, ...NAMES.map((_, n) => envelopeOf(`b${n}`, 'name')), envelopeOf('a0', 'nick')]).size,
    ).toBe(12);
  });
});
