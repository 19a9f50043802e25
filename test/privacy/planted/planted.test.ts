import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { auditDataset } from '../../../etl/audit/audit-dataset.ts';
import { loadContracts, requireSourceContract } from '../../../etl/contract/load-contracts.ts';
import { askForBackfill, chooseFiles } from '../../../etl/operations/backfill.ts';
import { compact } from '../../../etl/operations/compact.ts';
import { refuseRun } from '../../../etl/operations/decide-run.ts';
import { rollBack } from '../../../etl/operations/roll-back.ts';
import type { Effects, Scratch } from '../../../etl/ports.ts';
import { condemnRecords } from '../../../etl/quarantine/condemn.ts';
import { keepCorrections } from '../../../etl/quarantine/corrections.ts';
import { readRecords } from '../../../etl/quarantine/read-records.ts';
import { approveRelease, askRelease } from '../../../etl/quarantine/releases.ts';
import { retryRecords } from '../../../etl/quarantine/retry-records.ts';
import { readKnownPointer } from '../../../etl/stages/known-pointer.ts';
import { tryContract } from '../../../etl/trying/try-contract.ts';
import { tempFolder } from '../../adapters/temp-folder.ts';
import { contractText } from '../../stages/contract-text.ts';
import { type TestLake, testLake } from '../../stages/harness.ts';

const WORD = { by: 'grace', reason: 'a test' };

const CONTRACT = contractText({
  partitionColumn: 'day',
  columns: [
    { name: 'id', key: true },
    {
      ...{ name: 'customer', classification: 'personal', required: true },
      assay: { protect: { as: 'pseudonym', group: 'who' } },
    },
    {
      ...{ name: 'mail', classification: 'personal' },
      more: { logicalTypeOptions: { pattern: '[^@]+@[^@]+' } },
      assay: { protect: { as: 'encrypted', group: 'contact' } },
    },
    // Whoever says that a column is internal and protects it doesn't want to see its values in reasons.
    {
      name: 'code',
      more: { logicalTypeOptions: { maxLength: 40 } },
      assay: { protect: { as: 'encrypted', group: 'contact' } },
    },
    { name: 'secret', classification: 'personal', assay: { protect: { as: 'dropped' } } },
    { name: 'day', type: 'date', required: true },
    { name: 'amount', type: 'number', physicalType: 'decimal(12,2)' },
  ],
  rules: { other: 'mail <> code' },
  assay: {
    subject: { column: 'customer', kind: 'customer' },
    unknownColumns: 'rescue',
    limits: {
      maxQuarantineRate: 0.6,
      smallBatchRecords: 1,
      maxAttempts: 2,
      maxCondemned: 5,
      maxRecordBytes: 2000,
    },
  },
});

const planted: string[] = [];
/** A value that stands nowhere else. */
function plant(end = ''): string {
  const value = `Pl4ntedV${String(planted.length).padStart(4, '0')}ö${end}`;
  planted.push(value);
  return value;
}

const line = (
  id: string,
  { mail = plant('@example.org'), code = plant(), day = '2024-05-01', customer = plant(), more = '' } = {},
): string => `${id},${customer},${mail},${code},${plant()},${day},1.00,${plant()}${more}`;

const file = (...lines: string[]): string =>
  `id,customer,mail,code,secret,day,amount,nickname\n${lines.join('\n')}\n`;

let lake: TestLake;
let seen: string;
let copies = 0;
let dispose: () => Promise<void>;
beforeAll(async () => {
  const temp = await tempFolder();
  seen = path.join(temp.folder, 'seen');
  await mkdir(seen);
  lake = await testLake({ contracts: [CONTRACT], vault: true, wrap: keepingScratch });
  dispose = async () => {
    await lake.dispose();
    await temp.dispose();
  };
});
afterAll(() => dispose());

/** Copies whatever stands in scratch space before it goes. */
function keepingScratch(effects: Effects): Effects {
  const keep = (from: string): Promise<void> =>
    cp(from, path.join(seen, String(copies++)), { recursive: true, force: true });
  const watched = (scratch: Scratch): Scratch => ({
    directory: scratch.directory,
    create: (name) => scratch.create(name),
    read: (file, range) => scratch.read(file, range),
    remove: async (file) => {
      await keep(file);
      await scratch.remove(file);
    },
    dispose: async () => {
      await keep(scratch.directory);
      await scratch.dispose();
    },
  });
  return { ...effects, openScratch: async (purpose) => watched(await effects.openScratch(purpose)) };
}

/** Rows of every Parquet file below a folder, as JSON in another. */
async function unpackParquet(from: string, to: string): Promise<void> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  for (const name of await readdir(from, { recursive: true })) {
    if (!name.endsWith('.parquet')) continue;
    const target = path.join(to, `${copies++}.json`);
    await connection.run(
      `COPY (SELECT * FROM read_parquet('${path.join(from, name)}', hive_partitioning = false)) TO '${target}' (FORMAT json)`,
    );
  }
  connection.closeSync();
}

