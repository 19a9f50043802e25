import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { AthenaClient, GetQueryExecutionCommand, ListQueryExecutionsCommand } from '@aws-sdk/client-athena';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { z } from 'zod';
import type { RunRecord } from '../../etl/stages/outcomes.ts';
import { assay as assayProcess, type Finished } from '../cli/assay.ts';
import {
  CondemnJson,
  ErrorJson,
  IngestJson,
  QuarantineListJson,
  RetryJson,
  RollbackJson,
  RunJson,
  RunsJson,
  ShowJson,
  SnapshotsJson,
} from '../cli/shapes.ts';
import { assay as runAssay } from './support/assay.ts';
import { person } from './support/person.ts';
import { connect, type Platform } from './support/platform.ts';
import { ROOT } from './support/python.ts';
import { badTransaction, transactions } from './support/transactions.ts';

/**
 * `assay … --target aws` as the platform team types it, against the deployed platform, with just the policies that are
 * deployed for it.
 */

const DATASET = 'mortgages.transactions';
const ON = ['--dataset', DATASET];
const SILVER = 'silver.mortgages_transactions';
const WORD = ['--reason', 'looked at it', '--by', 'ann@example.com'];

type Snapshot = z.infer<typeof SnapshotsJson>[number];

let platform: Platform;
let folder: string;
let operator: Record<string, string>;
let analyst: Record<string, string>;

beforeAll(async () => {
  platform = await connect('command-line');
  operator = await person('command-line-operator', ['operator', 'operator-query']);
  analyst = await person('command-line-analyst', ['analyst']);
  folder = await mkdtemp(path.join(tmpdir(), 'assay-command-line-'));
  await platform.dropAndSettle(DATASET, { 'before-cli.csv': transactions('before-cli', 10) });
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});
afterEach(() => platform.faults.clear());

const assay = (...args: string[]): Promise<Finished> =>
  runAssay([...args, '--target', 'aws'], { cwd: ROOT, env: operator });

/** Runs a command that is to end well, and returns its JSON. */
async function json<T>(shape: z.ZodType<T>, ...args: string[]): Promise<T> {
  const { code, out, err } = await assay(...args, '--json');
  if (code !== 0 && code !== 1) throw new Error(`assay ${args.join(' ')} ended with ${code}: ${out}${err}`);
  return shape.parse(JSON.parse(out));
}

/** Runs a command that is to fail, and returns its exit code and error. */
async function failed(...args: string[]) {
  const { code, out } = await assay(...args, '--json');
  return { exit: code, ...ErrorJson.parse(JSON.parse(out)).error };
}

/** Ingests a file of transactions, has everything pending run, and returns the file's key and the run that dealt with it. */
async function ingestAndRun(name: string, text: string): Promise<{ key: string; run: RunRecord }> {
  const file = path.join(folder, name);
  await writeFile(file, text);
  const [ingested] = await json(IngestJson, 'ingest', file, ...ON);
  const key = ingested?.key ?? '';
  await json(RunsJson, 'run', ...ON);
  const run = (await platform.records(DATASET)).find(({ files }) => files.some((one) => one.key === key));
  if (run === undefined) throw new Error(`No run dealt with ${key} before 'assay run' ended.`);
  return { key, run };
}

const currentSnapshot = async (): Promise<number | undefined> =>
  (await platform.pointer('silver', DATASET))?.snapshot_id;

/** Has Glue's table point to where the dataset's own pointer does? */
async function expectGlueToFollow(layer: 'silver' | 'condemned'): Promise<void> {
  const pointer = await platform.pointer('silver', DATASET);
  const { metadataLocation } = await platform.glueTable(layer, DATASET);
  expect(metadataLocation).toBe(pointer?.tables[layer]?.metadata_location);
}

/** The query with a mark in it, as it was sent to Athena in a workgroup. */
async function sentWith(mark: string, workgroup: string): Promise<string | undefined> {
  const athena = new AthenaClient();
  const { QueryExecutionIds = [] } = await athena.send(
    new ListQueryExecutionsCommand({ WorkGroup: workgroup }),
  );
  const sent = await Promise.all(
    QueryExecutionIds.map(async (QueryExecutionId) => {
      const { QueryExecution } = await athena.send(new GetQueryExecutionCommand({ QueryExecutionId }));
      return QueryExecution?.Query ?? '';
    }),
  );
  return sent.find((text) => text.includes(mark));
}

