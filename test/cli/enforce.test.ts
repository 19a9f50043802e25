import { Buffer } from 'node:buffer';
import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { tempFolder } from '../adapters/temp-folder.ts';
import { order } from '../stream/gates/judging.ts';
import { assay } from './assay.ts';
import { runMain } from './run-main.ts';

const TOPIC = ['--topic', 'raw.orders.events'];
const FILE = 'examples/orders/raw.orders.events.jsonl';
const POLICIES = ['--policies', 'examples/orders/policies'];
const env = { ASSAY_CONTRACTS: 'examples/orders/contracts' };
const FIRST = 99817263;

let [cwd, dispose]: [string, () => Promise<void>] = ['', async () => undefined];
beforeAll(async () => {
  ({ folder: cwd, dispose } = await tempFolder());
  await cp('examples/orders', path.join(cwd, 'examples/orders'), { recursive: true });
});
afterAll(() => dispose());

const run = (...args: readonly string[]) => runMain(args, { cwd, env });
const json = async <T>(...args: readonly string[]) =>
  JSON.parse((await runMain([...args, '--json'], { cwd, env })).out) as T;

async function newLake(name: string): Promise<readonly string[]> {
  expect((await run('init', '--lake', name)).code).toBe(0);
  return ['--lake', name];
}

interface Found {
  readonly evidence_id: string;
  readonly dataset_urn: string;
  readonly source: { readonly offset: number; readonly key: string | null };
  readonly validation: Readonly<Record<'reason_codes' | 'warnings', readonly string[]>>;
}

const evidenceOf = (lake: readonly string[], ...more: readonly string[]): Promise<Found[]> =>
  json('evidence', 'list', '--limit', '1000', ...more, ...lake);

/** Reasons by the place of an event behind the first. */
const reasonsOf = (found: readonly Found[], first = FIRST): Record<number, string> =>
  Object.fromEntries(
    found.map(({ source, validation }) => [source.offset - first, validation.reason_codes.join(' ')]),
  );

interface Record0 {
  readonly record: string;
  readonly evidence: string;
  readonly reasons: readonly {
    readonly code: string;
    readonly column: string | null;
    readonly rule: string;
    readonly value: string | null;
  }[];
}

const reasonText = ({ code, column, rule, value }: Record0['reasons'][number]): string => {
  if (code === 'GATE_ERROR') return value === null ? rule : `${rule}:${value}`;
  return column === null ? code : `${code}:${column}`;
};

/** What is in quarantine: reasons as evidence names them, by evidence. */
async function quarantined(lake: readonly string[]): Promise<Record<string, string>> {
  const lists = await json<{ records: { record: string }[] }[]>(
    'quarantine',
    'list',
    '--limit',
    '1000',
    ...lake,
  );
  const found: Record<string, string> = {};
  for (const { record } of lists.flatMap(({ records }) => records)) {
    const { evidence, reasons } = await json<Record0>('quarantine', 'show', record, ...lake);
    found[evidence] = reasons.map(reasonText).sort().join(' ');
  }
  return found;
}

const rows = (sql: string, lake: readonly string[]): Promise<unknown> => json('query', sql, ...lake);

