import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { z } from 'zod';
import { openAwsLake } from '../../adapters/aws/aws-lake.ts';
import { loadContracts, requireContract } from '../../etl/contract/load-contracts.ts';
import { bronzeKey } from '../../etl/naming/bronze.ts';
import { decisionsPrefix } from '../../etl/naming/decisions.ts';
import { backfillKey, leaseKey } from '../../etl/naming/runs.ts';
import { pointerKey } from '../../etl/naming/tables.ts';
import { writersPrefix } from '../../etl/naming/upkeep.ts';
import { type Vacuumed, vacuum } from '../../etl/operations/vacuum.ts';
import { Decision, type RunRecord } from '../../etl/stages/outcomes.ts';
import type { Pointer } from '../../etl/table/pointer.ts';
import type { Finished } from '../cli/assay.ts';
import {
  AuditJson,
  BackfillJson,
  CompactJson,
  ContractsTryJson,
  DiffJson,
  ErrorJson,
  ExpireJson,
  HealthJson,
  LineageJson,
  ReconcileJson,
  UpgradeJson,
  VacuumJson,
} from '../cli/shapes.ts';
import { assay as runAssay } from './support/assay.ts';
import { expectCatalogFollows } from './support/catalog.ts';
import { person } from './support/person.ts';
import { connect, type Platform } from './support/platform.ts';
import { ROOT } from './support/python.ts';
import { badTransaction, transactions } from './support/transactions.ts';

/**
 * What keeps a deployed platform's tables tidy and right, typed by the platform team with the policies that are deployed for
 * it: backfill, compact, expire and vacuum, and the looks that prove that nothing was lost by it. Before 60-failures, which
 * leaves runs that died: for hours a vacuum takes them for being under way.
 */

const DATASET = 'mortgages.transactions';
const REPORT = 'finance.account_balances';
const ON = ['--dataset', DATASET];
const SILVER_TABLES = ['silver', 'quarantine', 'condemned', 'source_files'] as const;
const WORD = ['--reason', 'a reading of the contract', '--by', 'ann@example.com'];
/** Files of these tests were dropped on a day of their own. */
const DAY = '2024-01-15';
const DROPPED_THEN = ['--from', DAY, '--to', '2024-01-16'];

let platform: Platform;
let caretaker: Record<string, string>;
let operator: Record<string, string>;

beforeAll(async () => {
  platform = await connect('maintenance');
  caretaker = await person('maintenance-caretaker', ['analyst', 'operator', 'caretaker']);
  operator = await person('maintenance-operator', ['analyst', 'operator']);
  // A run each, so that months consist of several files.
  for (const name of ['tidy-a', 'tidy-b', 'tidy-c']) await dropAndRun(name);
});
afterAll(() => platform.faults.clear());

async function dropAndRun(name: string): Promise<RunRecord | undefined> {
  const key = bronzeKey(DATASET, DAY, `${name}.csv`);
  await platform.store.put(key, transactions(name, 30, [badTransaction(`${name}-bad`)]));
  const records = await platform.settled(DATASET, [key]);
  return records.find(({ files }) => files.some((file) => file.key === key));
}

const assay = (args: readonly string[], env = caretaker): Promise<Finished> =>
  runAssay([...args, '--target', 'aws'], { cwd: ROOT, env });

/** Runs a command that is to end with 0, and returns its JSON. */
async function json<T>(shape: z.ZodType<T>, ...args: string[]): Promise<T> {
  const { code, out, err } = await assay([...args, '--json']);
  expect({ args, code, out: code === 0 ? '' : out, err: code === 0 ? '' : err }).toEqual({
    args,
    code: 0,
    out: '',
    err: '',
  });
  return shape.parse(JSON.parse(out));
}

async function failed(args: readonly string[], env = caretaker) {
  const { code, out } = await assay([...args, '--json'], env);
  return { exit: code, ...ErrorJson.parse(JSON.parse(out)).error };
}

/** All rows of Silver, by number, sum and identity. */
async function rows(): Promise<string> {
  const sql =
    "SELECT count(*) AS n, CAST(sum(amount) AS VARCHAR) AS total, md5(string_agg(row_hash, '' ORDER BY row_hash)) AS hashes FROM silver.mortgages_transactions";
  const { out } = await assay(['query', sql, '--engine', 'local', '--format', 'csv']);
  return out;
}

