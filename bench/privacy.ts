import { spawnSync } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ingestFiles } from '../adapters/local/ingest-files.ts';
import { initLake, openLake } from '../adapters/local/lake.ts';
import { runDataset } from '../adapters/local/run-dataset.ts';
import { createVault } from '../adapters/local/vault/folder-vault.ts';
import { vaultPlace } from '../adapters/local/vault/vault-place.ts';
import { loadContracts, requireSourceContract } from '../etl/contract/load-contracts.ts';
import { approveForgetting } from '../etl/personal/forgetting/approve-forgetting.ts';
import { askForgetting } from '../etl/personal/forgetting/ask-forgetting.ts';
import type { Effects } from '../etl/ports.ts';
import { workWith } from '../etl/privacy/cells/cell-work.ts';
import { openRecords } from '../etl/privacy/cells/records-opener.ts';
import { SealingBatch } from '../etl/privacy/cells/sealing-batch.ts';
import { plainRecords } from '../etl/privacy/plain-records.ts';
import { plainRows } from '../etl/privacy/rows.ts';
import { Sodium } from '../etl/privacy/sodium.ts';
import type { SubjectKeyName, VaultPeriod } from '../etl/privacy/vault.ts';
import { count, isMain } from './command.ts';
import { generateFile } from './generate.ts';
import { type Measurement, measure } from './measure.ts';
import { createRandom } from './random.ts';
import { createTransactions } from './transactions.ts';

const USAGE = `Usage: npm run bench:privacy -- [options]

What protection costs: mortgages.transactions with two more columns, of which two are encrypted and the account is a
pseudonym, beside the same contract unprotected; each a process of its own.

  --rows A,B       data rows of the CSV (1_000_000)
  --subjects A,B   accounts among them (10_000,1_000_000)
  --only A,B       cells, clear, protected (all)
  --threads N      what DuckDB and the sealing of values may take (as many as there are cores)
  --work DIR       where files and lakes go (bench/out)`;

const DATASET = 'mortgages.transactions';
const CONTRACT = join(import.meta.dirname, '..', 'contracts', 'mortgages', 'transactions.yaml');

type Variant = 'clear' | 'protected';