describe('files and runs', () => {
  let key: string;
  let run: RunRecord;

  test('ingest puts a file into Bronze as it is, and the same once more nowhere; run waits until nothing is pending', async () => {
    const text = transactions('cli', 40, [badTransaction('CLI-BAD-1'), badTransaction('CLI-BAD-2')]);
    ({ key, run } = await ingestAndRun('cli.csv', text));
    expect(Buffer.from((await platform.store.get(key)) ?? []).toString()).toBe(text);
    expect(run).toMatchObject({ status: 'promoted', counts: { records: 42, silver: 40, quarantined: 2 } });
    const again = await json(IngestJson, 'ingest', path.join(folder, 'cli.csv'), ...ON);
    expect(again).toMatchObject([{ key, existed: true }]);
  });

  test('with nothing pending, run says so after an execution of its own, with 0', async () => {
    const { code, out } = await assay('run', ...ON, '--json');
    expect(code).toBe(0);
    const [only, ...others] = RunsJson.parse(JSON.parse(out));
    expect(others).toEqual([]);
    expect(only).toMatchObject({ dataset: DATASET, status: 'nothing-to-do' });
    const executions = await platform.executions(DATASET);
    expect(executions.find(({ runId }) => runId === only?.runId)?.status).toBe('SUCCEEDED');
  });

  test('runs, show and snapshots say what is in the lake', async () => {
    const runs = await json(RunsJson, 'runs', ...ON, '--limit', '1000');
    expect(runs.map(({ runId }) => runId)).toEqual(
      (await platform.records(DATASET)).map(({ runId }) => runId).reverse(),
    );
    const shown = await json(ShowJson, 'show', run.runId);
    expect(shown).toMatchObject({ runId: run.runId, counts: run.counts, sealDigest: run.sealDigest });
    expect(shown.examples).toHaveLength(2);
    expect(shown.next.every((command) => command.endsWith('--target aws'))).toBe(true);
    const [newest] = await json(SnapshotsJson, 'snapshots', DATASET);
    expect(newest).toMatchObject({ isCurrent: true, snapshotId: await currentSnapshot(), addedRecords: 40 });
  });
});

describe('queries', () => {
  let now: Snapshot | undefined;
  let before: Snapshot | undefined;
  beforeAll(async () => {
    [now, before] = await json(SnapshotsJson, 'snapshots', DATASET);
  });

  test('Athena answers through the workgroup, with the values and types of an embedded answer', async () => {
    const sql = `SELECT 42 AS whole, CAST(12.50 AS DECIMAL(10, 2)) AS amount, DATE '2024-05-01' AS day, 'a "b", c' AS text, '' AS empty, NULL AS nothing`;
    const { code, out, err } = await assay('query', sql, '--json');
    expect({ code, rows: JSON.parse(out) }).toEqual({
      code: 0,
      rows: [{ whole: 42, amount: '12.50', day: '2024-05-01', text: 'a "b", c', empty: '', nothing: null }],
    });
    expect(err).toMatch(/^Athena read .*\n$/);
  });

  test('an answer of several pages comes whole and in order', async () => {
    const digits = `(VALUES ${Array.from({ length: 50 }, (_, n) => `(${n})`).join(', ')})`;
    const sql = `SELECT a.n * 50 + b.n AS n FROM ${digits} AS a (n) CROSS JOIN ${digits} AS b (n) ORDER BY 1 DESC`;
    const { out } = await assay('query', sql, '--format', 'csv');
    expect(out).toBe(`n\n${Array.from({ length: 2500 }, (_, n) => `${2499 - n}\n`).join('')}`);
  });

  // The emulator's Athena knows no Iceberg: what is sent is looked at, and answered by --engine local below.
  test('tables are sent under the names that Glue has for them, in the past with their snapshots', async () => {
    const asOf = String(before?.snapshotId);
    await assay('query', `/* the operator */ SELECT count(*) FROM ${SILVER} AS t`, '--as-of', asOf);
    expect(await sentWith('the operator', platform.session.outputs.OperatorsWorkgroup)).toBe(
      `/* the operator */ SELECT count(*) FROM "${platform.glueName('silver', DATASET).replace('.', '"."')}" FOR VERSION AS OF ${asOf} AS t`,
    );
  });

  test('--engine local reads the tables themselves, now and in the past', async () => {
    const count = async (...more: string[]): Promise<unknown> => {
      const { out } = await assay(
        ...['query', `SELECT count(*) AS n FROM ${SILVER}`, '--engine', 'local', '--json', ...more],
      );
      return JSON.parse(out);
    };
    expect(await count()).toEqual([{ n: now?.totalRecords }]);
    expect(await count('--as-of', String(before?.snapshotId))).toEqual([{ n: before?.totalRecords }]);
  });

  test.each([[[]], [['--engine', 'local']]])(
    'what tables there are, and what their columns mean (%j)',
    async (engine) => {
      const asked = async (sql: string): Promise<Record<string, unknown>[]> => {
        const { code, out, err } = await assay('query', sql, '--json', ...engine);
        expect({ code, err }).toEqual({ code: 0, err: '' });
        return JSON.parse(out) as Record<string, unknown>[];
      };
      const tables = await asked('SHOW TABLES FROM silver');
      expect(tables.map(({ table_name: name }) => name)).toContain(SILVER);
      expect(tables.every(({ table_name: name }) => String(name).startsWith('silver.'))).toBe(true);
      const [first, ...others] = await asked(`DESCRIBE ${SILVER}`);
      expect(first).toMatchObject({ column_name: 'transaction_id', null: 'NO', key: 'PRI' });
      const amount = others.find(({ column_name: name }) => name === 'amount');
      expect(String(amount?.column_type).toUpperCase()).toBe('DECIMAL(18,2)');
      expect(amount?.description).not.toBe('');
      const ledger = engine.length === 0 ? 'ops.source_files_mortgages_transactions' : 'ops.source_files';
      expect((await asked('SHOW TABLES FROM ops')).map(({ table_name: name }) => name)).toContain(ledger);
    },
  );

  test('information_schema and ops.* are answered here; of ops, Athena says what it has', async () => {
    const sql = `SELECT count(*) AS n FROM information_schema.columns WHERE table_schema = 'silver' AND table_name = 'mortgages_transactions' AND column_name = 'amount'`;
    const { out } = await assay('query', sql, '--engine', 'local', '--json');
    expect(JSON.parse(out)).toEqual([{ n: 1 }]);
    for (const table of ['ops.restatements', 'ops.closings']) {
      const refused = await failed('query', `FROM ${table}`.replace('FROM', 'SELECT * FROM'));
      expect(refused).toMatchObject({
        exit: 2,
        code: 'NO_TABLE',
        message: expect.stringContaining('--engine local'),
      });
      const here = await assay('query', `FROM ${table}`, '--engine', 'local', '--json');
      expect(here.code).toBe(0);
    }
  });

  test('what Athena refuses is told in its words, with 2', async () => {
    expect(await failed('query', 'SELECT no_such_column FROM (VALUES (1)) AS t (n)')).toMatchObject({
      exit: 2,
      code: 'SQL',
      message: expect.stringContaining('no_such_column'),
    });
  });

  test('where AWS throttles, the question is asked again', async () => {
    const fault = await platform.faults.add({
      meets: { target: 'StartQueryExecution' },
      action: { kind: 'answer', status: 400, code: 'ThrottlingException', message: 'Rate exceeded' },
      times: 2,
    });
    const { code, out } = await assay('query', 'SELECT 1 AS one', '--json');
    expect({ code, rows: JSON.parse(out) }).toEqual({ code: 0, rows: [{ one: 1 }] });
    expect(await platform.faults.struck(fault)).toBe(2);
  });
});