/** Audits the dataset and its report, which must be sound; returns how many files nothing needs. */
async function soundWithUnused(): Promise<number> {
  const audits = [
    ...(await json(AuditJson, 'audit', ...ON)),
    ...(await json(AuditJson, 'audit', '--dataset', REPORT)),
  ];
  expect(audits.flatMap(({ problems }) => problems)).toEqual([]);
  return audits.reduce((sum, { unusedFiles }) => sum + unusedFiles, 0);
}

async function decisionsOf(kind: Decision['kind']): Promise<Decision[]> {
  const keys = await platform.store.list(decisionsPrefix(DATASET));
  const decisions = await Promise.all(
    keys.map(async (key) => Decision.parse(await platform.store.json(key))),
  );
  return decisions.filter((one) => one.kind === kind);
}

const snapshotOf = async (layer: 'silver' | 'gold', dataset: string): Promise<number> =>
  (await platform.pointer(layer, dataset))?.snapshot_id ?? 0;

/** Gold names the Silver snapshot that it stands for, and Glue names both. */
async function expectAllToFollow(): Promise<void> {
  const gold = await platform.pointer('gold', REPORT);
  expect(gold?.inputs?.[DATASET]).toBe(await snapshotOf('silver', DATASET));
  await expectCatalogFollows(platform, 'silver', DATASET, SILVER_TABLES);
  await expectCatalogFollows(platform, 'gold', REPORT, ['gold']);
}

describe('backfill', () => {
  test('a dry run lists what would be read again, and changes nothing', async () => {
    const before = await platform.pointer('silver', DATASET);
    const args = ['backfill', DATASET, ...DROPPED_THEN, '--again', '--dry-run'];
    expect(await json(BackfillJson, ...args)).toMatchObject({ run: null, files: { length: 3 } });
    expect(await json(BackfillJson, 'backfill', DATASET, ...DROPPED_THEN, '--dry-run')).toMatchObject({
      files: [],
      upToDate: 3,
    });
    expect(await platform.pointer('silver', DATASET)).toEqual(before);
  });

  test('the platform reads the files again in an execution of its own, after the one under way; rows are replaced, none is doubled', async () => {
    const late = bronzeKey(DATASET, '2024-01-17', 'meanwhile.csv');
    const before = await rows();
    await platform.store.put(late, transactions('meanwhile', 3));
    const done = await json(
      BackfillJson,
      ...['backfill', DATASET, ...DROPPED_THEN, '--again', '--contract', '1.0.0', ...WORD],
    );
    expect(done).toMatchObject({
      files: { length: 3 },
      run: { status: 'promoted', counts: { records: 93, silver: 90, quarantined: 3 } },
      restated: [],
    });
    const runId = done.run?.runId ?? '';
    const [decision] = (await decisionsOf('backfilled')).slice(-1);
    expect(decision).toMatchObject({ runId, by: 'ann@example.com' });
    expect(await platform.store.json(backfillKey(DATASET, runId))).toMatchObject({ keys: done.files });
    await platform.settled(DATASET, [late]);
    const executions = await platform.executions(DATASET);
    expect(executions.filter((one) => one.runId === runId).map(({ status }) => status)).toEqual([
      'SUCCEEDED',
    ]);
    const count = (text: string): number => Number(text.split('\n')[1]?.split(',')[0]);
    expect(count(await rows())).toBe(count(before) + 3);
    expect(await platform.store.json(leaseKey(DATASET))).toMatchObject({ releasedAt: expect.any(String) });
    await expectAllToFollow();
  });

  test('under an id that nobody asked for, nothing is started', async () => {
    const known = await platform.executions(DATASET);
    expect(await platform.start({ dataset: DATASET, runId: 'nobody-asked' })).toMatchObject({
      errorType: 'ConfigError',
      errorMessage: expect.stringContaining('Nobody asked for a backfill'),
    });
    expect(await platform.executions(DATASET)).toHaveLength(known.length);
  });
});

describe('compact', () => {
  test('joins small files without a row changing, Gold and Glue follow, and a repeat joins nothing', async () => {
    const before = await rows();
    const planned = await json(CompactJson, 'compact', DATASET, '--dry-run');
    expect(planned.joined.length).toBeGreaterThan(0);
    expect(planned.to).toBe(planned.from);
    const done = await json(CompactJson, 'compact', DATASET);
    expect(done.joined.map(({ month }) => month)).toEqual(planned.joined.map(({ month }) => month));
    for (const { filesBefore, filesAfter } of done.joined) expect(filesAfter ?? 0).toBeLessThan(filesBefore);
    expect(await snapshotOf('silver', DATASET)).toBe(done.to);
    expect(await rows()).toBe(before);
    await expectAllToFollow();
    expect(await decisionsOf('compacted')).toHaveLength(1);
    expect(await platform.store.list(writersPrefix(DATASET))).toEqual([]);
    expect((await json(CompactJson, 'compact', DATASET)).joined).toEqual([]);
    await soundWithUnused();
  });
});