test('the orders of the example: evidence of each, Silver has what passed, quarantine what failed, with its evidence', async () => {
  const page = await readFile('docs/streaming.md', 'utf8');
  const commands = (/^```sh\n(npx assay init[\s\S]*?)^```$/m.exec(page)?.[1] ?? '').trim().split('\n');
  const lake = ['--lake', 'lake'];
  const outs: string[] = [];
  for (const command of commands) {
    const words = [...command.matchAll(/"([^"]*)"|(\S+)/g)]
      .map(([, quoted, bare = '']) => quoted ?? bare)
      .slice(2);
    const { code, out } = await runMain(words, { cwd });
    expect([command, code]).toEqual([command, words[0] === 'enforce' ? 1 : 0]);
    outs.push(out);
  }
  expect(outs.slice(1, 4)).toEqual(Array(3).fill(expect.stringMatching(/NULL_VALUE.customer_id/)));
  const evidence = await evidenceOf(lake);
  expect(reasonsOf(evidence)).toEqual({
    ...{ 0: '', 1: '', 2: 'NULL_VALUE:customer_id', 3: '', 4: 'DOMAIN_ERROR:currency', 5: '' },
    ...{
      6: 'RANGE_ERROR:total',
      7: '',
      8: 'DATASET_UNKNOWN',
      9: '',
      10: '',
      11: '',
      12: 'PAYLOAD_UNREADABLE',
    },
  });
  expect(evidence.find(({ source }) => source.offset === FIRST)).toMatchObject({
    stage: 'OBSERVED_RAW',
    dataset_urn: 'urn:dp:orders:created',
    producer: { producer_id: 'orders-svc', identity_confidence: 'HIGH' },
    source: { raw_topic: 'raw.orders.events', partition: 12, event_time: '2026-01-13T12:01:01.900Z' },
    contract: { contract_id: 'dc:orders.created:3', contract_version: '3.0.0' },
    policy: { enforcement_mode: 'QUARANTINE_ON_FAIL' },
    validation: { result: 'PASS', failed_gates: [], reason_codes: [] },
    otel: { trace_id: '2f1c3f00000000000000000000000001' },
  });
  expect(await rows('SELECT order_id FROM silver.orders_created ORDER BY event_offset', lake)).toMatchObject(
    [0, 1, 3, 5, 7, 8, 9, 10].map((n) => ({ order_id: `o-${784233 + n}` })),
  );
  const ids = new Map(evidence.map(({ source, evidence_id }) => [source.offset - FIRST, evidence_id]));
  expect(await quarantined(lake)).toEqual({
    [ids.get(2) ?? '']: 'NULL_VALUE:customer_id',
    [ids.get(4) ?? '']: 'DOMAIN_ERROR:currency',
    [ids.get(6) ?? '']: 'RANGE_ERROR:total',
    // Nothing of it could be read: the batch workflow misses every value.
    [ids.get(12) ?? '']: expect.stringContaining('NULL_VALUE:order_id'),
  });
  const shown = await run('evidence', 'show', (ids.get(2) ?? '').slice(0, 14), ...lake);
  expect(shown.out).toContain('NULL_VALUE:customer_id');

  // The same again.
  const again = await json<object>('enforce', '--from', FILE, ...TOPIC, ...POLICIES, ...lake);
  expect(again).toMatchObject({
    events: 13,
    failed: 5,
    landed: { events: 0, files: 0, before: 13, apart: 1 },
  });
  expect(await evidenceOf(lake)).toEqual(evidence);
  expect(await rows('SELECT count(*) AS n FROM silver.orders_created', lake)).toMatchObject([{ n: 8 }]);
});

test('an event that failed is corrected as any record is, and published', async () => {
  const lake = ['--lake', 'lake'];
  const [list] = await json<{ records: Record0[] }[]>(
    'quarantine',
    'list',
    '--column',
    'customer_id',
    ...lake,
  );
  const ids = (list?.records ?? []).filter(({ reasons }) => reasons.length === 1).map(({ record }) => record);
  expect(ids).toHaveLength(1);
  const why = ['--dataset', 'orders.created', '--reason', 'asked the shop', '--by', 'ann'];
  const corrected = await run('quarantine', 'correct', ids[0] ?? '', 'customer_id=c-9', ...why, ...lake);
  expect([corrected.code, corrected.err]).toEqual([0, '']);
  const sql = "SELECT order_id, event_offset FROM silver.orders_created WHERE customer_id = 'c-9'";
  expect(await rows(sql, lake)).toMatchObject([{ order_id: 'o-784235' }]);
  const shown = await json<Record0>('quarantine', 'show', ids[0] ?? '', ...lake);
  expect(shown.evidence).toMatch(/^evd-/);
});

test('evidence is found by dataset, result, gate, reason and offset', async () => {
  const lake = ['--lake', 'lake'];
  const places = async (...filter: readonly string[]) =>
    (await evidenceOf(lake, ...filter)).map(({ source }) => source.offset - FIRST).sort((a, b) => a - b);
  expect(await places('--result', 'FAIL')).toEqual([2, 4, 6, 8, 12]);
  expect(await places('--gate', 'contract')).toEqual([2, 4, 6]);
  expect(await places('--reason', 'NULL_VALUE')).toEqual([2]);
  expect(await places('--reason', 'NULL_VALUE:order_id')).toEqual([]);
  expect(await places('--dataset', 'unknown')).toEqual([8]);
  expect(await places('--dataset', 'orders.created', '--offset', String(FIRST + 3))).toEqual([3]);
  expect((await run('evidence', 'list', '--gate', 'X', ...lake)).code).toBe(2);
  expect((await run('evidence', 'show', 'evd-aaaaaaaaaaaa', ...lake)).err).toContain('There is no evidence');
});

