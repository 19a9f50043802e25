import { Buffer } from 'node:buffer';
import { execFileSync } from 'node:child_process';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { tempFolder } from '../adapters/temp-folder.ts';
import { runMain } from './run-main.ts';

const WHY = ['--dataset', 'orders.created', '--reason', 'the shop says so', '--by', 'ann'];
const TOPIC = ['--topic', 'raw.orders.events'];

/** By no code of ours: offsets by the result of the first evidence of each event, and the lines that say `failed`. */
const PYTHON = `
import json, pathlib, sys
first = {}
for file in pathlib.Path(sys.argv[1], 'ops/evidence').rglob('*.jsonl'):
    for line in file.read_text().splitlines():
        one = json.loads(line)
        known = first.get(one['evidence_id'])
        if known is None or one['timestamp'] < known['timestamp']:
            first[one['evidence_id']] = one
of = lambda result: sorted(e['source']['offset'] for e in first.values() if e['validation']['result'] == result)
lines = [json.loads(l) for f in pathlib.Path(sys.argv[1], 'bronze').rglob('*.jsonl') for l in f.read_text().splitlines()]
print(json.dumps({'PASS': of('PASS'), 'FAIL': of('FAIL'), 'failed': {l['offset']: l['failed'] for l in lines if 'failed' in l}}))
`;

interface Judged {
  readonly PASS: readonly number[];
  readonly FAIL: readonly number[];
  readonly failed: Readonly<Record<string, readonly string[]>>;
}

const evidenced = (lake: string): Judged =>
  JSON.parse(execFileSync('python3', ['-c', PYTHON, lake], { encoding: 'utf8' })) as Judged;

/** Offsets in Silver's files, by DuckDB alone. */
async function published(lake: string): Promise<number[]> {
  const files = (await readdir(path.join(lake, 'silver'), { recursive: true })).filter((name) =>
    name.endsWith('.parquet'),
  );
  if (files.length === 0) return [];
  const duck = await (await DuckDBInstance.create(':memory:')).connect();
  const list = files.map((name) => `'${path.join(lake, 'silver', name)}'`).join(', ');
  const read = await duck.runAndReadAll(`SELECT event_offset FROM read_parquet([${list}]) ORDER BY 1`);
  duck.closeSync();
  return read.getRows().map(([offset]) => Number(offset));
}

const order = (n: number, { data = {}, ...attributes }: { data?: object; [name: string]: unknown } = {}) => ({
  ...{ specversion: '1.0', id: `e-${n}`, source: '/orders-svc', type: 'orders.order.created' },
  time: '2026-01-13T12:01:01.900Z',
  ...attributes,
  data: { order_id: `o-${n}`, customer_id: 'c-1', currency: 'EUR', total: n, ...data },
});

const EVENTS: readonly { readonly value: unknown; readonly headers?: Record<string, string> }[] = [
  { value: order(0) },
  { value: order(1, { data: { note: 'ring at ann@example.org' } }) },
  { value: order(2), headers: { producer_id: 'somebody-else' } },
  { value: { ...order(3), source: undefined } },
  { value: order(4, { data: { channel: 'fax' } }) },
  { value: order(5, { data: { customer_id: null, channel: 'fax' } }) },
  { value: order(6), headers: { producer_id: 'orders-svc' } },
  { value: order(7, { data: { total: -1 } }) },
  { value: 'no order' },
];

const FAILED = {
  1: ['PII_DETECTED:note'],
  2: ['PRODUCER_MISMATCH'],
  3: ['ENVELOPE_INVALID:source'],
  4: ['SCHEMA_INVALID:/channel'],
  5: ['SCHEMA_INVALID:/channel'],
  8: ['ENVELOPE_MISSING', 'SCHEMA_INVALID'],
};

let [cwd, dispose]: [string, () => Promise<void>] = ['', async () => undefined];
const write = async (name: string, text: string): Promise<void> => {
  await mkdir(path.dirname(path.join(cwd, name)), { recursive: true });
  await writeFile(path.join(cwd, name), text);
};
const run = (...args: readonly string[]) => runMain(args, { cwd });
const json = async <T>(...args: readonly string[]) => JSON.parse((await run(...args, '--json')).out) as T;

