import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { tempFolder } from '../adapters/temp-folder.ts';
import { contractText, NO_LIMITS } from './contract-text.ts';
import { type Files, type TestLake, testLake } from './harness.ts';

/** Each dataset twice, once with its names protected: what is counted and added up must be the same. */

const named = (isProtected: boolean) => ({
  name: 'name',
  classification: 'personal',
  ...(isProtected ? { assay: { protect: { as: 'encrypted', group: 'identity' } } } : {}),
});
const account = (isProtected: boolean) => ({
  name: 'account',
  classification: 'personal',
  ...(isProtected ? { assay: { protect: { as: 'pseudonym', group: 'ids' } } } : {}),
});

function bank(name: string, isProtected: boolean, assay: object): string {
  return contractText({
    dataset: `bank.${name}${isProtected ? '_sealed' : ''}`,
    partitionColumn: 'booked_on',
    columns: [
      { name: 'id', key: true },
      account(isProtected),
      { ...named(isProtected), more: { logicalTypeOptions: { minLength: 3 } } },
      { name: 'booked_on', type: 'date', required: true },
      { name: 'amount', type: 'number', physicalType: 'DECIMAL(18,2)', required: true },
    ],
    assay: {
      ...assay,
      ...(isProtected ? { subject: { column: 'account', kind: 'customer' } } : {}),
      measures: [{ column: 'amount' }],
      limits: NO_LIMITS,
    },
  });
}

const HEADER = 'id,account,name,booked_on,amount\n';
const ROWS =
  '1,417,Anna Plantedname,2026-01-02,10.00\n2,418,Bo,2026-01-03,20.00\n3,,Cleo Plantedname,2026-01-04,30.00\n';
const json = (id: number, more: object): string =>
  `${JSON.stringify({ id: String(id), account: '417', name: 'Anna Plantedname', booked_on: '2026-01-02', amount: 1.5, ...more })}\n`;

/** Name, settings, and files with records of every kind. */
const CASES: readonly (readonly [name: string, assay: object, files: Files])[] = [
  [
    'pattern',
    { csv: { footerPattern: '(Closing|Total|Printed).*' } },
    {
      'a.csv': `${HEADER}${ROWS}Closing balance,31.01.2026\nTotal,9,of all names,,60.00\n"Printed for ""Anna""",,,,\n`,
    },
  ],
  [
    'lines',
    { csv: { footerLines: 2 } },
    { 'a.csv': `${HEADER}${ROWS}Closing balance,31.01.2026\nTotal,9,of all names,,60.00\n` },
  ],
  ['total', { csv: { totalRow: { column: 'amount' } } }, { 'a.csv': `${HEADER}${ROWS},,,,60.00\n,,,,\n` }],
  ['preamble', { csv: { preambleLines: 2 } }, { 'a.csv': `For Anna Plantedname\n\n${HEADER}${ROWS}` }],
  [
    'broken',
    { unknownColumns: 'rescue' },
    {
      'a.csv': `name,id,account,amount,booked_on,extra\nAnna Plantedname,1,417,10.00,2026-01-02,Plantedextra\nx,y\n"open,2,418\n`,
      'b.csv': `${HEADER}${ROWS}7,419,Dan Plantedname,no date,5.00\n8,419,Dan Plantedname,2026-01-09,5.00,6\n`,
    },
  ],
  [
    'lines_of_json',
    { format: 'jsonl', unknownColumns: 'rescue' },
    {
      'a.jsonl': `${json(1, { amount: 10, more: { note: 'Plantedextra' } })}${json(2, { name: 'Bo' })}{"id": Plantedbroken\n${json(4, { account: null })}\n`,
    },
  ],
];

let lake: TestLake;
beforeAll(async () => {
  const contracts = CASES.flatMap(([name, assay]) => [bank(name, false, assay), bank(name, true, assay)]);
  lake = await testLake({ contracts, vault: true });
});
afterAll(() => lake.dispose());

describe('a protected file is counted and added up as one that is not', () => {
  test.each(CASES)('%s', async (name, _, files) => {
    const open = await lake.dropAndRun(files, `bank.${name}`);
    const sealed = await lake.dropAndRun(files, `bank.${name}_sealed`);
    expect(open.status).toBe('promoted');
    expect(sealed.status).toBe('promoted');
    expect(sealed.record?.counts).toEqual(open.record?.counts);
    const sums = (one: typeof open) =>
      one.seal?.controlTotals.map(({ key: _key, ...total }) => JSON.stringify(total)).sort();
    expect(sums(sealed)).toEqual(sums(open));
    const ids = async (dataset: string) =>
      (await lake.rows('silver', dataset)).map(({ id }) => String(id)).sort();
    expect(await ids(`bank.${name}_sealed`)).toEqual(await ids(`bank.${name}`));
    expect((await ids(`bank.${name}`)).length).toBeGreaterThan(0);
    const codes = async (dataset: string) =>
      (await lake.rows('quarantine', dataset)).map(({ source_row_number: row, reasons }) => [
        Number(row),
        (reasons as { code: string; rule: string }[]).map(({ code, rule }) => `${code} ${rule}`).sort(),
      ]);
    const byRow = (rows: (readonly unknown[])[]) => rows.map((row) => JSON.stringify(row)).sort();
    expect(byRow(await codes(`bank.${name}_sealed`))).toEqual(byRow(await codes(`bank.${name}`)));
    const stored = JSON.stringify(
      [
        await lake.rows('silver', `bank.${name}_sealed`),
        await lake.rows('quarantine', `bank.${name}_sealed`),
      ],
      (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value),
    );
    expect(stored).not.toMatch(/Planted/);
  });
});

test('with one vault the same files give the same envelopes and digest, in another order and other pieces', async () => {
  const { folder, dispose } = await tempFolder();
  const vault = { folder: path.join(folder, 'vault'), key: randomBytes(32).toString('hex') };
  const contracts = [bank('same', true, {})];
  const [one, other] = [
    await testLake({ contracts, vault, startAt: '2026-11-29T10:00:00Z' }),
    await testLake({ contracts, vault, startAt: '2026-11-30T10:00:00Z', segmentBytes: 200, chunkBytes: 400 }),
  ];
  const files = ['1', '2', '3'].map((n) => [
    `${n}.csv`,
    HEADER +
      Array.from({ length: 9 }, (_, k) => `${n}${k},4${k},Planted Name ${k},2026-0${n}-02,${k}.00\n`).join(
        '',
      ),
  ]);
  const first = await one.dropAndRun(Object.fromEntries(files) as Files);
  const second = await other.dropAndRun(Object.fromEntries([...files].reverse()) as Files);
  expect(second.seal?.digest).toBe(first.seal?.digest);
  const envelopes = async (lake: TestLake) =>
    (await lake.rows('silver'))
      .map(({ id, account, name }) => `${String(id)} ${String(account)} ${String(name)}`)
      .sort();
  expect(await envelopes(other)).toEqual(await envelopes(one));
  expect((await envelopes(one))[0]).toMatch(/^10 [a-z2-7]{26} ~1\./);
  await one.dispose();
  await other.dispose();
  await dispose();
});
