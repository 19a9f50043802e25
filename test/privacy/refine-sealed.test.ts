import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { auditDataset } from '../../etl/audit/audit-dataset.ts';
import { loadContracts, requireSourceContract } from '../../etl/contract/load-contracts.ts';
import { askForBackfill, chooseFiles } from '../../etl/operations/backfill.ts';
import { askForMigration } from '../../etl/operations/migrate.ts';
import { keepCorrections } from '../../etl/quarantine/corrections.ts';
import { readRecords } from '../../etl/quarantine/read-records.ts';
import type { FailedRecord } from '../../etl/quarantine/records.ts';
import { retryRecords } from '../../etl/quarantine/retry-records.ts';
import { tryContract } from '../../etl/trying/try-contract.ts';
import { contractText } from '../stages/contract-text.ts';
import { type Ran, type TestLake, testLake } from '../stages/harness.ts';
import type { Row } from '../stages/read-rows.ts';

const WORD = { by: 'grace', reason: 'a test' };

const paymentsText = (version: string, more: Parameters<typeof contractText>[0]['columns'] = []): string =>
  contractText({
    version,
    partitionColumn: 'day',
    columns: [
      { name: 'id', key: true },
      {
        ...{ name: 'customer', type: 'integer', classification: 'personal', required: true },
        assay: { protect: { as: 'pseudonym', group: 'who' } },
      },
      {
        ...{ name: 'mail', classification: 'personal', required: true },
        more: { logicalTypeOptions: { pattern: '[^@]+@[^@]+' } },
        assay: { protect: { as: 'encrypted', group: 'contact' } },
      },
      {
        ...{ name: 'born', type: 'date', classification: 'personal' },
        assay: { protect: { as: 'encrypted', group: 'identity' } },
      },
      { name: 'day', type: 'date', required: true },
      { name: 'amount', type: 'number', physicalType: 'decimal(12,2)' },
      ...more,
    ],
    rules: { grown_up: 'born < day' },
    assay: {
      subject: { column: 'customer', kind: 'customer' },
      measures: [{ column: 'amount' }],
      limits: { maxQuarantineRate: 1, maxCondemned: 1000 },
    },
  });

const FILE = `id,customer,mail,born,day,amount
good,1,one@example.org,1990-01-31,2024-05-01,10.00
wrong,2,two at example.org,1990-01-31,2024-05-02,20.00
nobody,x3,three@example.org,1990-01-31,2024-05-03,30.00
empty,00004,four@example.org,,2024-05-03,40.00
short,5,five@example.org
young,6,six@example.org,2024-06-01,2024-05-03,60.00
date,7,seven@example.org,1990-02-30,2024-05-03,70.00
good,8,eight@example.org,1990-01-31,2024-05-04,80.00
later,1,one@example.org,1990-01-31,2024-05-05,90.00

`;

let lake: TestLake;
afterEach(async () => lake.dispose());

async function openPayments(): Promise<void> {
  lake = await testLake({
    contracts: [paymentsText('1.0.0')],
    vault: true,
    startAt: '2024-06-01T06:00:00.000Z',
  });
}

async function forget(id: string): Promise<void> {
  const erasure = await lake.lake.effects.vault?.forget(
    { kind: 'customer', id },
    { ...WORD, until: new Date('2034-01-01') },
  );
  expect(erasure).toBeDefined();
}

async function readAgain(): Promise<Ran> {
  const { effects } = lake.lake;
  const choice = { dataset: lake.dataset, from: '2024-06-01', to: '2024-06-02', isAgain: true };
  const { runId } = await askForBackfill(effects, await chooseFiles(effects, choice), WORD);
  return await lake.runAs(runId);
}

/** What is in a table, but for which run wrote it. */
const rowsOf = async (layer: 'silver' | 'quarantine' | 'condemned', run?: string): Promise<unknown[]> =>
  (await lake.rows(layer))
    .filter((row) => run === undefined || row.run_id === run)
    .map(({ run_id: _run, ingestion_timestamp: _at, contract_version: _version, ...row }) => row)
    .sort((a, b) => Number(a.source_row_number) - Number(b.source_row_number));

const audited = async (): Promise<unknown> =>
  (await auditDataset(lake.lake.effects, { dataset: lake.dataset })).problems;

const codesOf = (row: Row): string =>
  (row.reasons as { code: string; column: string | null }[])
    .map(({ code, column }) => `${code} ${column ?? ''}`)
    .join();

