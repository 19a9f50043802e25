import { mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import type { EventBatch, EventSource } from '../stream/ports.ts';
import type { StageName } from '../stream/telemetry.ts';
import { count, isMain } from './command.ts';
import { type BenchEnforcer, openBenchEnforcer } from './stream/bench-enforcer.ts';
import { BATCH_EVENTS, ORDER_SCHEMA, ordersFrom } from './stream/orders.ts';
import { watchMemory } from './stream/watch-memory.ts';

const USAGE = `Usage: npm run bench:stream -- [options]

What the policy enforcer takes of a core for an event, beside a consumer that only parses and one that validates by ajv:
the same orders in the same process, in turn, by processor time. No broker.

  --events N    of each round (100_000)
  --rounds N    of each contender; the median counts (5)
  --memory      instead: the enforcer's memory over --events N (10_000_000)
  --work DIR    where the lake goes (bench/out/stream)`;

/** What is measured: does its work with a batch. */
interface Contender {
  readonly name: string;
  run(batches: readonly EventBatch[]): Promise<void>;
}

/** Processor time of all threads of this process, microseconds. */
function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

const parse: Contender = {
  name: 'parses',
  async run(batches) {
    let known = 0;
    for (const { events } of batches)
      for (const { value } of events) {
        const order: unknown = JSON.parse(textOf(value));
        if (typeof order === 'object') known++;
      }
    if (known === 0) throw new Error('Nothing was parsed.');
  },
};

const textOf = (value: Uint8Array | null): string => Buffer.from(value ?? []).toString('utf8');

function validates(): Contender {
  const ajv = new Ajv();
  // ajv-formats is a CommonJS module whose default export is itself.
  (addFormats as unknown as { default: (to: Ajv) => void }).default(ajv);
  const validate = ajv.compile(ORDER_SCHEMA);
  return {
    name: 'parses and validates by ajv',
    async run(batches) {
      let [right, wrong] = [0, 0];
      for (const { events } of batches)
        for (const { value } of events) {
          if (validate(JSON.parse(textOf(value)))) right++;
          else wrong++;
        }
      if (right !== 99 * wrong) throw new Error(`ajv found ${right} right and ${wrong} wrong.`);
    },
  };
}

/** The gates alone, and what each took. */
function gatesOf({ pipeline }: BenchEnforcer, micros: Map<StageName, number>): Contender {
  return {
    name: 'all gates',
    async run(batches) {
      let failed = 0;
      for (const batch of batches) {
        const states = await pipeline(batch, async (stage, work) => {
          const before = cpuMicros();
          const done = await work();
          micros.set(stage, (micros.get(stage) ?? 0) + cpuMicros() - before);
          return done;
        });
        failed += states.filter(({ faults }) => faults.length > 0).length;
      }
      const events = batches.length * BATCH_EVENTS;
      if (failed !== events / 100) throw new Error(`${failed} of ${events} events failed.`);
    },
  };
}

/** A source of batches that are there. */
const sourceOf = (batches: Iterable<EventBatch>): EventSource => ({
  async *batches() {
    yield* batches;
  },
  commit: async () => undefined,
  stop: async () => undefined,
});

const enforces = (enforcer: BenchEnforcer): Contender => ({
  name: 'the enforcer: gates, evidence, landing',
  run: (batches) => enforcer.over(sourceOf(batches)).run(),
});

function* batchesFrom(start: number, events: number): Generator<EventBatch> {
  for (let at = 0; at < events; at += BATCH_EVENTS) yield ordersFrom(start + at, BATCH_EVENTS);
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

async function compare(enforcer: BenchEnforcer, { events, rounds }: Record<'events' | 'rounds', number>) {
  const micros = new Map<StageName, number>();
  const contenders = [parse, validates(), gatesOf(enforcer, micros), enforces(enforcer)];
  const found = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  // The first round makes all code warm, and is not counted.
  for (let round = 0; round <= rounds; round++) {
    // Other offsets each time: what landed before is passed over.
    const batches = [...batchesFrom(round * events, events)];
    if (round === 1) micros.clear();
    for (const { name, run } of contenders) {
      const before = cpuMicros();
      await run(batches);
      if (round > 0) found.get(name)?.push((cpuMicros() - before) / events);
    }
  }
  const perEvent = new Map([...found].map(([name, all]) => [name, median(all)]));
  const ajv = perEvent.get('parses and validates by ajv') ?? Number.NaN;
  console.log(`${events.toLocaleString('en')} events a round, median of ${rounds} rounds\n`);
  console.log(
    '| contender | µs of a core an event | events a second and core | of ajv alone |\n| --- | ---: | ---: | ---: |',
  );
  for (const [name, one] of perEvent)
    console.log(
      `| ${name} | ${one.toFixed(2)} | ${Math.round(1e6 / one).toLocaleString('en')} | ${(ajv / one).toFixed(2)} |`,
    );
  console.log('\n| gate | µs an event |\n| --- | ---: |');
  for (const [stage, sum] of micros) console.log(`| ${stage} | ${(sum / events / rounds).toFixed(2)} |`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      events: { type: 'string' },
      rounds: { type: 'string', default: '5' },
      memory: { type: 'boolean', default: false },
      work: { type: 'string', default: 'bench/out/stream' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const folder = join(resolve(values.work), `${process.pid}`);
  mkdirSync(folder, { recursive: true });
  const enforcer = await openBenchEnforcer(folder);
  try {
    if (values.memory) {
      const events = count('--events', values.events ?? '10_000_000');
      const watch = watchMemory(events);
      await enforcer.over(sourceOf(watch.each(batchesFrom(0, events)))).run();
      watch.end();
    } else
      await compare(enforcer, {
        events: count('--events', values.events ?? '100_000'),
        rounds: count('--rounds', values.rounds),
      });
  } finally {
    enforcer.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

if (isMain(import.meta.url)) await main();
