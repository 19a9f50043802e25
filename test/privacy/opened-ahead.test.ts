import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { auditDataset } from '../../etl/audit/audit-dataset.ts';
import { contractText } from '../stages/contract-text.ts';
import { type TestLake, type TestLakeOptions, testLake } from '../stages/harness.ts';

let lakes: TestLake[] = [];
afterEach(async () => {
  for (const lake of lakes) await lake.dispose();
  lakes = [];
});

const CONTRACT = contractText({
  partitionColumn: 'day',
  columns: [
    { name: 'id', key: true },
    {
      ...{ name: 'customer', type: 'integer', classification: 'personal', required: true },
      assay: { protect: { as: 'pseudonym', group: 'who' } },
    },
    {
      ...{ name: 'mail', classification: 'personal' },
      more: { logicalTypeOptions: { pattern: '[^@]+@[^@]+' } },
      assay: { protect: { as: 'encrypted', group: 'contact' } },
    },
    { name: 'day', type: 'date', required: true },
    {
      ...{ name: 'born', type: 'date', classification: 'personal' },
      assay: { protect: { as: 'encrypted', group: 'identity' } },
    },
  ],
  rules: { grown_up: 'born < day' },
  assay: {
    subject: { column: 'customer', kind: 'customer' },
    limits: { maxQuarantineRate: 1, maxCondemned: 10_000, breakerErrors: 100_000 },
  },
});

/** Records of which some are wrong in each way that there is. */
const FILE = [
  'id,customer,mail,day,born',
  ...Array.from({ length: 6_000 }, (_, n) => {
    const mail = n % 50 === 3 ? `no mail ${n}` : n % 50 === 4 ? '' : `"ä,b ""${n}"" @example.org"`;
    const born = n % 70 === 5 ? '2030-01-01' : n % 70 === 6 ? 'never' : '1990-01-31';
    return `r${n},${n % 90 === 7 ? `x${n}` : n % 400},${mail},2024-0${1 + (n % 5)}-01,${born}`;
  }),
  '',
].join('\n');

/** A lake where the file was dropped, some envelopes were changed, and somebody was forgotten, before its run. */
async function refined(options: Partial<TestLakeOptions>): Promise<unknown[][]> {
  const lake = await testLake({ contracts: [CONTRACT], vault: true, ...options });
  lakes.push(lake);
  await lake.drop({ 'f.csv': FILE });
  const { effects } = lake.lake;
  const [{ key = '' } = {}] = await effects.objects.list('bronze/');
  const lines = (await readFile(path.join(lake.lake.root, key), 'utf8')).split('\n');
  const changed = lines.map((line, n) => {
    const cells = line.split(',');
    const other = lines[n - 1]?.split(',') ?? [];
    if (n % 301 === 9) cells[2] = (cells[2] ?? '').replace(/.$/, (last) => (last === 'A' ? 'E' : 'A'));
    if (n % 301 === 11) cells[2] = other[2] ?? '';
    if (n % 301 === 13) cells[4] = cells[2] ?? '';
    if (n % 301 === 15) cells[2] = 'by hand@example.org';
    if (n % 301 === 17) cells[4] = (cells[4] ?? '').slice(0, 46);
    return cells.join(',');
  });
  const file = path.join(lake.lake.root, '..', 'changed.sealed.csv');
  await writeFile(file, changed.join('\n'));
  const prefix = 'bronze/test/records/ingest_date=2024-06-01/';
  await lake.remove(key);
  await lake.lake.data.addFile(file, `${prefix}changed.sealed.csv`, { arrivedMs: Date.parse('2024-06-01') });
  for (const id of ['8', '21'])
    await effects.vault?.forget(
      { kind: 'customer', id },
      { by: 'grace', reason: 'a test', until: new Date('2034-01-01') },
    );
  const { record } = await lake.run();
  expect(record?.why).toEqual([]);
  const tables: unknown[][] = [];
  for (const layer of ['silver', 'quarantine', 'condemned'] as const) {
    const rows = await lake.rows(layer);
    tables.push(
      rows
        .map(({ run_id: _run, ingestion_timestamp: _at, source_file_id: _file, ...row }) => row)
        .sort((a, b) => Number(a.source_row_number) - Number(b.source_row_number)),
    );
  }
  expect((await auditDataset(effects, { dataset: lake.dataset })).problems).toEqual([]);
  return tables;
}

test('segments whose cells are opened ahead give the same tables as such where DuckDB asks for each', async () => {
  const ahead = await refined({});
  const [silver = [], quarantine = []] = ahead;
  expect([silver.length > 4_000, quarantine.length > 300]).toEqual([true, true]);
  const codes = new Set(
    quarantine.flatMap((row) => (row as { reasons: { code: string }[] }).reasons.map(({ code }) => code)),
  );
  expect([...codes].sort()).toEqual([
    'FORGOTTEN',
    'FORMAT_ERROR',
    'PROTECTION_ERROR',
    'RULE_ERROR',
    'TYPE_ERROR',
  ]);
  // Segments of so few records are opened cell by cell. The vault is another, so that envelopes are.
  const apart = await refined({ segmentBytes: 100_000 });
  const plain = (tables: unknown[][]): unknown =>
    JSON.parse(
      JSON.stringify(tables, (_, value) => (typeof value === 'bigint' ? String(value) : value))
        .replaceAll(/\b[0-9a-f]{64}\b/g, 'digest')
        .replaceAll(/~1\.[\w.-]+/g, '~')
        .replaceAll(/[a-z2-7]{26}/g, 'who'),
    );
  expect(plain(apart)).toEqual(plain(ahead));
});