test('records of a protected dataset are judged by what their envelopes hold, and stand in the tables with those', async () => {
  await openPayments();
  await lake.drop({ 'f.csv': FILE });
  const { record } = await lake.run();
  expect(record?.counts).toEqual({ records: 10, silver: 3, quarantined: 5, condemned: 1, blank: 1 });
  const failed = [...(await lake.rows('quarantine')), ...(await lake.rows('condemned'))];
  expect(new Map(failed.map((row) => [Number(row.source_row_number), codesOf(row)]))).toEqual(
    new Map([
      [2, 'FORMAT_ERROR mail'],
      [3, 'TYPE_ERROR customer'],
      [5, 'STRUCTURE_ERROR '],
      [6, 'RULE_ERROR '],
      [7, 'RANGE_ERROR born'],
      [8, 'DUPLICATE '],
    ]),
  );
  const silver = await lake.rows('silver');
  expect(silver.map(({ id, born }) => `${id} ${born === null}`).sort()).toEqual([
    'empty true',
    'good false',
    'later false',
  ]);
  for (const { customer, mail } of silver) {
    expect(customer).toMatch(/^[a-z2-7]{26}$/);
    expect(mail).toMatch(new RegExp(`^~1\\.[a-z2-7]{8}\\.${String(customer)}\\.202405\\.[\\w-]+$`));
  }
  const [one, later] = silver.filter(({ id }) => id !== 'empty');
  expect([one?.customer, one?.mail, one?.born]).toEqual([later?.customer, later?.mail, later?.born]);
  expect(await audited()).toEqual([]);
});

test('forgetting changes nothing that is read again: rows, verdicts, reasons, sums, and no attempt more', async () => {
  await openPayments();
  await lake.drop({ 'f.csv': FILE });
  const before = await lake.run();
  const [silver, quarantine] = [await rowsOf('silver'), await rowsOf('quarantine')];
  for (const id of ['1', '2', '6', '7', '8']) await forget(id);
  expect(await audited()).toEqual([]);
  const again = await readAgain();
  expect(again).toMatchObject({
    status: 'promoted',
    record: { counts: before.record?.counts, reasons: before.record?.reasons },
  });
  const totals = (ran: Ran): unknown => ran.record?.controlTotals.map(({ key: _key, ...total }) => total);
  expect(totals(again)).toEqual(totals(before));
  expect(again.seal?.digest).toBe(before.seal?.digest);
  expect(await rowsOf('silver')).toEqual(silver);
  expect(await rowsOf('quarantine', again.seal?.runId)).toEqual(quarantine);
  expect(await audited()).toEqual([]);
  const { effects } = lake.lake;
  const loaded = await loadContracts(effects.contracts);
  const proposed = loaded.contracts.get(lake.dataset);
  if (proposed?.layer !== 'silver') throw new Error('no contract');
  const tried = await tryContract(effects, { loaded, proposed }, { mostExamples: 1, mostFigures: 1 });
  expect(tried.counts).toMatchObject({ silverNow: 3, silverThen: 3, toSilver: 0, out: 0 });
  // A migration makes the tables anew, with a column that was not there.
  await lake.setContract(paymentsText('2.0.0', [{ name: 'note', assay: { headers: ['Note'] } }]));
  lake.setTime('2024-06-02T06:00:00.000Z');
  const asked = await askForMigration(effects, lake.dataset, { ...WORD, acceptLosses: false });
  const made = await lake.runAs(asked.runId);
  expect(made.record?.why ?? []).toEqual([]);
  expect(made.record?.counts).toEqual(before.record?.counts);
  expect((await rowsOf('silver')) as Row[]).toEqual(silver.map((row) => ({ ...(row as Row), note: null })));
  expect(await audited()).toEqual([]);
});