describe('records that failed', () => {
  const openRecords = async () =>
    (await json(QuarantineListJson, 'quarantine', 'list', ...ON, '--file', '/cli.csv'))[0]?.records ?? [];

  test('one is corrected and published in a run of the platform', async () => {
    const [first] = await openRecords();
    const id = first?.record ?? '';
    const { records, runs } = await json(
      RetryJson,
      ...['quarantine', 'correct', id, 'amount=12.34', ...ON, ...WORD],
    );
    expect({ records, runs }).toMatchObject({
      records: 1,
      runs: [{ status: 'promoted', counts: { records: 1, silver: 1 } }],
    });
    expect((await openRecords()).map(({ record }) => record)).not.toContain(id);
    const executions = await platform.executions(DATASET);
    expect(executions.find(({ runId }) => runId === runs[0]?.runId)?.status).toBe('SUCCEEDED');
  });

  test('one is retried and fails once more; one is condemned, and Glue sees it at once', async () => {
    const [first] = await openRecords();
    const id = first?.record ?? '';
    const { runs } = await json(RetryJson, ...['quarantine', 'retry', id, ...ON, ...WORD]);
    expect(runs).toMatchObject([{ status: 'promoted', counts: { records: 1, quarantined: 1 } }]);
    const after = (await openRecords()).find(({ record }) => record === id);
    expect(after?.failures).toBe((first?.failures ?? 0) + 1);
    const condemned = await json(CondemnJson, ...['quarantine', 'condemn', id, ...ON, ...WORD]);
    expect(condemned.records).toEqual([id]);
    await expectGlueToFollow('condemned');
  });
});