/** The shipped contract with the file's other two columns, protected or not. */
function contractOf(variant: Variant): string {
  const protect = (as: string): string =>
    variant === 'clear'
      ? ''
      : `\n          - {property: assay.protect, value: {as: ${as}, group: ${as === 'pseudonym' ? 'ids' : 'details'}}}`;
  const column = (name: string, header: string): string => `
      - name: ${name}
        logicalType: string
        classification: personal
        customProperties:
          - {property: assay.headers, value: [${header}]}${protect('encrypted')}`;
  const subject =
    variant === 'clear'
      ? ''
      : '\n      - {property: assay.subject, value: {column: account_id, kind: account}}';
  return readFileSync(CONTRACT, 'utf8')
    .replace(/(value: \[CustomerID[^\n]*)/, `$1${protect('pseudonym')}`)
    .replace(
      /\n {4}customProperties:\n {6}- property: assay.partitionColumn/,
      `${column('branch', 'Branch')}${column('description', 'Description')}
    customProperties:${subject}
      - property: assay.partitionColumn`,
    );
}

/** What bringing a file in and running it cost. */
interface Pass {
  readonly variant: Variant;
  readonly ingest: Measurement;
  readonly run: Measurement;
  /** How long it took to forget one account: asked, approved and certified. */
  readonly forgetMs?: number;
}

async function pass(
  variant: Variant,
  file: string,
  { folder, threads }: { readonly folder: string; readonly threads: number },
): Promise<Pass> {
  const contracts = join(folder, 'contracts');
  mkdirSync(contracts, { recursive: true });
  writeFileSync(join(contracts, 'transactions.yaml'), contractOf(variant));
  const root = join(folder, 'lake');
  await initLake(root);
  const vault = { folder: join(folder, 'vault'), key: randomBytes(32).toString('hex') };
  const lake = await openLake(root, { contractsDir: contracts, sqlDir: contracts, vault, threads });
  await createVault(vaultPlace(lake.root, lake.effects, vault));
  const contract = requireSourceContract(await loadContracts(lake.effects.contracts), DATASET);
  const nothing = { rows: 0, silver: 0, rejected: 0 };
  const ingest = await measure(async () => {
    for await (const done of ingestFiles(lake, contract, [{ file, links: 'refuse' }]))
      if (done.kind === 'failed') throw done.error;
    return nothing;
  });
  forgetPeak();
  const run = await measure(async () => {
    const [record] = await runDataset(DATASET, lake.effects);
    if (record?.status !== 'promoted')
      throw new Error(`the run ended ${record?.status}: ${record?.why.join('; ')}`);
    const { records, silver, quarantined, condemned } = record.counts;
    return { rows: records, silver, rejected: quarantined + condemned };
  });
  if (variant === 'clear') return { variant, ingest, run };
  return { variant, ingest, run, forgetMs: await forgetOne(lake.effects, file) };
}

/** Has Linux count the highest resident memory from here on; elsewhere it goes on from the start of the process. */
function forgetPeak(): void {
  if (process.platform === 'linux') writeFileSync('/proc/self/clear_refs', '5');
}

/** How long it takes to forget the account of the file's first record. */
async function forgetOne(effects: Effects, file: string): Promise<number> {
  const start = Buffer.alloc(4096);
  const handle = openSync(file, 'r');
  readSync(handle, start);
  closeSync(handle);
  const id = start.toString().split('\n')[1]?.split(',')[1] ?? '';
  const began = performance.now();
  const { request } = await askForgetting(effects, { kind: 'account', id }, { by: 'ann', reason: 'bench' });
  await approveForgetting(effects, request, { by: 'bob', reason: 'bench' });
  return Math.round(performance.now() - began);
}

/** Cells sealed and opened a second of one core's time: descriptions of accounts, under keys that are at hand. */
async function cells(subjects: number): Promise<Record<'seal' | 'open', number>> {
  const random = createRandom(1);
  const transaction = createTransactions(random, { months: 12 });
  const sodium = await Sodium.open();
  const work = workWith(sodium);
  const people = Array.from({ length: subjects }, (_, n) => ({
    reference: String(n)
      .padStart(26, 'a')
      .replaceAll(/[0189]/g, (digit) => 'wxyz'['0189'.indexOf(digit)] ?? ''),
    key: randomBytes(32),
  }));
  const keys = new Map(people.map(({ reference, key }) => [reference, key]));
  const periodKey = randomBytes(32);
  const total = 300_000;
  const made = Array.from({ length: total }, (_, row) => {
    const { reference, key } = people[random.below(subjects)] ?? { reference: '', key: periodKey };
    const header = { column: 'aaaaaaaa', subject: reference, period: '202401' };
    return { header, text: transaction(row).description, subjectKey: key, periodKey };
  });
  const vault = {
    columns: async () =>
      new Map([['aaaaaaaa', { dataset: DATASET, column: 'description', group: 'details' }]]),
    subjectKeys: async (asked: readonly SubjectKeyName[]) =>
      asked.map(({ reference }) => keys.get(reference)),
    periodKeys: async (asked: readonly VaultPeriod[]) => asked.map(() => periodKey),
  };
  const timed = async (done: () => Promise<void>): Promise<number> => {
    const start = process.cpuUsage();
    await done();
    const { user, system } = process.cpuUsage(start);
    return Math.round((total / (user + system)) * 1_000_000);
  };
  let sealed = '';
  const seal = await timed(async () => {
    const batch = new SealingBatch(work);
    for (const value of made) batch.add(value);
    const envelopes = await batch.sealed();
    sealed = made.map((_, n) => envelopes.text(n)).join('\n');
  });
  const open = await timed(async () => {
    const opener = await openRecords(vault, work);
    const records = plainRecords(Buffer.from(sealed), 1, { delimiter: ',', quote: '"' });
    const { texts } = await opener.open(plainRows(records, []), [0], '|');
    if (texts[0] !== made.map(({ text }) => text).join('|')) throw new Error('A cell stays shut.');
  });
  return { seal, open };
}

/** Runs this file in a process of its own and reads what it prints. */
function apart<T>(...args: string[]): T {
  const done = spawnSync(process.execPath, ['--import', 'tsx', fileURLToPath(import.meta.url), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  if (done.status !== 0) throw new Error(`${args.join(' ')} ended with ${done.status}.`);
  return JSON.parse(done.stdout) as T;
}

const perSecond = (rows: number, { durationMs }: Pick<Measurement, 'durationMs'>): string =>
  Math.round((rows / durationMs) * 1000).toLocaleString('en-GB');

/** Microseconds of processor time for an HMAC-SHA-256 of some bytes: 1.4 on a quiet machine, and how busy this one is. */
function hmacMicroseconds(): number {
  const [key, times] = [randomBytes(32), 100_000];
  const start = process.cpuUsage();
  for (let n = 0; n < times; n++) createHmac('sha256', key).update(`x${n}`).digest();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / times;
}

function show(rows: number, subjects: number, { variant, ingest, run, forgetMs }: Pass): void {
  const all = { durationMs: ingest.durationMs + run.durationMs };
  const cpu = ({ cpuMs }: Measurement): string => ((cpuMs / rows) * 1000).toFixed(1);
  const both = { ...run, cpuMs: ingest.cpuMs + run.cpuMs };
  const mib = ({ peakRssBytes }: Measurement): number => Math.round(peakRssBytes / 2 ** 20);
  const cells = [
    ...[variant, rows.toLocaleString('en-GB'), subjects.toLocaleString('en-GB')],
    ...[
      perSecond(rows, ingest),
      perSecond(rows, run),
      perSecond(rows, all),
      cpu(ingest),
      cpu(run),
      cpu(both),
    ],
    ...[mib(ingest), mib(run), forgetMs ?? '–'],
  ];
  console.log(`| ${cells.join(' | ')} |`);
}

const ARGUMENTS = {
  rows: { type: 'string', default: '1_000_000' },
  subjects: { type: 'string', default: '10_000,1_000_000' },
  only: { type: 'string', default: 'cells,clear,protected' },
  work: { type: 'string', default: 'bench/out' },
  threads: { type: 'string', default: String(availableParallelism()) },
  pass: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: ARGUMENTS });
  if (values.help) return console.log(USAGE);
  const work = resolve(values.work, 'privacy');
  if (values.pass === 'cells') return console.log(JSON.stringify(await cells(Number(values.subjects))));
  if (values.pass !== undefined)
    return console.log(
      JSON.stringify(
        await pass(values.pass as Variant, join(work, 'source.csv'), {
          folder: join(work, 'pass'),
          threads: count('--threads', values.threads),
        }),
      ),
    );
  const only = new Set(values.only.split(','));
  const many = values.subjects.split(',').map((one) => count('--subjects', one));
  if (only.has('cells'))
    for (const subjects of many) {
      const { seal, open } = apart<Record<'seal' | 'open', number>>(
        '--pass',
        'cells',
        '--subjects',
        String(subjects),
      );
      console.log(`cells a second of one core, ${subjects} subjects: sealed ${seal}, opened ${open}`);
    }
  const load = loadavg()
    .map((one) => one.toFixed(1))
    .join(', ');
  console.log(
    `an HMAC-SHA-256 takes ${hmacMicroseconds().toFixed(1)} µs; load ${load} on ${availableParallelism()} cores`,
  );
  console.log(
    '| contract | rows | subjects | ingest rows/s | run rows/s | end to end rows/s | CPU µs a row, ingest | run | both | peak MiB, ingest | run | forget ms |',
  );
  console.log(`|---|${'---:|'.repeat(11)}`);
  for (const rows of values.rows.split(',').map((one) => count('--rows', one)))
    for (const subjects of many) {
      const file = join(work, 'source.csv');
      generateFile({ rows, seed: 1, months: 12, customers: subjects }, file);
      for (const variant of ['clear', 'protected'] as const) {
        if (!only.has(variant)) continue;
        rmSync(join(work, 'pass'), { recursive: true, force: true });
        show(
          rows,
          subjects,
          apart<Pass>('--pass', variant, '--work', values.work, '--threads', values.threads),
        );
        if (statSync(join(work, 'pass')).isDirectory()) rmSync(join(work, 'pass'), { recursive: true });
      }
      rmSync(file, { force: true });
    }
}

if (isMain(import.meta.url)) await main();
