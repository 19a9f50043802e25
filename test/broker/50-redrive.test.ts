import { appendFile, cp } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, expect, test } from '@jest/globals';
import { assay } from '../cli/assay.ts';
import { readSession } from './support/broker-control.ts';
import { readTopic, withProducer } from './support/clients.ts';
import { openStreamLake, order, type StreamLake, untilDone } from './support/enforcing.ts';

/** `assay redrive` at a broker, judged by what kafkajs reads of the topic. */

const session = readSession();
const { plain } = session;
const EVENTS = 700;

let lake: StreamLake | undefined;
afterEach(async () => {
  await lake?.dispose();
  lake = undefined;
});

const DIE_AT_CHANGE = pathToFileURL(path.resolve('test/support/die-at-change.mjs')).href;

test('events go back to their topic with key and headers, once, also when the redrive is killed in between', async () => {
  lake = await openStreamLake(session, {
    partitions: 2,
    policy: 'producers: [{ principal: "User:orders", producer_id: orders }]',
  });
  const { topic } = lake;
  const messages = Array.from({ length: EVENTS }, (_, n) => ({
    key: `k-${n}`,
    value: order(`o-${n}`, '1.50'),
    headers: { producer_id: 'somebody', trace: `t-${n}` },
  }));
  // One passes: a run of which nothing passes is held.
  const good = { key: 'good', value: order('o-999999', '1.50') };
  await withProducer(plain, (producer) => producer.send({ topic, messages: [...messages, good] }));
  const first = lake.start();
  await untilDone(plain, lake);
  expect(await first.end('SIGTERM')).toBe(0);
  // Nearly all failed at a gate, which would hold the run.
  await cp('examples/orders/contracts', path.join(lake.cwd, 'contracts'), { recursive: true });
  const limits =
    '      - property: assay.limits\n        value: { maxQuarantineRate: 1, breakerErrors: 10000 }\n';
  await appendFile(path.join(lake.cwd, 'contracts/orders/created.yaml'), limits);
  expect(await assay(['run', '--dataset', 'orders.created'], lake)).toMatchObject({ err: '' });

  const redrive = ['redrive', '--dataset', 'orders.created', '--bootstrap', plain, '--reason', 'a test'];
  for (const [args, moment] of [
    // One batch was sent and noted, the next was sent.
    [['--code', 'PRODUCER_MISMATCH'], { DIE_BEFORE_NAME: '000001.sent.json' }],
    // It was noted that a batch is about to be sent, and it was not.
    [['--resume'], { DIE_AFTER_NAME: '000003.sending.json' }],
  ] as const) {
    const env = { ...moment, NODE_OPTIONS: `--import ${DIE_AT_CHANGE}` };
    const { code, err } = await assay([...redrive, ...args], { ...lake, env });
    expect([code, err]).toEqual([null, '']);
  }
  const last = await assay([...redrive, '--resume', '--json'], lake);
  expect([last.code, last.code === 0 ? last.err : last.out]).toEqual([0, '']);
  const done = JSON.parse(last.out) as { sent: number; before: number; redriveId: string };
  expect(done.sent + done.before).toBe(EVENTS);
  expect(done.before).toBe(300);

  const again = (await readTopic(plain, topic)).filter(({ headers }) => headers['assay-redrive-id']);
  expect(again).toHaveLength(EVENTS);
  const kept = again.map(({ key, value, headers }) => [
    ...[String(key), String(value), String(headers.trace), String(headers.producer_id)],
    String(headers['assay-redrive-id']),
  ]);
  expect(kept.sort()).toEqual(
    messages
      .map(({ key, value, headers }) => [key, value, headers.trace, headers.producer_id, done.redriveId])
      .sort(),
  );
  const evidence = new Set(
    (await lake.lines('ops/evidence')).flatMap(({ evidence_id: id, validation }) =>
      (validation as { result: string }).result === 'FAIL' ? [id] : [],
    ),
  );
  expect(new Set(again.map(({ headers }) => String(headers['assay-evidence-id'])))).toEqual(evidence);
}, 300_000);