interface Judged {
  readonly files: number;
  readonly found: readonly (readonly [file: string, value: string, way: string])[];
}

async function judge(values: readonly string[], ...folders: readonly string[]): Promise<Judged> {
  const list = path.join(seen, '..', 'values.txt');
  await writeFile(list, values.join('\n'));
  const script = new URL('judge.py', import.meta.url).pathname;
  const { stdout } = await promisify(execFile)('python3', [script, list, ...folders], { maxBuffer: 1 << 26 });
  return JSON.parse(stdout) as Judged;
}

test('no protected value stands anywhere once records passed, failed, broke, came again, were corrected, retried, released, held and rolled back', async () => {
  const { effects } = { effects: keepingScratch(lake.lake.effects) };
  const { dataset } = lake;
  const contract = requireSourceContract(await loadContracts(effects.contracts), dataset);
  const open = (states: 'open' | 'condemned') =>
    readRecords(effects, dataset, { filter: { ids: [] }, states: [states] });
  const good = line('good');
  await lake.drop({
    [`${plant()}.csv`]: file(
      ...[good, line('more'), line('also'), line('last'), line('fine'), line('kept')],
      line('mail', { mail: plant() }),
      line('long', { code: plant('x'.repeat(60)) }),
      line('date', { day: 'yesterday' }),
      line('short').split(',').slice(0, 4).join(','),
      line('many', { more: `,${plant()}` }),
      line('over', { code: plant('y'.repeat(3000)) }),
      line('good'),
      line('nobody', { customer: ' ' }),
    ),
  });
  expect((await lake.run()).status).toBe('promoted');
  const first = (await readKnownPointer(effects.objects, 'silver', dataset))?.pointer.snapshot_id ?? 0;
  const failed = (await open('open')).records.find(({ record }) => record?.id === 'mail');
  if (failed === undefined) throw new Error('no failed record');
  await keepCorrections(
    effects,
    contract,
    [{ record: failed, values: { mail: plant('@example.org'), customer: plant() } }],
    WORD,
  );
  // All at once: what was corrected passes, and what was not is condemned for its second failure.
  await retryRecords(effects, contract, (await open('open')).records, WORD);
  const retried = await lake.run();
  expect(retried.record?.counts).toMatchObject({ silver: 1 });
  const condemned = (await open('condemned')).records.slice(0, 1);
  expect(condemned).toHaveLength(1);
  const request = await askRelease(effects, dataset, condemned, WORD);
  await approveRelease(effects, dataset, request, { by: 'ada', reason: 'a test' });
  await condemnRecords(effects, contract, { ids: [] }, WORD);
  await lake.drop({
    'held.csv': file(line('h1', { mail: plant() }), line('h2', { mail: plant() }), line('h3')),
  });
  const held = await lake.run();
  expect(held.status).toBe('held');
  await refuseRun(effects, { dataset, runId: held.record?.runId ?? '' }, WORD);
  await lake.dropAndRun({ 'again.csv': file(line('new1'), line('new2'), good) });
  await rollBack(effects, { dataset, to: first }, WORD);
  await lake.dropAndRun({ 'after.csv': file(line('after')) });
  await compact(effects, { dataset, targetBytes: 1 << 20, isDryRun: false }, WORD);
  const choice = { dataset, from: '2024-06-01', to: '2024-06-02', isAgain: true };
  const { runId } = await askForBackfill(effects, await chooseFiles(effects, choice), WORD);
  expect((await lake.runAs(runId)).status).toBe('promoted');
  const loaded = await loadContracts(effects.contracts);
  await tryContract(effects, { loaded, proposed: contract }, { mostExamples: 10, mostFigures: 10 });
  expect((await auditDataset(effects, { dataset })).problems).toEqual([]);
  // Told to people, and seen on the way.
  await writeFile(path.join(seen, 'alerts.json'), JSON.stringify(lake.alerts));
  await unpackParquet(lake.lake.root, seen);
  await unpackParquet(seen, seen);
  const home = path.join(lake.lake.root, '..');
  const result = await judge(planted, lake.lake.root, path.join(home, 'vault'), seen);
  expect(result.found).toEqual([]);
  expect(result.files).toBeGreaterThan(100);
  // The judge isn't blind: what the source dropped has each of them, and the tables have what isn't protected.
  const source = await judge(planted, path.join(home, 'incoming'));
  const inSource = new Set(source.found.filter(([, , way]) => way === 'utf-8').map(([, value]) => value));
  expect(inSource.size).toBeGreaterThan(planted.length * 0.8);
  const clear = await judge(['2024-05-01'], seen);
  expect(clear.found.length).toBeGreaterThan(0);
});