describe('decisions', () => {
  test('a held run is approved by the digest that was looked at, and by no other', async () => {
    const bad = Array.from({ length: 20 }, (_, n) => badTransaction(`CLI-HELD-${n}`));
    const { run } = await ingestAndRun('held-by-cli.csv', transactions('cli-held', 180, bad));
    const { runId, sealDigest } = run;
    expect(run.status).toBe('held');
    const held = await json(RunsJson, 'runs', '--held', ...ON);
    expect(held.map((one) => one.runId)).toContain(runId);
    const other = await failed('approve', runId, '--digest', '0'.repeat(64), ...WORD);
    expect(other).toMatchObject({ exit: 2, code: 'OTHER_DIGEST' });
    const approved = await json(RunJson, 'approve', runId, '--digest', sealDigest ?? '', ...WORD);
    expect(approved).toMatchObject({ runId, status: 'promoted', counts: { silver: 180 }, sealDigest });
    expect(await platform.pointer('silver', DATASET)).toMatchObject({
      run_id: runId,
      seal_digest: sealDigest,
    });
    const executions = await platform.executions(DATASET);
    expect(executions.filter((one) => one.runId.startsWith(`${runId}-approved-`))).toHaveLength(1);
  });

  test('a rollback goes back and forth, and Glue follows at once', async () => {
    const [now, before] = await json(SnapshotsJson, 'snapshots', DATASET);
    const to = async (snapshotId: number | undefined) => {
      await json(RollbackJson, 'rollback', DATASET, '--to', String(snapshotId), ...WORD);
      expect(await currentSnapshot()).toBe(snapshotId);
      await expectGlueToFollow('silver');
    };
    await to(before?.snapshotId);
    await to(now?.snapshotId);
  });

  test('nothing is decided by other contracts than those that are deployed', async () => {
    const { code, out } = await runAssay(
      ['rollback', DATASET, '--to', '1', '--target', 'aws', '--contracts', folder, '--json', ...WORD],
      { cwd: ROOT, env: operator },
    );
    const { error } = ErrorJson.parse(JSON.parse(out));
    expect({ code, error }).toMatchObject({ code: 2, error: { code: 'CONTRACTS_DIFFER' } });
    const look = await assay('runs', '--limit', '1', '--contracts', folder);
    expect(look).toMatchObject({
      code: 0,
      err: expect.stringMatching(/^warning: .* are not those that stack/),
    });
  });
});

describe('an analyst', () => {
  const asAnalyst = (...args: string[]): Promise<Finished> =>
    assayProcess([...args, '--target', 'aws'], { cwd: ROOT, env: analyst });

  test('asks Athena, also about the past, and reads the reports', async () => {
    expect(await asAnalyst('query', 'SELECT 1 AS one', '--format', 'csv')).toMatchObject({
      code: 0,
      out: 'one\n1\n',
    });
    expect(await asAnalyst('report', 'finance.account_balances')).toMatchObject({ code: 0 });
    const past = `/* the analyst */ SELECT 2 FROM ${SILVER}`;
    await asAnalyst('query', past, '--as-of', String(await currentSnapshot()));
    expect(await sentWith('the analyst', platform.session.outputs.Workgroup)).toMatch(
      /SELECT 2 FROM .* FOR VERSION AS OF \d+$/,
    );
  });

  test('is told which permission a decision takes, and on what', async () => {
    const newest = (await platform.records(DATASET)).at(-1);
    const { code, out } = await asAnalyst('refuse', newest?.runId ?? '', ...WORD, '--json');
    const { error } = ErrorJson.parse(JSON.parse(out));
    expect({ code, error }).toMatchObject({
      code: 2,
      error: {
        code: 'AWS_DENIED',
        message: expect.stringContaining(`s3:GetObject on ${platform.session.outputs.OpsBucket}/ops/runs/`),
      },
    });
  });
});

describe('the way to the platform', () => {
  const withEnvironment = async (env: Readonly<Record<string, string>>, ...more: string[]) => {
    const { code, out } = await assayProcess(['runs', '--target', 'aws', '--json', ...more], {
      cwd: ROOT,
      env,
    });
    return { exit: code, ...ErrorJson.parse(JSON.parse(out)).error };
  };

  test('a stack that is not there, or is not Assay’s, is named', async () => {
    expect(await withEnvironment({}, '--stack', 'Nobody')).toMatchObject({
      exit: 2,
      code: 'NO_STACK',
      message: expect.stringContaining('There is no stack Nobody in region eu-west-2'),
    });
    expect(await withEnvironment({ ASSAY_STACK: 'Assay-staging-Lake' })).toMatchObject({
      exit: 2,
      code: 'STACK_OUTPUT',
      message: expect.stringContaining('has no output BronzeBucket'),
    });
  });

  test('without credentials, it is said what to do', async () => {
    const nowhere = { AWS_CONFIG_FILE: '/nowhere', AWS_SHARED_CREDENTIALS_FILE: '/nowhere' };
    expect(await withEnvironment({ ...nowhere, AWS_ACCESS_KEY_ID: '' })).toMatchObject({
      exit: 2,
      code: 'AWS_CREDENTIALS',
      message: expect.stringContaining('sign in to AWS again'),
    });
  });
});
