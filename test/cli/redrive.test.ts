import { execFileSync } from 'node:child_process';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { tempFolder } from '../adapters/temp-folder.ts';
import { runMain } from './run-main.ts';

const WHY = ['--dataset', 'orders.created', '--reason', 'asked the shop', '--by', 'ann'];
const TOPIC = 'raw.orders.events';

let [cwd, dispose]: [string, () => Promise<void>] = ['', async () => undefined];
const run = (...args: readonly string[]) => runMain(args, { cwd });
const json = async <T>(...args: readonly string[]) => JSON.parse((await run(...args, '--json')).out) as T;

const order = (n: number, { data = {}, ...attributes }: { data?: object; [name: string]: unknown } = {}) => ({
  ...{ specversion: '1.0', id: `e-${n}`, source: '/orders-svc', type: 'orders.order.created' },
  time: '2026-01-13T12:01:01.900Z',
  ...attributes,
  data: { order_id: `o-${n}`, customer_id: 'c-1', currency: 'EUR', total: n, ...data },
});

/** Digits beyond what a double keeps, and members that the contract doesn't know: nothing of it may change. */
const EXACT = JSON.stringify(order(1)).replace(
  '"customer_id":"c-1"',
  '"customer_id":null, "odd": 12345678901234567890.10',
);
const BINARY = {
  ...{ ce_specversion: '1.0', ce_id: 'e-2', ce_source: '/orders-svc', ce_type: 'orders.order.created' },
  ...{ ce_time: '2026-01-13T12:01:01.900Z', 'x-other': 'kept' },
};

beforeAll(async () => {
  ({ folder: cwd, dispose } = await tempFolder());
  await cp('examples/orders/contracts', path.join(cwd, 'contracts'), { recursive: true });
  const file = path.join(cwd, 'contracts/orders/created.yaml');
  const limits = `      - property: assay.limits
        value: { maxQuarantineRate: 1, smallBatchRecords: 1000, maxCondemned: 1000, breakerErrors: 100000 }
`;
  await writeFile(file, `${await readFile(file, 'utf8')}${limits}`);
  await mkdir(path.join(cwd, 'policies'));
  const policy =
    'dataset_urn: urn:dp:orders:created\ncontract_id: dc:orders.created:3\nowners: [orders-team]\n';
  await writeFile(
    path.join(cwd, 'policies/orders.created.yaml'),
    `${policy}pii_policy: BLOCK\nproducers: [{ principal: User:orders-svc, producer_id: orders-svc }]\n`,
  );
  const head = (offset: number) =>
    `{"topic":"${TOPIC}","partition":3,"offset":${offset},"timestamp":"2026-01-13T12:01:02.120Z","key":"k-${offset}"`;
  const { data } = order(2, { data: { total: -2 } });
  const events = [
    `${head(0)},"value":${JSON.stringify(order(0))}}`,
    `${head(1)},"headers":{"trace":"t-1"},"value":${EXACT}}`,
    `${head(2)},"headers":${JSON.stringify(BINARY)},"value":${JSON.stringify(data)}}`,
    `${head(3)},"value":${JSON.stringify(order(3, { data: { note: 'ring at ann@example.org' } }))}}`,
    `${head(4)},"headers":{"producer_id":"somebody"},"value":${JSON.stringify(order(4))}}`,
    `${head(5)},"value":"no order"}`,
  ];
  await writeFile(path.join(cwd, 'events.jsonl'), `${events.join('\n')}\n`);
  await run('init', '--lake', 'lake');
  expect(await enforce('events.jsonl')).toMatchObject({ code: 1, err: '' });
});
afterAll(() => dispose());

const enforce = (file: string) =>
  run(
    ...['enforce', '--from', file, '--topic', TOPIC, '--dataset', 'orders.created'],
    ...['--policies', 'policies', '--lake', 'lake'],
  );

/** By no code of ours: the result of the first evidence of each event, by topic id and offset. */
const PYTHON = `
import json, pathlib
first = {}
for file in pathlib.Path('lake/ops/evidence').rglob('*.jsonl'):
    for line in file.read_text().splitlines():
        one = json.loads(line)
        known = first.get(one['evidence_id'])
        if known is None or one['timestamp'] < known['timestamp']:
            first[one['evidence_id']] = one
print(json.dumps(sorted([e['source']['partition'], e['source']['offset']] for e in first.values() if e['validation']['result'] == 'PASS')))
`;
const passed = (): unknown => JSON.parse(execFileSync('python3', ['-c', PYTHON], { cwd, encoding: 'utf8' }));