test('what fails the contract as an event is quarantined as a record, for the same reasons', async () => {
  const lake = await newLake('same');
  const values: readonly object[] = [
    {},
    { order_id: 'x' },
    { order_id: null, customer_id: null },
    { currency: 'usd', total: 'a lot' },
    { total: '-0.001' },
    { total: 1e3 },
    { customer_id: ['c-1'], note: { a: 1 } },
  ];
  const lines = [
    ...values.map((value, n) => order({ order_id: `o-${n + 1}`, ...value }).toString()),
    order({ order_id: 'o-90' }, { time: '2026-02-30T00:00:00Z' }).toString(),
    order({ order_id: 'o-91' }, { time: 'soon' }).toString(),
    '{"data":{"order_id":"o-92","order_id":"o-93"}}',
    '{"data":{"order_id":"\\ud800"}}',
    '[1]',
    '7',
    'null',
  ];
  await writeFile(path.join(cwd, 'mixed.jsonl'), `${lines.join('\n')}\n`);
  const file = path.join(cwd, 'lenient/orders/created.yaml');
  await cp(path.join(cwd, 'examples/orders/contracts'), path.join(cwd, 'lenient'), { recursive: true });
  const limits =
    '      - property: assay.limits\n        value: { maxQuarantineRate: 1, breakerErrors: 1000 }\n';
  await writeFile(file, `${(await readFile(file, 'utf8')).trimEnd()}\n${limits}`);
  const lenient = ['--dataset', 'orders.created', '--contracts', 'lenient'];
  const { code } = await run('enforce', '--from', 'mixed.jsonl', ...TOPIC, ...lenient, ...lake);
  expect(code).toBe(1);
  const evidence = await evidenceOf(lake);
  expect(evidence).toHaveLength(lines.length);
  const failed = evidence.flatMap(({ evidence_id, validation: { reason_codes } }) =>
    reason_codes.length === 0 ? [] : [[evidence_id, [...reason_codes].sort().join(' ')]],
  );
  expect(failed.length).toBeGreaterThan(9);
  expect(await quarantined(lake)).toEqual(Object.fromEntries(failed));
});