describe('upgrade', () => {
  /** Has a pointer name its tables' metadata as it was named before 2026-11-28. */
  async function asNamedBefore(kind: 'silver' | 'gold', dataset: string): Promise<void> {
    const { store } = platform;
    const pointer = (await platform.pointer(kind, dataset)) as Pointer;
    let text = JSON.stringify(pointer);
    for (const { metadata_key: key } of Object.values(pointer.tables)) {
      const name = key.split('/').at(-1) ?? '';
      const old = name.replace(/^(\d+)-/, (_, version) => `v${Number(version)}-`);
      await store.put(key.replace(name, old), (await store.get(key)) ?? '');
      text = text.replaceAll(name, old);
    }
    await store.remove(pointerKey(kind, dataset));
    await store.put(pointerKey(kind, dataset), text);
  }
  const names = async (kind: 'silver' | 'gold', dataset: string): Promise<string[]> =>
    Object.values((await platform.pointer(kind, dataset))?.tables ?? {}).map(
      ({ metadata_key: key }) => key.split('/').at(-1) ?? '',
    );
  const ours = async (): Promise<string[]> => [
    ...(await names('silver', DATASET)),
    ...(await names('gold', REPORT)),
  ];

  test('gives tables names that Athena takes, as the caretaker; no row changes, and Glue follows', async () => {
    const before = await rows();
    await asNamedBefore('silver', DATASET);
    await asNamedBefore('gold', REPORT);
    expect((await ours()).every((name) => /^v\d+-/.test(name))).toBe(true);
    expect(await failed(['upgrade', ...ON, ...WORD], operator)).toMatchObject({
      exit: 2,
      code: 'AWS_DENIED',
    });
    const planned = await json(UpgradeJson, 'upgrade', ...ON, '--dry-run');
    expect(planned[0]?.tables.map(({ renamed }) => renamed)).toEqual([true, true, true, true]);
    const done = [
      ...(await json(UpgradeJson, 'upgrade', ...ON, ...WORD)),
      ...(await json(UpgradeJson, 'upgrade', '--dataset', REPORT, ...WORD)),
    ];
    expect(done.map(({ from, to, tables }) => [from === to, tables.length])).toEqual([
      [true, 4],
      [true, 1],
    ]);
    for (const name of await ours()) expect(name).toMatch(/^\d{5}-[0-9a-f-]{36}\.metadata\.json$/);
    expect(await rows()).toBe(before);
    await expectAllToFollow();
    expect(await decisionsOf('upgraded')).toHaveLength(1);
    expect(await platform.store.list(writersPrefix(DATASET))).toEqual([]);
    const again = await json(UpgradeJson, 'upgrade', ...ON, ...WORD);
    expect(again).toMatchObject([{ version: done[0]?.version, tables: [] }]);
    await soundWithUnused();
  });
});