/** What Silver's files have, by DuckDB alone. */
async function published(): Promise<Record<string, unknown>[]> {
  const silver = path.join(cwd, 'lake/silver');
  const files = (await readdir(silver, { recursive: true })).filter((name) => name.endsWith('.parquet'));
  const duck = await (await DuckDBInstance.create(':memory:')).connect();
  const list = files.map((name) => `'${path.join(silver, name)}'`).join(', ');
  const sql = `SELECT order_id, customer_id, CAST(total AS VARCHAR) AS total, note, CAST(event_partition AS INT) AS p, CAST(event_offset AS INT) AS o FROM read_parquet([${list}]) ORDER BY order_id`;
  const rows = (await duck.runAndReadAll(sql)).getRowObjects();
  duck.closeSync();
  return rows;
}

interface Listed {
  readonly record: string;
  readonly sourceRowNumber: number;
}
const open = async (): Promise<readonly Listed[]> =>
  (await json<{ records: Listed[] }[]>('quarantine', 'list'))[0]?.records ?? [];
const recordAt = async (offset: number): Promise<string> =>
  (await open()).find(({ sourceRowNumber }) => sourceRowNumber === offset + 1)?.record ?? '';

interface Shown {
  readonly state: string;
  readonly evidence: string;
  readonly history: readonly { readonly what: string; readonly details: string }[];
}

interface Planned {
  readonly redriveId: string | null;
  readonly events: readonly {
    readonly evidence: string;
    readonly offset: number;
    readonly isCorrected: boolean;
  }[];
  readonly left: readonly { readonly why: string }[];
}

test('a bad event goes from its evidence by a correction and its topic to Silver, with all that it was', async () => {
  const ids = { customer: await recordAt(1), total: await recordAt(2), note: await recordAt(3) };
  const { evidence } = await json<Shown>('quarantine', 'show', ids.customer);
  const correct = (id: string, ...values: readonly string[]) =>
    run('quarantine', 'correct', id, ...values, '--no-retry', ...WHY);
  expect(await correct(ids.customer, 'customer_id=c-9')).toMatchObject({ code: 0, err: '' });
  expect(await correct(ids.total, 'total=2.50', 'placed_at=2026-01-14T00:00:00Z')).toMatchObject({ code: 0 });
  expect(await correct(ids.note, 'note=ring twice')).toMatchObject({ code: 0 });

  const plan = await json<Planned>('redrive', '--all', '--dry-run', ...WHY);
  expect(plan).toMatchObject({ redriveId: null, left: [] });
  expect(plan.events.map(({ offset, isCorrected }) => [offset, isCorrected])).toEqual([
    [1, true],
    [2, true],
    [3, true],
    [4, false],
    [5, false],
  ]);
  expect(plan.events[0]?.evidence).toBe(evidence);
  // Nothing was sent, and nothing is kept of it.
  expect(await open()).toHaveLength(5);

  const some = [evidence.slice(0, 16), ids.total, ids.note];
  const named = await run('redrive', evidence.slice(0, 16), '--to', 'one.jsonl', '--dry-run', ...WHY);
  expect(named).toMatchObject({ code: 0, out: expect.stringMatching(/^1 event of/) });
  const redriven = await json<Planned>('redrive', ...some.slice(1), '--to', 'again.jsonl', ...WHY);
  expect(redriven.events.map(({ offset }) => offset)).toEqual([2, 3]);
  expect(await run('redrive', evidence, '--to', 'first.jsonl', ...WHY)).toMatchObject({ code: 0, err: '' });

  const [first = ''] = (await readFile(path.join(cwd, 'first.jsonl'), 'utf8')).split('\n');
  // As it came, to the last digit, but for what was corrected.
  expect(first).toContain(EXACT.replace('"customer_id":null', '"customer_id":"c-9"'));
  expect(JSON.parse(first)).toMatchObject({
    ...{ topic: TOPIC, key: 'k-1' },
    headers: { trace: 't-1', 'assay-evidence-id': evidence, 'assay-redrive-id': expect.any(String) },
  });
  const [second = ''] = (await readFile(path.join(cwd, 'again.jsonl'), 'utf8')).split('\n');
  expect(JSON.parse(second)).toMatchObject({
    headers: { ...BINARY, ce_time: '2026-01-14T00:00:00Z', 'assay-redrive-id': redriven.redriveId },
    value: { data: { total: 2.5 } },
  });

  for (const file of ['first.jsonl', 'again.jsonl'])
    expect(await enforce(file)).toMatchObject({ code: 0, err: '' });
  const rows = await published();
  expect(rows.map(({ order_id, customer_id, total, note }) => [order_id, customer_id, total, note])).toEqual([
    ['o-0', 'c-1', '0.00', null],
    ['o-1', 'c-9', '1.00', null],
    ['o-2', 'c-1', '2.50', null],
    ['o-3', 'c-1', '3.00', 'ring twice'],
  ]);
  expect(rows.map(({ p, o }) => [p, o]).sort()).toEqual(passed());

  // The same file once more changes nothing, and the records are closed.
  expect(await enforce('again.jsonl')).toMatchObject({ code: 0 });
  expect(await published()).toEqual(rows);
  expect(await json<Shown>('quarantine', 'show', ids.customer)).toMatchObject({
    state: 'corrected',
    history: [{ what: 'quarantined' }, { what: 'corrected' }, { what: 'redriven' }],
  });
  const [decision] = await json<object[]>(
    'query',
    `SELECT "by", reason FROM ops.decisions WHERE kind = 'redriven' LIMIT 1`,
  );
  expect(decision).toEqual({ by: 'ann', reason: 'asked the shop' });
  expect(await run('redrive', ids.customer, '--to', 'no.jsonl', ...WHY)).toMatchObject({
    code: 2,
    err: expect.stringContaining('no open record matches'),
  });
});