test('events of no known dataset are told, lie apart, and come in once a contract takes them', async () => {
  const lake = await newLake('apart');
  await writeFile(
    path.join(cwd, 'plain.jsonl'),
    `${order().toString()}\n\n${order({ order_id: 'o-2' }).toString()}`,
  );
  const { code, out } = await run('enforce', '--from', 'plain.jsonl', '--topic', 'raw.other', ...lake);
  expect(code).toBe(1);
  expect(out).toContain('DATASET_UNKNOWN');
  // Nothing says what such events may hold: neither is who writes them told, as their source says it.
  const told = [
    out,
    JSON.stringify(await evidenceOf(lake)),
    (await run('incidents', 'list', '--json', ...lake)).out,
  ];
  expect(told.map((one) => one.includes('/orders-svc'))).toEqual([false, false, false]);
  expect(told[1]).toMatch(/"producer_id":"digest:[0-9a-f]{32}"/);
  const [, next = ''] = /Next: assay (ingest .*) \(once/.exec(out) ?? [];
  const [bring = '', file = ''] = next.split(' ');
  expect((await readFile(path.join(cwd, file), 'utf8')).split('\n')).toHaveLength(3);
  expect(await run(bring, file, '--dataset', 'orders.created', ...lake)).toMatchObject({ code: 0 });
  expect(await run('run', '--dataset', 'orders.created', ...lake)).toMatchObject({ code: 0 });
  expect(
    await rows('SELECT order_id, event_offset FROM silver.orders_created ORDER BY 1', lake),
  ).toMatchObject([{ order_id: 'o-1' }, { order_id: 'o-2', event_offset: expect.anything() }]);
});

test('events come by stdin, and a line that is none stops there with what is before it done', async () => {
  const lake = await newLake('stdin');
  const input = `${(await readFile(path.join(cwd, FILE), 'utf8')).split('\n').slice(0, 2).join('\n')}\n{"topic":"raw.orders.events"}\n`;
  const args = ['enforce', '--from', '-', ...TOPIC, '--dataset', 'orders.created', '--no-run', ...lake];
  const { code, err } = await assay(args, { cwd, env, input });
  expect([code, err]).toEqual([1, expect.stringContaining('Line 3 of')]);
  expect(reasonsOf(await evidenceOf(lake))).toEqual({ 0: '', 1: '' });
  expect(await run('run', '--dataset', 'orders.created', ...lake)).toMatchObject({ code: 0 });
  expect(await rows('SELECT count(*) AS n FROM silver.orders_created', lake)).toMatchObject([{ n: 2 }]);
});

test('events of a protected dataset are protected before they are stored, and evidence says nothing of them', async () => {
  const lake = await newLake('sealed');
  const contracts = ['--contracts', 'protected'];
  await cp(path.join(cwd, 'examples/orders/contracts'), path.join(cwd, 'protected'), { recursive: true });
  const file = path.join(cwd, 'protected/orders/created.yaml');
  const text = (await readFile(file, 'utf8'))
    .replace(
      'classification: internal\n        description: A number',
      'classification: personal\n        description: A number',
    )
    .replace(
      'value: /value/data/customer_id\n',
      'value: /value/data/customer_id\n          - property: assay.protect\n            value: { as: pseudonym, group: ids }\n',
    )
    .replace(
      'schema:\n',
      'slaProperties:\n  - property: retention\n    value: 6\n    unit: y\n    element: created.placed_at\nschema:\n',
    );
  await writeFile(
    file,
    `${text}      - property: assay.subject\n        value: { column: customer_id, kind: customer }\n`,
  );
  expect(await run('vault', 'init', ...lake)).toMatchObject({ code: 0 });
  const command = ['enforce', '--from', FILE, ...TOPIC, ...POLICIES, ...contracts, ...lake];
  expect(await run(...command)).toMatchObject({ code: 1 });
  expect(
    await rows('SELECT count(*) AS n FROM silver.orders_created', [...contracts, ...lake]),
  ).toMatchObject([{ n: 8 }]);
  const found = await evidenceOf(lake, '--dataset', 'orders.created');
  expect(found).toHaveLength(12);
  for (const { source } of found) expect(source.key).toMatch(/^digest:[a-z2-7]{26}$/);
  const names = await readdir(path.join(cwd, 'sealed'), { recursive: true });
  expect(names.filter((name) => name.endsWith('.sealed.csv'))).toHaveLength(1);
  for (const name of names) {
    // Folders can't be read.
    const bytes = await readFile(path.join(cwd, 'sealed', name)).catch(() => Buffer.of());
    expect([name, bytes.includes('c-118')]).toEqual([name, false]);
  }
  // Who wrote it is said by the event alone, which may say anything.
  await writeFile(path.join(cwd, 'said.jsonl'), order({ order_id: 'o-95' }, { source: '/c-118' }));
  const said = ['--dataset', 'orders.created', '--no-run', ...contracts, ...lake];
  expect(await run('enforce', '--from', 'said.jsonl', ...TOPIC, ...said)).toMatchObject({ code: 0 });
  expect(JSON.stringify(await evidenceOf(lake, '--offset', '0'))).toMatch(
    /"producer_id":"digest:[a-z2-7]{26}"/,
  );
  expect(await json<object>(...command)).toMatchObject({ landed: { events: 0, before: 13 } });
  expect(
    (await quarantined([...contracts, ...lake]))[
      found.find(({ source }) => source.offset === FIRST + 2)?.evidence_id ?? ''
    ],
  ).toBe('NULL_VALUE:customer_id');
});

test('policies that are broken stop nothing, and evidence says so', async () => {
  const lake = await newLake('broken');
  await cp(path.join(cwd, 'examples/orders/policies'), path.join(cwd, 'broken-policies'), {
    recursive: true,
  });
  await writeFile(path.join(cwd, 'broken-policies/orders.created.yaml'), 'dataset_urn: [');
  await writeFile(path.join(cwd, 'packed.jsonl.gz'), gzipSync(await readFile(path.join(cwd, FILE))));
  const args = [
    'enforce',
    '--from',
    'packed.jsonl.gz',
    ...TOPIC,
    '--policies',
    'broken-policies',
    '--no-run',
    ...lake,
  ];
  expect(await run(...args)).toMatchObject({ code: 1 });
  const [first] = await evidenceOf(lake, '--offset', String(FIRST));
  expect(first).toMatchObject({
    policy: { version: null, enforcement_mode: 'ALERT_ONLY' },
    validation: { result: 'PASS', warnings: ['POLICY_BROKEN'] },
  });
  await writeFile(path.join(cwd, 'broken-policies/resolution.yaml'), 'rules: [{ source_type: NOTHING }]');
  await writeFile(path.join(cwd, 'other.jsonl'), order().toString());
  expect(await run('enforce', '--from', 'other.jsonl', ...args.slice(3))).toMatchObject({ code: 1 });
  expect(await evidenceOf(lake, '--dataset', 'unknown', '--offset', '0')).toMatchObject([
    { validation: { reason_codes: ['DATASET_UNKNOWN'], warnings: ['RESOLUTION_BROKEN'] } },
  ]);
});

test('a file that is damaged, or whose offsets go back, says where, and what is before it is done', async () => {
  const lake = await newLake('damaged');
  const lines = (await readFile(path.join(cwd, FILE), 'utf8')).split('\n');
  await writeFile(path.join(cwd, 'back.jsonl'), [lines[0], lines[2], lines[1]].join('\n'));
  const to = [...TOPIC, '--dataset', 'orders.created', '--no-run', ...lake];
  const back = await run('enforce', '--from', 'back.jsonl', ...to);
  expect([back.code, back.err]).toEqual([1, expect.stringContaining('Line 3 of')]);
  expect(reasonsOf(await evidenceOf(lake))).toEqual({ 0: '', 2: 'NULL_VALUE:customer_id' });
  await writeFile(path.join(cwd, 'cut.jsonl.gz'), gzipSync(Buffer.from(lines.join('\n'))).subarray(0, 700));
  const cut = await run('enforce', '--from', 'cut.jsonl.gz', ...to);
  expect([cut.code, cut.err]).toEqual([1, expect.stringContaining('damaged or cut off')]);
  // A first line that lost its end would make payloads of all others.
  await writeFile(path.join(cwd, 'torn.jsonl'), [lines[0]?.slice(0, -5), lines[1]].join('\n'));
  const torn = await run('enforce', '--from', 'torn.jsonl', ...to);
  expect([torn.code, torn.err]).toEqual([1, expect.stringMatching(/Line 1 of .* is no JSON/)]);
  expect(reasonsOf(await evidenceOf(lake))).toEqual({ 0: '', 2: 'NULL_VALUE:customer_id' });
});

test('a command line that says too little, or a folder that is none, changes nothing', async () => {
  const lake = await newLake('usage');
  expect((await run('enforce', '--from', FILE, ...lake)).err).toContain('--topic is missing');
  expect((await run('enforce', ...TOPIC, ...lake)).err).toContain('--from is missing');
  expect(await run('enforce', '--from', 'nothing.jsonl', ...TOPIC, ...lake)).toMatchObject({ code: 2 });
  expect((await run('enforce', '--from', FILE, ...TOPIC, '--policies', 'nowhere', ...lake)).err).toContain(
    'no folder',
  );
  expect((await run('enforce', '--from', FILE, ...TOPIC, '--cluster', 'a.b', ...lake)).err).toContain(
    "can't be",
  );
  expect(await evidenceOf(lake)).toEqual([]);
});

test('a file of events is the same however it is packed or marked, and a damaged one lands nothing', async () => {
  const lake = await newLake('packings');
  const text = Buffer.from(`${order({ order_id: 'o-71' })}\n${order({ order_id: 'o-72' })}\n`);
  const mark = Buffer.from([0xef, 0xbb, 0xbf]);
  const landed = async (name: string, bytes: Uint8Array) => {
    await writeFile(path.join(cwd, name), bytes);
    const to = ['--dataset', 'orders.created', '--no-run', ...lake];
    return await run('enforce', '--from', name, ...TOPIC, ...to, '--json');
  };
  const counts = async (name: string, bytes: Uint8Array) => {
    const { out } = await landed(name, bytes);
    const {
      passed,
      failed,
      landed: done,
    } = JSON.parse(out) as {
      passed: number;
      failed: number;
      landed: { events: number; before: number };
    };
    return [passed, failed, done.events, done.before];
  };
  expect(await counts('plain.txt', text)).toEqual([2, 0, 2, 0]);
  expect(await counts('packed.gz', gzipSync(text))).toEqual([2, 0, 0, 2]);
  expect(await counts('packed-by-its-bytes.jsonl', gzipSync(text))).toEqual([2, 0, 0, 2]);
  expect(await counts('marked.jsonl', Buffer.concat([mark, text]))).toEqual([2, 0, 0, 2]);
  const full = await readFile(path.join(cwd, FILE));
  expect(await counts('marked-lines.jsonl', Buffer.concat([mark, full]))).toEqual(
    await counts('lines.jsonl', full).then(([passed, failed]) => [passed, failed, 13, 0]),
  );
  const random = Buffer.from(Array.from({ length: 5000 }, (_, n) => (n * n * 31) % 251));
  const whole = gzipSync(Buffer.concat([order({ order_id: 'o-73' }), random]));
  const damaged: Readonly<Record<string, Uint8Array>> = {
    'cut.gz': whole.subarray(0, -9),
    'wrong-sum.gz': Buffer.concat([whole.subarray(0, -8), Buffer.alloc(8, 1)]),
    'followed.gz': Buffer.concat([whole, Buffer.from('more')]),
    'none.gz': random,
    'wide.jsonl': Buffer.from(`\ufeff${text}`, 'utf16le'),
  };
  for (const [name, bytes] of Object.entries(damaged)) {
    const { code, out, err } = await landed(name, bytes);
    expect([name, code, out + err]).toEqual([name, 1, expect.stringMatching(/can't be unpacked|UTF-16/)]);
  }
  expect(await evidenceOf(lake)).toHaveLength(15);
});

test('--log json names each event that failed by trace, dataset and place, and says nothing of what it held', async () => {
  const lake = await newLake('logged');
  const [from, how] = [
    ['--from', FILE, ...TOPIC],
    ['--log', 'json', '--metrics-port', '0', '--no-run'],
  ];
  const { err } = await run('enforce', ...from, ...POLICIES, ...how, ...lake);
  const lines = err
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const members = ['time', 'level', 'message', 'trace_id', 'dataset_urn', 'topic', 'partition', 'offset'];
  for (const line of lines) expect(Object.keys(line)).toEqual(expect.arrayContaining(members));
  const failed = lines.filter(({ message }) => message === 'event failed');
  expect(failed.map(({ offset, reason_codes }) => [Number(offset) - FIRST, reason_codes])).toEqual([
    [2, ['NULL_VALUE:customer_id']],
    [4, ['DOMAIN_ERROR:currency']],
    [6, ['RANGE_ERROR:total']],
    [8, ['DATASET_UNKNOWN']],
    [12, ['PAYLOAD_UNREADABLE']],
  ]);
  expect(failed[0]).toMatchObject({
    ...{ level: 'warn', trace_id: '2f1c3f00000000000000000000000003', dataset_urn: 'urn:dp:orders:created' },
    ...{ topic: 'raw.orders.events', partition: 12, identity_confidence: 'HIGH' },
  });
  expect(
    lines.filter(({ message }) => String(message).startsWith('Metrics: http://127.0.0.1:')),
  ).toHaveLength(1);
  for (const value of ['o-784235', 'c-118', 'XXX', '19.99']) expect(err).not.toContain(value);
  // What comes again was told before.
  const again = await run('enforce', ...from, ...POLICIES, ...how, ...lake);
  expect(again.err).not.toContain('event failed');
});

test('metrics are served only where a port is named, and as it is written', async () => {
  const events = ['enforce', '--from', FILE, ...TOPIC, '--lake', 'logged'];
  for (const [options, said] of [
    [['--metrics-host', '0.0.0.0'], 'add --metrics-port'],
    [['--metrics-port', '70000'], "--metrics-port is '70000'"],
    [['--metrics-port', 'x'], "--metrics-port is 'x'"],
    [['--log', 'xml'], '--log'],
  ] as const) {
    const { code, err } = await run(...events, ...options);
    expect([code, err]).toEqual([2, expect.stringContaining(said)]);
  }
});