describe('looks', () => {
  test('health says what is amiss; alerts are the platform’s own business', async () => {
    const { code, out } = await assay(['health', '--json']);
    const found = HealthJson.parse(JSON.parse(out));
    expect(found.map(({ dataset }) => dataset)).toEqual(expect.arrayContaining([DATASET, REPORT]));
    expect(code).toBe(found.some(({ ailments }) => ailments.length > 0) ? 1 : 0);
    expect(found.find(({ dataset }) => dataset === REPORT)?.ailments).toEqual([]);
    expect(await failed(['health', '--alert'])).toMatchObject({ exit: 2, code: 'USAGE' });
    expect(await platform.call('check-health', {})).toEqual(found);
  });

  test('diff, lineage, breaker status, contracts try and reconcile read the same lake', async () => {
    const [compacted] = await decisionsOf('compacted');
    const { from, to } = compacted?.details ?? {};
    const diff = await json(DiffJson, 'diff', DATASET, String(from), String(to));
    expect(diff).toMatchObject({ rowsAdded: 0, rowsRemoved: 0, keyCount: 0 });
    const lineage = await json(LineageJson, 'lineage', REPORT, 'as_of_month=2024-05-01', 'account_id=C-1');
    expect(lineage.inputs[0]?.records[0]?.sourceFile).toMatch(/^bronze\/mortgages\/transactions\//);
    expect((await assay(['breaker', 'status', DATASET])).code).toBe(0);
    expect((await json(ReconcileJson, 'reconcile')).tables).toContain('silver.mortgages_transactions');
    const contract = 'contracts/mortgages/transactions.yaml';
    expect((await json(ContractsTryJson, 'contracts', 'try', contract)).dataset).toBe(DATASET);
  });
});

describe('expire', () => {
  test('forgets old snapshots of Silver and of Gold; Glue follows, and readers see what they saw', async () => {
    const before = await rows();
    const [first] = await decisionsOf('compacted');
    for (const [dataset, layer] of [
      [DATASET, 'silver'],
      [REPORT, 'gold'],
    ] as const) {
      const snapshot = await snapshotOf(layer, dataset);
      const done = await json(ExpireJson, 'expire', dataset, '--older-than', '0m');
      expect(done.expired[layer]?.length).toBeGreaterThan(0);
      expect(done.kept[layer]).toBe(1);
      expect(await snapshotOf(layer, dataset)).toBe(snapshot);
    }
    expect(await rows()).toBe(before);
    await expectAllToFollow();
    const asOf = ['--as-of', String(first?.details.from), '--engine', 'local'];
    const gone = await failed(['query', 'SELECT count(*) FROM silver.mortgages_transactions', ...asOf]);
    expect(gone.code).toBe('NO_SNAPSHOT');
    expect(await soundWithUnused()).toBeGreaterThan(0);
  });
});

describe('vacuum', () => {
  /** As the caretaker, without the hour that the command asks for at least. */
  async function vacuumNow(dataset: string): Promise<Vacuumed> {
    const { outputs } = platform.session;
    const own = { ...process.env };
    Object.assign(process.env, caretaker);
    try {
      const { effects } = await openAwsLake({
        buckets: {
          bronze: outputs.BronzeBucket,
          silver: outputs.SilverBucket,
          gold: outputs.GoldBucket,
          quarantine: outputs.QuarantineBucket,
          ops: outputs.OpsBucket,
        },
        contractsDir: `${ROOT}/contracts`,
        sqlDir: `${ROOT}/sql/gold`,
        engine: { memoryLimitMb: 512, threads: 1 },
      });
      const contract = requireContract(await loadContracts(effects.contracts), dataset);
      return await vacuum({ ...effects }, { contract, olderThanMs: 0, isDryRun: false });
    } finally {
      process.env = own;
    }
  }

  test('of an operator who is no caretaker, nothing is removed', async () => {
    expect(await failed(['vacuum', ...ON], operator)).toMatchObject({
      exit: 2,
      code: 'AWS_DENIED',
      message: expect.stringMatching(/s3:PutObject on .*ops\/writers\//),
    });
  });

  test('leaves what is young, and no mark of its own', async () => {
    const [young] = await json(VacuumJson, 'vacuum', ...ON);
    expect(young).toMatchObject({ skipped: null, removed: [] });
    expect(young?.young).toBeGreaterThan(0);
    expect(await platform.store.list(writersPrefix(DATASET))).toEqual([]);
  });

  test('removes what nobody needs; every row, every kept snapshot and the audit stay as they were', async () => {
    const before = await rows();
    const unused = await soundWithUnused();
    for (const dataset of [REPORT, DATASET]) {
      const done = await vacuumNow(dataset);
      expect(done.skipped).toBeNull();
      expect(done.removed.length).toBeGreaterThan(0);
      expect(done.removed.some(({ key }) => key.endsWith('.parquet'))).toBe(true);
    }
    expect(await soundWithUnused()).toBeLessThan(unused);
    expect(await rows()).toBe(before);
    expect(await dropAndRun('after-vacuum')).toMatchObject({ status: 'promoted' });
    await soundWithUnused();
  });
});

test('a compaction that a commit of the platform overtakes commits nothing and says so; while it may be at work, no vacuum is', async () => {
  await dropAndRun('overtaken');
  const before = await platform.pointer('silver', DATASET);
  const lost = { kind: 'answer', status: 412, code: 'PreconditionFailed', message: 'lost' } as const;
  const path = 'mortgages/transactions/_LATEST.json';
  await platform.faults.add({ meets: { method: 'PUT', path }, action: lost, times: 1 });
  expect(await failed(['compact', DATASET])).toMatchObject({ exit: 3, name: 'ConflictError' });
  await platform.faults.clear();
  expect(await platform.pointer('silver', DATASET)).toEqual(before);
  expect(await platform.store.list(writersPrefix(DATASET))).toHaveLength(1);
  const [busy] = await json(VacuumJson, 'vacuum', ...ON);
  expect(busy?.skipped).toMatch(/^compaction .* may be under way since/);
  expect(await soundWithUnused()).toBeGreaterThan(0);
});