beforeAll(async () => {
  ({ folder: cwd, dispose } = await tempFolder());
  await cp('examples/orders/contracts', path.join(cwd, 'contracts'), { recursive: true });
  const file = path.join(cwd, 'contracts/orders/created.yaml');
  const limits = `      - property: assay.limits
        value: { maxQuarantineRate: 1, smallBatchRecords: 1000, maxCondemned: 1000, breakerErrors: 100000 }
`;
  await writeFile(file, `${await readFile(file, 'utf8')}${limits}`);
  const schema = {
    type: 'object',
    properties: { channel: { enum: ['web', 'shop'] } },
  };
  await write('schemas/orders.created/1.json', JSON.stringify(schema));
  await write(
    'policies/orders.created.yaml',
    `dataset_urn: urn:dp:orders:created
contract_id: dc:orders.created:3
enforcement_mode: QUARANTINE_ON_FAIL
pii_policy: BLOCK
owners: [orders-team]
schema_id: folder:orders.created:1
envelope: cloudevents
producers: [{ principal: User:orders-svc, producer_id: orders-svc }]
`,
  );
  const place = { topic: 'raw.orders.events', partition: 3, timestamp: '2026-01-13T12:01:02.120Z', key: 'k' };
  const lines = EVENTS.map((one, offset) => `${JSON.stringify({ ...place, offset, ...one })}\n`);
  await write('events.jsonl', lines.join(''));
});
afterAll(() => dispose());

const enforce = (lake: string, file: string, ...more: readonly string[]) =>
  run(
    ...['enforce', '--from', file, ...TOPIC, '--dataset', 'orders.created', '--policies', 'policies'],
    ...['--schema-registry', 'schemas', '--lake', lake, ...more],
  );

interface Shown {
  readonly reasons: readonly {
    readonly rule: string;
    readonly code: string;
    readonly value: string | null;
  }[];
}

test('what failed at any gate is quarantined for that, and what is published is what passed', async () => {
  await run('init', '--lake', 'lake');
  expect(await enforce('lake', 'events.jsonl')).toMatchObject({ code: 1, err: '' });
  const judged = evidenced(path.join(cwd, 'lake'));
  expect(judged).toEqual({ PASS: [0, 6], FAIL: [1, 2, 3, 4, 5, 7, 8], failed: FAILED });
  expect(await published(path.join(cwd, 'lake'))).toEqual(judged.PASS);

  const [list] = await json<{ records: ({ record: string } & Shown)[] }[]>('quarantine', 'list');
  expect(list?.records).toHaveLength(judged.FAIL.length);
  const gates = list?.records.flatMap(({ reasons }) => reasons.filter(({ code }) => code === 'GATE_ERROR'));
  expect(gates).toContainEqual({ rule: 'PII_DETECTED', column: null, code: 'GATE_ERROR', value: 'note' });
  expect(gates).toContainEqual({ rule: 'PRODUCER_MISMATCH', column: null, code: 'GATE_ERROR', value: null });
  expect(gates).toHaveLength(Object.values(FAILED).flat().length);
  // People read which gate's reason it was, and no column that is none.
  expect((await run('quarantine', 'list')).out).toMatch(/GATE_ERROR PII_DETECTED:note/);
  const csv = (await run('quarantine', 'export', '--dataset', 'orders.created')).out;
  expect(csv).toMatch(/GATE_ERROR SCHEMA_INVALID:\/channel/);
  const mismatch =
    list?.records.find(({ reasons }) => reasons[0]?.rule === 'PRODUCER_MISMATCH')?.record ?? '';
  for (const more of [[], ['--json'], ['--unmasked'], ['--unmasked', '--json']])
    expect((await run('quarantine', 'show', mismatch, ...more)).out).not.toContain('failed$');
  expect((await run('quarantine', 'show', mismatch)).out).toMatch(
    /Next +\S.* redrive [0-9a-f]{16} --dataset/,
  );
  // All reasons of one that failed its contract as well.
  const both = list?.records.find(({ reasons }) => reasons.length === 2 && reasons[0]?.code === 'NULL_VALUE');
  expect(both?.reasons.map(({ code }) => code)).toEqual(['NULL_VALUE', 'GATE_ERROR']);
});

test('no correction makes what failed at a gate pass the batch workflow; its topic has to judge it again', async () => {
  const [list] = await json<{ records: ({ record: string } & Shown)[] }[]>('quarantine', 'list');
  const id = list?.records.find(({ reasons }) => reasons[0]?.rule === 'PII_DETECTED')?.record ?? '';
  const corrected = await run('quarantine', 'correct', id, 'note=ring twice', ...WHY);
  expect([corrected.code, corrected.out]).toEqual([
    0,
    expect.stringMatching(/not tested yet[\s\S]*assay redrive/),
  ]);
  const retried = await run('quarantine', 'retry', id, ...WHY);
  expect([retried.code, retried.err]).toEqual([
    2,
    expect.stringMatching(/failed at gates \(PII_DETECTED:note\), .*assay redrive/),
  ]);
  expect(await published(path.join(cwd, 'lake'))).toEqual([0, 6]);
});

