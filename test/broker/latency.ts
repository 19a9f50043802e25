import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Consumer } from 'kafkajs';
import { count } from '../../bench/command.ts';
import { CONTRACTS, writePolicies } from '../../bench/stream/bench-enforcer.ts';
import { orderAt, TOPIC } from '../../bench/stream/orders.ts';
import { runSession, timed } from '../aws/support/session-runner.ts';
import { assay, startAssay } from '../cli/assay.ts';
import { TestBroker } from './support/broker.ts';
import { createTopic, otherClient, withProducer } from './support/clients.ts';
import { ensureBrokerTools } from './support/tools.ts';

const USAGE = `Usage: npm run bench:latency -- [options]

How long an event waits for its evidence, by how many come a second: through a broker of its own (Java 17, Maven 3.8) and one
enforcer with all gates, as a process. From when the broker took the event until it took the evidence, by the broker's clock
(LogAppendTime), as kafkajs reads it. Producer, broker, enforcer and reader share this machine. No runs (--no-run).

  --burst N     events that wait, by which the highest rate is found (100_000)
  --seconds N   of each rate, of which the first two aren't counted (20)
  --rates A,B   events a second, instead of a tenth, a quarter, a half, three quarters and nine tenths of the highest`;

const SHARES = [0.1, 0.25, 0.5, 0.75, 0.9];
const [PARTITIONS, TICK_MS, WARM_MS, PATIENCE_MS] = [4, 20, 2_000, 300_000];
const EVIDENCE = 'signal_factory.evidence';
const BY_BROKER = { 'message.timestamp.type': 'LogAppendTime' };

/** When the broker took an event, and its evidence; milliseconds since 1970. */
interface Seen {
  readonly came: number;
  readonly judged: number;
}

/** Reads evidence as it comes. */
async function readEvidence(bootstrap: string): Promise<{ readonly seen: Seen[]; stop(): Promise<void> }> {
  const seen: Seen[] = [];
  const consumer: Consumer = otherClient(bootstrap).consumer({ groupId: 'latency' });
  await consumer.connect();
  await consumer.subscribe({ topic: EVIDENCE, fromBeginning: true });
  await consumer.run({
    async eachBatch({ batch }) {
      for (const { timestamp, value } of batch.messages) {
        const { source } = JSON.parse(String(value)) as { readonly source: { readonly broker_time: string } };
        seen.push({ came: Date.parse(source.broker_time), judged: Number(timestamp) });
      }
    },
  });
  return { seen, stop: () => consumer.disconnect() };
}

/** Waits until so many events have evidence; throws where that takes too long. */
async function untilSeen(
  seen: readonly Seen[],
  events: number,
  enforcer: ReturnType<typeof startAssay>,
): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  while (seen.length < events) {
    if (enforcer.exitCode !== null) throw new Error(`The enforcer ended with ${enforcer.exitCode}.`);
    if (performance.now() > until)
      throw new Error(`Of ${events} events ${seen.length} have evidence after ${PATIENCE_MS / 1000} s.`);
    await wait(50);
  }
}

/** Sends orders at a rate, evenly over the time; returns how many, once the broker has them. */
async function sendAt(
  bootstrap: string,
  first: number,
  { rate, seconds }: { rate: number; seconds: number },
): Promise<number> {
  return await withProducer(bootstrap, async (producer) => {
    const sending: Promise<unknown>[] = [];
    const start = performance.now();
    let sent = 0;
    while (sent < rate * seconds) {
      const due = Math.min(rate * seconds, Math.floor(((performance.now() - start) * rate) / 1000));
      if (due > sent)
        sending.push(producer.send({ topic: TOPIC.topic, messages: orders(first + sent, due - sent) }));
      sent = Math.max(sent, due);
      await wait(TICK_MS);
    }
    await Promise.all(sending);
    return sent;
  });
}

const orders = (first: number, events: number) =>
  Array.from({ length: events }, (_, n) => {
    const { key, value } = orderAt(first + n);
    return {
      key: key === null ? null : Buffer.from(key),
      value: value === null ? null : Buffer.from(value),
      headers: { producer_id: 'orders-svc' },
    };
  });

