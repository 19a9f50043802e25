import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { openLake } from '../../../adapters/local/lake.ts';
import { runDataset } from '../../../adapters/local/run-dataset.ts';
import { ROOT } from '../../aws/support/python.ts';
import { runMain } from '../../cli/run-main.ts';
import { SHIPPED_CONTRACTS } from '../../support/shipped-contracts.ts';
import {
  MONTHLY_SQL,
  monthlyContract,
  REPORTED_SQL,
  reportedContract,
  samplesContract,
} from './contracts.ts';
import { csv, EXTREMES, plain } from './files.ts';

const DAY_MS = 86_400_000;
const SAMPLES = 'lab.samples';
const TRANSACTIONS = 'mortgages.transactions';
const PAYMENTS = 'spend.council_payments';
const EVENTS = 'products.events';

const Snapshots = z.array(z.looseObject({ snapshotId: z.number() }));
const Records = z.array(z.looseObject({ records: z.array(z.looseObject({ record: z.string() })) }));

/**
 * Makes a lake that lived in `folder`/lake, with contracts and sql beside it: runs, records that failed, a compatible
 * contract change, a correction, a backfill, a rollback, closed months, events with their projections, a compaction and an
 * expiry, all through the command.
 */
export async function makeLivedLake(folder: string): Promise<void> {
  for (const file of SHIPPED_CONTRACTS)
    await cp(path.join(ROOT, 'contracts', file), path.join(folder, 'contracts', file));
  await cp(path.join(ROOT, 'sql'), path.join(folder, 'sql'), { recursive: true });
  const life = new Life(folder);
  await life.write('contracts/lab/samples.yaml', samplesContract('1.0.0'));
  await life.write('contracts/lab/monthly_samples.yaml', monthlyContract());
  await life.write('sql/gold/lab/monthly_samples.sql', MONTHLY_SQL);
  await life.write('contracts/lab/reported_samples.yaml', reportedContract());
  await life.write('sql/gold/lab/reported_samples.sql', REPORTED_SQL);
  await life.assay('init');
  await firstMonths(life);
  await examples(life);
  await changedContract(life);
  await decisions(life);
  await closedMonths(life);
  await events(life);
  await maintenance(life);
}

/** Events and what they come to: folded, folded on, and folded anew. */
async function events(life: Life): Promise<void> {
  for (const name of ['contracts', 'projections'])
    await cp(path.join(ROOT, 'examples/products', name), path.join(life.cwd, name), { recursive: true });
  for (const [daysAgo, name] of [
    [9, '2026-01.jsonl'],
    [8, '2026-03.jsonl'],
    // Its events come late.
    [7, '2026-02.jsonl'],
  ] as const)
    await life.drop(daysAgo, EVENTS, name, await readFile(path.join(ROOT, 'examples/products', name)));
}

async function firstMonths(life: Life): Promise<void> {
  await life.drop(60, SAMPLES, 'january.csv', csv(plain('2024-01', 300)));
  await life.drop(58, SAMPLES, 'odd.csv', csv(EXTREMES));
  const wrong = plain('2024-02', 40, (n) => ({
    ...(n % 4 === 1 ? { amount: 'x' } : {}),
    ...(n % 4 === 2 ? { flag: 'perhaps', order: '1.5' } : {}),
  }));
  await life.drop(50, SAMPLES, 'february.csv', csv(wrong));
  for (const month of ['2024-03', '2024-04', '2023-12'])
    await life.drop(40, SAMPLES, `${month}.csv`, csv(plain(month, 25)));
}

/** Real files of three layouts, and transactions that Gold's balances are made of. */
async function examples(life: Life): Promise<void> {
  await life.dropExample(35, TRANSACTIONS, '2024-q1.csv');
  for (const name of ['2010-12.csv', '2012-03.csv', '2020-06.csv'])
    await life.dropExample(34, PAYMENTS, name);
}

/** New columns in the middle, some of them in files, and a column that no version knows. */
async function changedContract(life: Life): Promise<void> {
  await life.write('contracts/lab/samples.yaml', samplesContract('1.1.0'));
  const records = plain('2024-05', 60, (n) => ({
    method: n % 2 === 0 ? 'sieve' : '',
    corrected: `${n}.1234`,
    seen_at: '2024-06-01T00:00:00.000001Z',
  }));
  await life.drop(30, SAMPLES, 'may.csv', csv(records, ['method', 'corrected', 'seen_at']));
  const unknown = csv(plain('2024-06', 10)).split('\n');
  const rescued = unknown.map((line, n) => (line === '' ? '' : `${line},${n === 0 ? 'colour' : 'red'}`));
  await life.drop(29, SAMPLES, 'june.csv', rescued.join('\n'));
}