test('what comes of somebody forgotten counts as forgotten, also in the sums; later records are a new person’s', async () => {
  await openPayments();
  await lake.drop({ 'f.csv': FILE });
  await lake.run();
  const [{ customer: was } = {}] = (await lake.rows('silver')).filter(({ id }) => id === 'good');
  await forget('1');
  const text = `id,customer,mail,born,day,amount
again,1,one@example.org,1990-01-31,2024-05-06,1.50
other,9,nine@example.org,1990-01-31,2024-05-06,2.00
new,1,one@example.org,1990-01-31,2024-06-20,4.00
`;
  lake.setTime('2024-07-01T06:00:00.000Z');
  await lake.drop({ 'g.csv': text });
  const { record, status } = await lake.run();
  expect(status).toBe('promoted');
  expect(record?.counts).toEqual({
    records: 3,
    silver: 2,
    quarantined: 0,
    condemned: 0,
    blank: 0,
    forgotten: 1,
  });
  expect(record?.files[0]).toMatchObject({ forgotten: 1, note: '1 record is of somebody who was forgotten' });
  expect(record?.controlTotals).toMatchObject([{ in: '7.50', silver: '6.00', forgotten: '1.50', met: true }]);
  const fresh = (await lake.rows('silver')).find(({ id }) => id === 'new');
  expect(fresh?.customer).not.toBe(was);
  expect(await lake.rows('source_files')).toContainEqual(
    expect.objectContaining({ records: 3n, forgotten: 1n }),
  );
  expect(await audited()).toEqual([]);
});

test('a record that nobody can read and nobody judged is quarantined as such, with no attempt; a period takes only its own', async () => {
  await openPayments();
  await lake.drop({
    'f.csv': FILE.replaceAll('2024-05-01', '2024-04-01').replace('2024-05-05', '2024-04-05'),
  });
  const { dataset } = lake;
  await lake.lake.effects.vault?.destroyPeriods([{ dataset, group: 'contact', period: '202404' }], WORD);
  await lake.run();
  const rows = await lake.rows('quarantine');
  const unread = rows.filter((row) => codesOf(row).includes('FORGOTTEN'));
  expect(unread.map((row) => [Number(row.source_row_number), codesOf(row), row.attempt_count])).toEqual([
    [1, 'FORGOTTEN mail', 0],
    [9, 'FORGOTTEN mail', 0],
  ]);
  expect((await lake.rows('silver')).map(({ id }) => id).sort()).toEqual(['empty', 'good']);
  expect(await audited()).toEqual([]);
  const counts = (await readAgain()).record?.counts;
  expect(counts).toMatchObject({ silver: 2, quarantined: 7 });
});

test('envelopes that were changed, moved or written by hand are seen', async () => {
  await openPayments();
  await lake.drop({ 'f.csv': FILE });
  const [{ key = '' } = {}] = await lake.lake.effects.objects.list('bronze/');
  const file = path.join(lake.lake.root, key);
  const lines = (await readFile(file, 'utf8')).split('\n').map((line) => line.split(','));
  const cell = (row: number, field: number): string => lines[row]?.[field] ?? '';
  const flipped = cell(1, 2).replace(/.$/, (last) => (last === 'A' ? 'E' : 'A'));
  const changed = lines.map((line, n) => {
    if (n === 1) return line.with(2, flipped);
    if (n === 4) return line.with(2, cell(6, 2));
    if (n === 8) return line.with(3, cell(8, 2));
    if (n === 9) return line.with(2, 'mail@example.org');
    return line;
  });
  const bytes = changed.map((line) => line.join(',')).join('\n');
  await dropRaw('evil.sealed.csv', bytes);
  await lake.remove(key);
  await lake.run();
  const found = (await lake.rows('quarantine')).filter((row) => codesOf(row).includes('PROTECTION_ERROR'));
  expect(found.map((row) => [Number(row.source_row_number), codesOf(row)])).toEqual([
    [1, 'PROTECTION_ERROR mail'],
    [4, 'PROTECTION_ERROR '],
    [8, 'PROTECTION_ERROR born'],
    [9, 'PROTECTION_ERROR mail'],
  ]);
  expect(await audited()).toEqual([]);
});

async function dropRaw(name: string, text: string): Promise<void> {
  const file = path.join(lake.lake.root, '..', name);
  await writeFile(file, text);
  await lake.lake.data.addFile(file, `bronze/test/records/ingest_date=2024-06-01/${name}`, {
    arrivedMs: Date.parse('2024-06-01'),
  });
}