/** Sends orders as fast as the broker takes them. */
const sendAll = (bootstrap: string, events: number): Promise<void> =>
  withProducer(bootstrap, async (producer) => {
    for (let at = 0; at < events; at += 5_000)
      await producer.send({ topic: TOPIC.topic, messages: orders(at, Math.min(5_000, events - at)) });
  });

const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;

/** One line of the table. */
function lineOf(rate: number, share: string, seen: readonly Seen[]): string {
  const begin = seen.reduce((least, { came }) => Math.min(least, came), Number.POSITIVE_INFINITY) + WARM_MS;
  const counted = seen.filter(({ came }) => came >= begin);
  const waits = counted.map(({ came, judged }) => judged - came).sort((a, b) => a - b);
  const figures = [0.5, 0.95, 0.99, 1].map((at) => Math.round(quantile(waits, at)).toLocaleString('en'));
  return `| ${rate.toLocaleString('en')} | ${share} | ${waits.length.toLocaleString('en')} | ${figures.join(' | ')} |`;
}

async function measure(bootstrap: string, folder: string, asked: Asked): Promise<void> {
  await createTopic(bootstrap, TOPIC.topic, { partitions: PARTITIONS, config: BY_BROKER });
  await createTopic(bootstrap, EVIDENCE, { partitions: 1, config: BY_BROKER });
  await mkdir(folder, { recursive: true });
  await writePolicies(folder);
  await assay(['init', '--lake', 'lake'], { cwd: folder });
  await sendAll(bootstrap, asked.burst);
  const words = ['enforce', '--bootstrap', bootstrap, '--topic', TOPIC.topic, '--group', 'latency-bench'];
  const more = [
    '--from-start',
    '--no-run',
    '--policies',
    'policies',
    '--schema-registry',
    'schemas',
    '--lake',
    'lake',
  ];
  const enforcer = startAssay([...words, ...more], { cwd: folder, env: { ASSAY_CONTRACTS: CONTRACTS } });
  enforcer.stdout.resume();
  enforcer.stderr.pipe(process.stderr);
  const { seen, stop } = await readEvidence(bootstrap);
  try {
    await untilSeen(seen, asked.burst, enforcer);
    const times = seen.map(({ judged }) => judged).sort((a, b) => a - b);
    const highest = Math.floor((asked.burst * 1000) / ((times.at(-1) ?? 0) - (times[0] ?? 0)));
    console.log(
      `Highest rate: ${highest.toLocaleString('en')} events a second, of ${asked.burst.toLocaleString('en')} that waited.\n`,
    );
    console.log(
      '| events a second | of the highest | events | p50 ms | p95 ms | p99 ms | most ms |\n| ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
    );
    const rates = asked.rates ?? SHARES.map((share) => Math.floor(highest * share));
    for (const rate of rates) {
      const before = seen.length;
      const sent = await sendAt(bootstrap, before, { rate, seconds: asked.seconds });
      await untilSeen(seen, before + sent, enforcer);
      console.log(lineOf(rate, (rate / highest).toFixed(2), seen.slice(before)));
    }
  } finally {
    await stop();
    enforcer.kill('SIGTERM');
    await new Promise((resolve) => enforcer.once('close', resolve));
  }
}

interface Asked {
  readonly burst: number;
  readonly seconds: number;
  readonly rates: readonly number[] | undefined;
}

const { values } = parseArgs({
  options: {
    burst: { type: 'string', default: '100_000' },
    seconds: { type: 'string', default: '20' },
    rates: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) console.log(USAGE);
else
  process.exitCode = await runSession({
    name: 'bench-latency',
    holds: "The broker's data and log are",
    async work({ folder, atEnd }) {
      const tools = await timed('Kafka', () => ensureBrokerTools(() => undefined));
      const broker = await TestBroker.prepare(tools, join(folder, 'broker'));
      atEnd(() => broker.stop());
      await timed('broker', () => broker.start());
      await measure(broker.address.plain, join(folder, 'bench'), {
        burst: count('--burst', values.burst),
        seconds: count('--seconds', values.seconds),
        rates: values.rates?.split(',').map((rate) => count('--rates', rate)),
      });
      return true;
    },
  });