test('what is not healed fails again, as a record of its own', async () => {
  const code = ['redrive', '--code', 'PRODUCER_MISMATCH', '--to', 'mismatch.jsonl', ...WHY];
  expect(await run(...code)).toMatchObject({ code: 0, err: '' });
  expect(await enforce('mismatch.jsonl')).toMatchObject({ code: 1 });
  const records = await open();
  expect(records).toHaveLength(2);
  expect((await published()).map(({ order_id }) => order_id)).not.toContain('o-4');
  // By whom the policy knows it is published.
  const file = path.join(cwd, 'policies/orders.created.yaml');
  await writeFile(file, (await readFile(file, 'utf8')).replace(/^producers.*$/m, ''));
  expect(await run('redrive', '--code', 'PRODUCER_MISMATCH', '--to', 'known.jsonl', ...WHY)).toMatchObject({
    code: 0,
  });
  expect(await enforce('known.jsonl')).toMatchObject({ code: 0 });
  expect((await published()).map(({ order_id }) => order_id)).toContain('o-4');
});

test('a redrive that died is gone on with, and another waits for it', async () => {
  const [id] = (await readdir(path.join(cwd, 'lake/ops/redriving/orders/created'))).sort().reverse();
  await rm(path.join(cwd, `lake/ops/redrives/orders/created/${id}.parquet`));
  expect(await run('redrive', '--all', '--to', 'other.jsonl', ...WHY)).toMatchObject({
    code: 2,
    err: expect.stringContaining('--resume'),
  });
  const before = await readFile(path.join(cwd, 'known.jsonl'), 'utf8');
  await rm(path.join(cwd, 'known.jsonl'));
  expect(await run('redrive', '--resume', '--to', 'known.jsonl', ...WHY)).toMatchObject({ code: 0, err: '' });
  expect(await readFile(path.join(cwd, 'known.jsonl'), 'utf8')).toBe(before);
});

test('a command line that says too little, or two things, sends nothing', async () => {
  const said = async (...args: readonly string[]) => {
    const { code, err, out } = await run('redrive', '--dataset', 'orders.created', ...args);
    expect(code).toBe(2);
    return err + out;
  };
  expect(await said('--all', '--reason', 'x')).toMatch(/--bootstrap HOST:PORT.*--to FILE/);
  expect(await said('--to', 'x.jsonl', '--reason', 'x')).toMatch(/write --all/);
  expect(await said('--all', '--to', 'x.jsonl')).toMatch(/--reason is missing/);
  expect(await said('--all', '--to', '-', '--json', '--reason', 'x')).toMatch(/leave out --json/);
  expect(await said('--resume', '--to', 'x.jsonl')).toMatch(/no redrive/);
  expect(await said('evd-aaaaaaaaaaaa', '--to', 'x.jsonl', '--reason', 'x')).toMatch(
    /no open record of evd-/,
  );
});
