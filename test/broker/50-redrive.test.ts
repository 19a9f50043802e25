import { appendFile, cp, readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { assay, startAssay } from '../cli/assay.ts';
import { until } from '../support/until.ts';
import { readSession } from './support/broker-control.ts';
import { readTopic, withProducer } from './support/clients.ts';
import { openStreamLake, order, type StreamLake, untilDone } from './support/enforcing.ts';

/** `assay redrive` at a broker, judged by what kafkajs reads of the topic. */

const session = readSession();
const { plain } = session;
const EVENTS = 1_500;

let lake: StreamLake | undefined;
afterEach(async () => {
  await lake?.dispose();
  lake = undefined;
});

/** Marks of redrives that are under way, `000000.sent`. */
async function marksOf({ cwd }: StreamLake): Promise<string[]> {
  const names = await readdir(path.join(cwd, 'lake/ops/redriving'), { recursive: true }).catch(() => []);
  return names.filter((name) => /\d{6}\.\w+\.json$/.test(name)).map((name) => path.basename(name, '.json'));
}

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
  for (const [args, mark] of [
    [['--code', 'PRODUCER_MISMATCH'], '000000.sending'],
    [['--resume'], '000002.sent'],
  ] as const) {
    const child = startAssay([...redrive, ...args], lake);
    let [err, isOver]: [string, boolean] = ['', false];
    child.stderr.on('data', (piece) => {
      err += String(piece);
    });
    child.on('close', () => {
      isOver = true;
    });
    let seen: readonly string[] = [];
    await until(
      `the mark ${mark}`,
      async () => {
        // Looked at often: it goes on meanwhile.
        for (let look = 0; look < 200 && !seen.includes(mark) && !isOver; look++) {
          seen = await marksOf(lake as StreamLake);
          await new Promise((resolve) => setTimeout(resolve, 2));
        }
        return seen.includes(mark) || isOver;
      },
      () => `${seen.join(' ')}; ${err}`,
    );
    child.kill('SIGKILL');
    expect([seen.includes(mark), err]).toEqual([true, '']);
    await until(
      'the redrive is dead',
      () => isOver,
      () => err,
    );
  }
  const last = await assay([...redrive, '--resume', '--json'], lake);
  expect([last.code, last.code === 0 ? last.err : last.out]).toEqual([0, '']);
  const done = JSON.parse(last.out) as { sent: number; before: number; redriveId: string };
  expect(done.sent + done.before).toBe(EVENTS);
  expect(done.before).toBeGreaterThanOrEqual(300);

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