test('what people correct is sealed before it is stored, for whom the record names then', async () => {
  await openPayments();
  await lake.dropAndRun({ 'f.csv': FILE });
  const { effects } = lake.lake;
  const contract = requireSourceContract(await loadContracts(effects.contracts), lake.dataset);
  const reading = { filter: { ids: [] }, states: ['open'] } as const;
  const { records } = await readRecords(effects, lake.dataset, reading);
  const at = (row: number): FailedRecord => {
    const found = records.find(({ sourceRowNumber }) => sourceRowNumber === row);
    if (found === undefined) throw new Error(`no record ${row}`);
    return found;
  };
  const whole = { id: 'short', customer: '5', mail: 'five@example.org', day: '2024-05-09', amount: '5.00' };
  const given = [
    { record: at(2), values: { mail: 'two@example.org' } },
    { record: at(3), values: { customer: '00001' } },
    { record: at(5), values: whole },
  ];
  const kept = await keepCorrections(effects, contract, given, WORD);
  for (const value of ['two@example.org', 'three@example.org', 'five@example.org', '"5"'])
    expect(JSON.stringify(kept.map(({ values }) => values))).not.toContain(value);
  const corrected = (await readRecords(effects, lake.dataset, reading)).records.filter(
    (one) => Object.keys(one.corrections).length > 0,
  );
  await retryRecords(effects, contract, corrected, WORD);
  const { record, status } = await lake.run();
  expect([status, record?.counts]).toEqual([
    'promoted',
    { records: 3, silver: 3, quarantined: 0, condemned: 0, blank: 0 },
  ]);
  const silver = new Map((await lake.rows('silver')).map((row) => [row.id, row]));
  // Who was nobody is customer 1 now, and what the record held is sealed anew for that one.
  expect(silver.get('nobody')?.customer).toBe(silver.get('good')?.customer);
  expect(silver.get('nobody')?.mail).toMatch(
    new RegExp(`^~1\\.[a-z2-7]{8}\\.${String(silver.get('good')?.customer)}\\.`),
  );
  expect(await audited()).toEqual([]);
  await forget('2');
  expect(await audited()).toEqual([]);
  await expect(
    keepCorrections(effects, contract, [{ record: at(2), values: { mail: 'x@example.org' } }], WORD),
  ).rejects.toMatchObject({ code: 'FORGOTTEN' });
});

test('members that the contract does not know fail a protected record by their names', async () => {
  const text = contractText({
    partitionColumn: 'day',
    columns: [
      { name: 'id', key: true },
      {
        ...{ name: 'mail', classification: 'personal' },
        assay: { protect: { as: 'encrypted', group: 'contact', subject: { column: 'id', kind: 'member' } } },
      },
      { name: 'day', type: 'date', required: true },
    ].map((column) =>
      column.name === 'id' ? { ...column, assay: { protect: { as: 'clear', reason: 'a number' } } } : column,
    ),
    assay: { format: 'jsonl', unknownColumns: 'reject', limits: { maxQuarantineRate: 1, maxCondemned: 100 } },
  });
  lake = await testLake({ contracts: [text], vault: true });
  const lines = [
    '{"id":"a","mail":"a@example.org","day":"2024-05-01"}',
    '{"id":"b","mail":"b@example.org","day":"2024-05-01","nick":"bee"}',
    '{"id":"c"',
  ];
  await lake.dropAndRun({ 'f.jsonl': lines.join('\n') });
  expect((await lake.rows('silver')).map(({ id }) => id)).toEqual(['a']);
  const reasons = (await lake.rows('quarantine')).map(
    (row) => row.reasons as { code: string; value: string }[],
  );
  expect(reasons).toMatchObject([[{ code: 'SCHEMA_ERROR', value: 'nick' }], [{ code: 'STRUCTURE_ERROR' }]]);
  expect(await audited()).toEqual([]);
});

test('a protected file is read as UTF-8, whatever its source writes', async () => {
  const csv = { csv: { encodings: ['utf-16le'] } };
  const text = contractText({
    partitionColumn: 'day',
    columns: [
      { name: 'id', key: true, assay: { protect: { as: 'clear', reason: 'a number' } } },
      { name: 'mail', classification: 'personal', assay: { protect: { as: 'encrypted', group: 'contact' } } },
      { name: 'day', type: 'date', required: true },
    ],
    assay: { ...csv, subject: { column: 'id', kind: 'member' } },
  });
  lake = await testLake({ contracts: [text], vault: true });
  // One of both has an even number of bytes, which could be taken for UTF-16.
  const files = ['a', 'bb'].map((id) => [
    `${id}.csv`,
    Buffer.from(`id,mail,day\n${id},x@example.org,2024-05-01\n`, 'utf16le'),
  ]);
  const { record } = await lake.dropAndRun(Object.fromEntries(files));
  expect(record?.counts).toMatchObject({ records: 2, silver: 2 });
});

test('what lies in Bronze in the clear is not read', async () => {
  await openPayments();
  await dropRaw('clear.csv', FILE);
  const { record } = await lake.run();
  expect(record?.files).toMatchObject([
    { status: 'rejected', note: expect.stringContaining('`assay privacy adopt`') },
  ]);
});
