import { gzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { loadContracts, requireSourceContract } from '../../etl/contract/load-contracts.ts';
import { traceDataset } from '../../etl/lineage/trace-dataset.ts';
import { askForMigration } from '../../etl/operations/migrate.ts';
import type { FailedRecord } from '../../etl/quarantine/records.ts';
import { retryRecords } from '../../etl/quarantine/retry-records.ts';
import { withoutRun } from '../properties/same-rows.ts';
import { type ColumnText, type ContractToWrite, contractText, NO_LIMITS } from '../stages/contract-text.ts';
import { type TestLake, testLake } from '../stages/harness.ts';
import type { Row } from '../stages/read-rows.ts';
import { storedZip } from '../support/stored-zip.ts';

/** The same columns for CSV and for JSON, where some stand deeper. */
const COLUMNS: readonly (ColumnText & { readonly path?: string })[] = [
  { name: 'id', key: true },
  { name: 'paid_on', type: 'date', required: true, path: '/when/day' },
  {
    name: 'amount',
    type: 'number',
    physicalType: 'DECIMAL(38,18)',
    required: true,
    assay: { number: { exponent: true } },
  },
  { name: 'big', type: 'integer' },
  { name: 'paid', type: 'boolean' },
  { name: 'note', path: '/when/no~1te', more: { logicalTypeOptions: { maxLength: 12 } } },
];

function contractOf(format: 'csv' | 'jsonl', more: Partial<ContractToWrite> = {}): string {
  return contractText({
    dataset: `test.${format}`,
    columns: COLUMNS.map(({ path, ...column }) => ({
      ...column,
      assay: { ...column.assay, ...(path === undefined || format === 'csv' ? {} : { path }) },
    })),
    partitionColumn: 'paid_on',
    ...more,
    assay: {
      measures: [{ column: 'amount' }],
      limits: NO_LIMITS,
      ...(format === 'jsonl' ? { format } : {}),
      csv: { nullValues: ['n/a'] },
      ...more.assay,
    },
  });
}

/** A record's texts in the order of the columns; null where it has none. */
type Texts = readonly (string | null)[];

const orNull = (text: fc.Arbitrary<string>): fc.Arbitrary<string | null> =>
  fc.oneof({ weight: 9, arbitrary: text }, { weight: 1, arbitrary: fc.constantFrom(null, '', ' ', 'n/a') });
const note = fc.string({
  unit: fc.constantFrom(...['a', ' ', '"', ',', '\n', '\r', '\t', '\\', 'é', '😀', '\u00a0']),
});
const records: fc.Arbitrary<Texts> = fc.tuple(
  fc.oneof(
    { weight: 15, arbitrary: fc.nat(1_000_000).map(String) },
    { weight: 1, arbitrary: fc.constant('1') },
  ),
  orNull(fc.constantFrom('2024-01-31', '2024-02-29', '2023-02-29', '2024-1-5', 'soon')),
  orNull(
    fc.constantFrom(
      '0.1234567890123456789',
      '0.123456789012345678',
      '99999999999999999999.5',
      '1E-3',
      '-2.50',
      '1e30',
      'x',
    ),
  ),
  orNull(fc.constantFrom('9223372036854775807', '9223372036854775808', '-7', '1.5', 'true')),
  orNull(fc.constantFrom('true', 'false', 'no', '1', 'maybe')),
  orNull(note),
);

const csvOf = (rows: readonly Texts[]): string =>
  [COLUMNS.map(({ name }) => name), ...rows]
    .map((row) => row.map((text) => (text === null ? '' : `"${text.replaceAll('"', '""')}"`)).join(','))
    .join('\n');

/** Each value as JSON: numbers, true and false as such where they are that, every second one; null or nothing at all. */
function jsonOf(rows: readonly Texts[]): string {
  const lines = rows.map((row, n) => {
    const value = (text: string): string =>
      n % 2 === 0 && /^(true|false|-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?)$/.test(text)
        ? text
        : JSON.stringify(text);
    const member = (name: string, text: string | null): string[] =>
      text === null ? (n % 3 === 0 ? [] : [`"${name}": null`]) : [`"${name}": ${value(text)}`];
    const [id = null, day = null, amount = null, big = null, paid = null, text = null] = row;
    const inner = [...member('no/te', text), ...member('day', day)].join(' , ');
    return `{${[...member('paid', paid), `"when": {${inner}}`, ...member('big', big), ...member('id', id), ...member('amount', amount)].join(',')}}`;
  });
  return lines.join('\n');
}

/** The rows of a table without what names the dataset, its file or its contract. */
function alike(rows: readonly Row[]): string[] {
  const kept = rows.map(({ source_file: _file, source_file_id: _id, record, ...row }) => ({
    ...row,
    reasons: JSON.stringify(row.reasons),
    record: typeof record === 'string' ? JSON.stringify(JSON.parse(record)) : record,
  }));
  return withoutRun(kept as Row[]);
}

test('the same records as CSV and as JSON Lines have the same verdicts, reasons, hashes, values and sums', async () => {
  const lake = await testLake({ contracts: [contractOf('csv'), contractOf('jsonl')] });
  try {
    const rows = fc.sample(records, 400);
    const csv = await lake.dropAndRun({ 'a.csv': csvOf(rows) }, 'test.csv');
    const json = await lake.dropAndRun({ 'a.jsonl': jsonOf(rows) }, 'test.jsonl');
    expect(json.record?.counts).toEqual(csv.record?.counts);
    expect(json.record?.counts.silver).toBeGreaterThan(0);
    expect(json.record?.reasons).toEqual(csv.record?.reasons);
    const totals = ({ record }: typeof csv) => record?.controlTotals.map((total) => ({ ...total, key: '' }));
    expect(totals(json)).toEqual(totals(csv));
    for (const layer of ['silver', 'quarantine', 'condemned'] as const)
      expect(alike(await lake.rows(layer, 'test.jsonl'))).toEqual(alike(await lake.rows(layer, 'test.csv')));
  } finally {
    await lake.dispose();
  }
});

/** Lines of every kind: blank ones, broken ones, one longer than the limit, unknown members, escaped and real line ends. */
const LINES = Array.from({ length: 180 }, (_, n) => {
  const record = `{"id":"k${n % 50 === 49 ? 0 : n}","when":{"day":"2024-0${1 + (n % 9)}-01","no/te":"é\\n${n}"},"amount":${n}.25`;
  if (n % 31 === 30) return `${record},"amount":1}`;
  if (n % 37 === 36) return '';
  if (n === 77) return `${record},"x":"${'x'.repeat(5000)}"}`;
  return `${record},"more":[${n}, {"a": "\\u00e9"}]}`;
});

test.each([
  ['chunks of 6 KiB', { chunkBytes: 6144 }],
  ['segments of a few records', { segmentBytes: 1 }],
])('%s change nothing: neither a record nor a reason, a figure or the digest', async (_, sizes) => {
  const limits = { ...NO_LIMITS, maxRecordBytes: 2000 };
  const contract = contractOf('jsonl', { assay: { format: 'jsonl', limits, unknownColumns: 'rescue' } });
  const found = [];
  for (const how of [{}, sizes]) {
    const lake = await testLake({ contracts: [contract], ...how });
    try {
      const files = { 'a.jsonl': `\ufeff${LINES.join('\r\n')}`, 'b.ndjson': '{"id":"b"}\n' };
      const { record, seal } = await lake.dropAndRun(files);
      expect(record?.why).toEqual([]);
      const { digest, counts } = { digest: seal?.digest, counts: record?.counts };
      const rows = await Promise.all(
        (['silver', 'quarantine', 'condemned'] as const).map((layer) => lake.rows(layer)),
      );
      found.push({ digest, counts, reasons: record?.reasons, rows: rows.map(withoutRun) });
    } finally {
      await lake.dispose();
    }
  }
  expect(found[0]?.counts).toMatchObject({ records: 181, blank: 4, condemned: 3 });
  expect(found[0]?.reasons).toEqual({ DUPLICATE: 3, NULL_VALUE: 2, STRUCTURE_ERROR: 6 });
  expect(found[1]).toEqual(found[0]);
});

/** A row of quarantine as a person finds it, with what is to be corrected. */
const failedRecord = (row: Row | undefined, corrections: Readonly<Record<string, string>>): FailedRecord => ({
  rowHash: String(row?.row_hash),
  state: 'open',
  sourceFileId: String(row?.source_file_id),
  sourceFile: String(row?.source_file),
  sourceRowNumber: Number(row?.source_row_number),
  sourceLine: null,
  failures: 1,
  ownFailures: 1,
  lastAt: '2024-06-01T06:00:00.000Z',
  runId: String(row?.run_id),
  contractVersion: '1.0.0',
  reasons: [],
  record: typeof row?.record === 'string' ? JSON.parse(row.record) : null,
  rawText: null,
  corrections,
});

async function retry(lake: TestLake, failed: readonly FailedRecord[]): Promise<void> {
  const contract = requireSourceContract(await loadContracts(lake.lake.effects.contracts), lake.dataset);
  await retryRecords(lake.lake.effects, contract, failed, { by: 'me', reason: 'a typo' });
}

test('records are corrected by column, what is rescued stays as it is, and unknown members go on failing where they are rejected', async () => {
  const lake = await testLake({
    contracts: [contractOf('jsonl', { assay: { format: 'jsonl', unknownColumns: 'rescue' } })],
  });
  try {
    const lines = [
      '{"id":"a","when":{"day":"soon","zone":"Z"},"amount":1.10,"extra":{"n":1.50,"t":"\\u00e9\\/"}}',
      '{"id":"b","when":{"day":"2024-01-05"},"amount":2,,}',
    ];
    const first = await lake.dropAndRun({ 'a.zip': storedZip({ 'a.jsonl': gzipSync(lines.join('\n')) }) });
    expect(first.record?.counts).toMatchObject({ silver: 0, quarantined: 2 });
    const rows = await lake.rows('quarantine');
    const [a, b] = ['a', undefined].map((id) =>
      rows.find(({ record }) => (typeof record === 'string' ? JSON.parse(record).id : undefined) === id),
    );
    expect(b).toMatchObject({ raw_text: lines[1], source_line: 2n });
    await retry(lake, [
      failedRecord(a, { paid_on: '2024-01-06' }),
      failedRecord(b, { id: 'b', paid_on: '2024-01-05', amount: '2' }),
    ]);
    expect((await lake.run()).record?.counts).toMatchObject({ silver: 2, quarantined: 0 });
    const rescued = '{"when":{"zone":"Z"},"extra":{"n":1.50,"t":"é/"}}';
    const silver = await lake.rows('silver');
    expect(silver.map((row) => [row.id, row.rescued]).sort()).toEqual([
      ['a', rescued],
      ['b', null],
    ]);

    await lake.setContract(
      contractOf('jsonl', { assay: { format: 'jsonl', unknownColumns: 'reject' }, version: '2.0.0' }),
    );
    const { runId } = await askForMigration(lake.lake.effects, lake.dataset, {
      acceptLosses: true,
      by: 'me',
      reason: 'x',
    });
    await lake.runAs(runId);
    await lake.dropAndRun({
      'c.jsonl': '{"id":"c","when":{"day":"2024-01-05"},"amount":1,"x@y":1,"extra":null,"m":[]}',
    });
    const [c] = (await lake.rows('quarantine')).filter(({ record }) => String(record).includes('"c"'));
    expect(c?.reasons).toEqual([
      { rule: 'unknown_members', column: null, code: 'SCHEMA_ERROR', value: '(another name), m' },
    ]);
    await retry(lake, [failedRecord(c, {})]);
    expect((await lake.run()).record?.reasons).toEqual({ SCHEMA_ERROR: 1 });
  } finally {
    await lake.dispose();
  }
});

test('a dataset goes from CSV to JSON Lines and back, its old files read as they are, and its records are found line by line', async () => {
  const of = (format: 'csv' | 'jsonl', version: string): string =>
    contractOf(format, { dataset: 'test.both', version, ...(format === 'csv' ? { assay: {} } : {}) });
  const lake = await testLake({ contracts: [of('csv', '1.0.0')] });
  const migrate = async (text: string): Promise<unknown> => {
    await lake.setContract(text);
    const word = { acceptLosses: false, by: 'me', reason: 'another format' };
    const { runId } = await askForMigration(lake.lake.effects, lake.dataset, word);
    return (await lake.runAs(runId)).status;
  };
  const ids = async (): Promise<unknown[]> => (await lake.rows('silver')).map(({ id }) => id).sort();
  try {
    await lake.dropAndRun({ 'a.csv': 'id,paid_on,amount,big,paid,note\na,2024-01-05,1.50,,true,"x, y"\n' });
    const before = await lake.rows('silver');
    expect(await migrate(of('jsonl', '2.0.0'))).toBe('promoted');
    expect(withoutRun(await lake.rows('silver'))).toEqual(withoutRun(before));
    const line = '{"id":"b","when":{"day":"2024-01-06"},"amount":2.50}';
    await lake.dropAndRun({ 'b.jsonl': `\n${line}\n` });
    expect(await ids()).toEqual(['a', 'b']);
    expect(await migrate(of('csv', '3.0.0'))).toBe('promoted');
    await lake.dropAndRun({ 'c.csv': 'id,paid_on,amount\nc,2024-01-05,3\n' });
    expect(await ids()).toEqual(['a', 'b', 'c']);
    const request = { dataset: lake.dataset, values: { id: 'b' }, mostRecords: 5, seesAll: true };
    const [input] = (await traceDataset(lake.lake.effects, request)).inputs;
    expect(input?.records).toMatchObject([{ line: 2, text: line }]);
  } finally {
    await lake.dispose();
  }
});