test('of a protected dataset it is the same, and a rejecting contract knows what stands around payloads', async () => {
  const file = path.join(cwd, 'protected/orders/created.yaml');
  await cp(path.join(cwd, 'contracts'), path.join(cwd, 'protected'), { recursive: true });
  const text = (await readFile(file, 'utf8'))
    .replace(
      'value: /value/data/customer_id\n',
      'value: /value/data/customer_id\n          - property: assay.protect\n            value: { as: pseudonym, group: ids }\n',
    )
    .replace(
      'classification: internal\n        description: A number',
      'classification: personal\n        description: A number',
    )
    .replace(
      'schema:\n',
      'slaProperties:\n  - property: retention\n    value: 6\n    unit: y\n    element: created.placed_at\nschema:\n',
    );
  await writeFile(
    file,
    `${text}      - property: assay.subject
        value: { column: customer_id, kind: customer }
      - property: assay.unknownColumns
        value: reject
`,
  );
  await cp(path.join(cwd, 'policies'), path.join(cwd, 'alerting'), { recursive: true });
  const policy = path.join(cwd, 'alerting/orders.created.yaml');
  await writeFile(policy, (await readFile(policy, 'utf8')).replace('BLOCK', 'ALERT'));
  await run('init', '--lake', 'sealed');
  expect(await run('vault', 'init', '--lake', 'sealed')).toMatchObject({ code: 0 });
  expect(
    await enforce('sealed', 'events.jsonl', '--contracts', 'protected', '--policies', 'alerting'),
  ).toMatchObject({
    code: 1,
    err: '',
  });
  const { PASS, FAIL } = evidenced(path.join(cwd, 'sealed'));
  expect([PASS, FAIL]).toEqual([
    [0, 6],
    [1, 2, 3, 4, 5, 7, 8],
  ]);
  expect(await published(path.join(cwd, 'sealed'))).toEqual(PASS);
  // Personal data in a column that stays in the clear is stored nowhere, whatever the policy says: its event is sealed whole.
  for (const name of await readdir(path.join(cwd, 'sealed'), { recursive: true })) {
    const bytes = await readFile(path.join(cwd, 'sealed', name)).catch(() => Buffer.of());
    expect([name, bytes.includes('ann@example.org')]).toEqual([name, false]);
  }
  const of = ['--lake', 'sealed', '--contracts', 'protected'];
  const [list] = await json<{ records: ({ record: string } & Shown)[] }[]>('quarantine', 'list', ...of);
  const reasons = list?.records.flatMap((one) => one.reasons) ?? [];
  const { 1: _left, ...failed } = FAILED;
  expect(reasons.filter(({ code }) => code === 'GATE_ERROR')).toHaveLength(
    Object.values(failed).flat().length,
  );
  const personal = list?.records.find(({ reasons: [first] }) => first?.rule === 'personal data in the clear');
  expect(personal?.reasons).toMatchObject([{ code: 'STRUCTURE_ERROR', value: 'note' }]);
  const shown = await run('quarantine', 'show', personal?.record ?? '', ...of);
  expect(shown.out).toMatch(/Next +have its producer send it again/);
  const retried = await run('quarantine', 'retry', personal?.record ?? '', ...of, ...WHY);
  expect([retried.code, retried.err]).toEqual([
    2,
    expect.stringContaining('have its producer send it again'),
  ]);
  // A member of the payload that the contract doesn't know, and nothing else.
  const unknown = reasons
    .filter(({ code }) => code === 'SCHEMA_ERROR')
    .map(({ rule, value }) => [rule, value]);
  // The last one's payload is no object at all.
  expect(unknown).toEqual(Array(3).fill(['unknown_members', 'value']));
});

test("in a source's own file the member means nothing", async () => {
  await run('init', '--lake', 'files');
  const lines = [0, 1].map((offset) =>
    JSON.stringify({ failed: ['PII_DETECTED:note'], partition: 0, offset, value: order(offset) }),
  );
  await write('orders.jsonl', `${lines.join('\n')}\n`);
  const ingest = ['ingest', 'orders.jsonl', '--dataset', 'orders.created', '--lake', 'files'];
  expect(await run(...ingest)).toMatchObject({ code: 0, err: '' });
  expect(await run('run', '--dataset', 'orders.created', '--lake', 'files')).toMatchObject({
    code: 0,
    err: '',
  });
  expect(await published(path.join(cwd, 'files'))).toEqual([0, 1]);
});