async function decisions(life: Life): Promise<void> {
  const word = ['--reason', 'ticket 1', '--by', 'ann'];
  const listed = Records.parse(await life.assay('quarantine', 'list', '--dataset', SAMPLES));
  const [first, second] = listed.flatMap(({ records }) => records.map(({ record }) => record));
  for (const record of [first, second])
    await life.assay(
      'quarantine',
      'correct',
      record ?? '',
      'amount=4.50',
      'flag=true',
      'order=7',
      '--dataset',
      SAMPLES,
      ...word,
    );
  await life.assay('quarantine', 'retry', '--all', '--dataset', SAMPLES, ...word);
  await life.assay('backfill', SAMPLES, '--from', life.dayAgo(41), '--to', life.dayAgo(39), ...word);
  const [before] = Snapshots.parse(await life.assay('snapshots', SAMPLES));
  await life.drop(0, SAMPLES, 'mistaken.csv', csv(plain('2024-07', 20)));
  await life.assay('rollback', SAMPLES, '--to', String(before?.snapshotId), ...word);
}

/** Two months of a report are closed, one with a text that JSON has to quote; late records of the other wait. */
async function closedMonths(life: Life): Promise<void> {
  const odd = plain('2024-09', 12, (n) => ({ note: `Zoë "${n}" \\ / ż, 名\t😀` }));
  await life.drop(20, SAMPLES, 'september.csv', csv(odd));
  for (const month of ['2024-01', '2024-09'])
    await life.assay(
      'close',
      'lab.reported_samples',
      '--month',
      month,
      '--reason',
      'reported',
      '--by',
      'eve',
    );
  await life.drop(10, SAMPLES, 'late.csv', csv(plain('2024-01', 303).slice(300)));
}

async function maintenance(life: Life): Promise<void> {
  await life.assay('compact', SAMPLES);
  await life.assay('expire', SAMPLES, '--older-than', '45d');
  await life.assay('expire', 'lab.monthly_samples', '--older-than', '45d');
  await life.assay('vacuum');
  await life.drop(0, SAMPLES, 'august.csv', csv(plain('2024-08', 31)));
  const audit = await life.assay('audit');
  if (JSON.stringify(audit).includes('"sound":false'))
    throw new Error(`The lake isn't sound: ${JSON.stringify(audit)}`);
}

/** The lake's folder, and what is done to it. */
class Life {
  readonly cwd: string;

  constructor(cwd: string) {
    this.cwd = cwd;
  }

  dayAgo = (days: number): string => new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10);

  async write(file: string, text: string | Uint8Array): Promise<void> {
    const target = path.join(this.cwd, file);
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, text);
  }

  /** Runs a command, and returns what it prints as JSON; throws where it fails. */
  async assay(...args: readonly string[]): Promise<unknown> {
    const { code, out, err } = await runMain([...args, '--json'], { cwd: this.cwd });
    if (code !== 0 && code !== 1) throw new Error(`assay ${args.join(' ')} ended with ${code}: ${out}${err}`);
    return JSON.parse(out);
  }

  /** Drops a file into Bronze, and publishes it as if that had been so many days ago. */
  async drop(daysAgo: number, dataset: string, name: string, text: string | Uint8Array): Promise<void> {
    const folder = `lake/bronze/${dataset.replace('.', '/')}/ingest_date=${this.dayAgo(daysAgo)}`;
    await this.write(`${folder}/${name}`, text);
    const lake = await openLake(path.join(this.cwd, 'lake'), {
      contractsDir: path.join(this.cwd, 'contracts'),
      sqlDir: path.join(this.cwd, 'sql/gold'),
      clock: { now: () => new Date(Date.now() - daysAgo * DAY_MS) },
    });
    const [run] = await runDataset(dataset, lake.effects);
    if (run?.status !== 'promoted') throw new Error(`${name} was not published: ${JSON.stringify(run)}`);
  }

  /** Publishes a real file of examples/. */
  async dropExample(daysAgo: number, dataset: string, name: string): Promise<void> {
    const file = path.join(ROOT, 'examples', dataset.replace('.', '/'), name);
    await this.drop(daysAgo, dataset, name, await readFile(file));
  }
}
