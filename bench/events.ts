import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { initLake, openLake } from '../adapters/local/lake.ts';
import { runDataset } from '../adapters/local/run-dataset.ts';
import { loadContracts } from '../etl/contract/load-contracts.ts';
import { withEngine } from '../etl/engine/engine.ts';
import { literal } from '../etl/engine/sql.ts';
import { followProjection } from '../etl/following/follow-projection.ts';
import { nextChanges } from '../etl/following/next-changes.ts';
import { bronzeKey } from '../etl/naming/bronze.ts';
import { refreshProjection } from '../etl/stages/refresh-projection.ts';
import { readPointer } from '../etl/table/pointer.ts';
import { count, isMain } from './command.ts';
import { cpuSeconds } from './cpu-seconds.ts';
import { foldFloor } from './fold-floor.ts';

const shown = (number: number): string => number.toLocaleString('en');

const USAGE = `Usage: npm run bench:events -- [options]

What it takes to make a projection of a store of events from nothing, and to bring it up to date with 1,000 new events, each of
another stream, and with 1,000 that are late; and what it takes to find out what of that is told to followers.

  --events N     events (10_000_000)
  --streams N    streams (1_000_000)
  --work DIR     where the lake goes (bench/out/events)`;

const EVENTS = 'bench.events';
const BATCH = 1_000;

const contract = (
  name: string,
  columns: readonly string[],
  custom: readonly string[],
): string => `apiVersion: v3.1.0
kind: DataContract
id: urn:bench:${name}
domain: bench
name: ${name}
version: 1.0.0
status: active
team: {name: bench}
schema:
  - name: ${name}
    properties:
${columns.map((column) => `      - { name: ${column}, classification: internal }\n`).join('')}    customProperties:
${custom.map((one) => `      - { property: ${one} }\n`).join('')}`;

const EVENTS_CONTRACT = contract(
  'events',
  [
    'event_id, logicalType: integer, required: true',
    'account, logicalType: string, required: true',
    'version, logicalType: integer, required: true',
    'kind, logicalType: string, required: true',
    'at, logicalType: timestamp, required: true',
    'amount, logicalType: number, physicalType: "DECIMAL(18,2)", required: true',
  ],
  [
    'assay.events, value: {stream: account, type: kind, at: at, version: {column: version, contiguous: false}, id: event_id}',
  ],
);
const BALANCES_CONTRACT = contract(
  'balances',
  [
    'account, logicalType: string, required: true, primaryKey: true',
    'events, logicalType: integer, required: true',
    'balance, logicalType: number, physicalType: "DECIMAL(18,2)", required: true',
    'last_kind, logicalType: string',
  ],
  ['assay.layer, value: projection', 'assay.inputs, value: [bench.events]'],
);
const CODE = `export const initial = { events: 0, cents: 0n, last_kind: null };
export function apply(state, event) {
  const cents = BigInt(event.amount.replace('.', ''));
  return { events: state.events + 1, cents: state.cents + cents, last_kind: event.kind };
}
export const rows = ({ events, cents, last_kind }) => {
  const text = cents.toString().padStart(3, '0');
  return [{ events, last_kind, balance: text.slice(0, -2) + '.' + text.slice(-2) }];
};`;

interface Options {
  readonly events: number;
  readonly streams: number;
  readonly folder: string;
}

/** Makes the lake, and prints what each refresh took. */
async function benchEvents({ events, streams, folder }: Options): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  const [root, contractsDir, code] = ['lake', 'contracts/bench', 'projections/bench'].map((name) =>
    join(folder, name),
  );
  if (root === undefined || contractsDir === undefined || code === undefined) return;
  for (const made of [contractsDir, code]) mkdirSync(made, { recursive: true });
  const projection = join(contractsDir, 'balances.yaml');
  writeFileSync(join(contractsDir, 'events.yaml'), EVENTS_CONTRACT);
  writeFileSync(join(code, 'balances.js'), CODE);
  await initLake(root);
  const contracts = join(folder, 'contracts');
  const { effects, data } = await openLake(root, { contractsDir: contracts, sqlDir: contracts });

  /** Events by number, from one on: the stream follows from the number, its version grows with it. */
  const publish = async (from: number, to: number, version: string): Promise<void> => {
    // Runs don't refresh what isn't there: only what is measured does.
    rmSync(projection, { force: true });
    const file = join(folder, 'events.csv');
    await withEngine(
      { memoryLimitMb: 1_000, threads: 2, folders: [folder] },
      join(folder, 'spill'),
      (engine) =>
        engine.run(
          `COPY (SELECT i AS event_id, 'account-' || (i * 7919) % ${streams} AS account, ${version} AS version,
           ['opened', 'paid', 'charged'][1 + i % 3] AS kind, TIMESTAMP '2026-01-01' + to_seconds(CAST(i % 2_500_000 AS INTEGER)) AS at,
           CAST(i % 100_000 AS DECIMAL(18,2)) / 100 AS amount FROM range(${from}, ${to}) AS t(i)) TO ${literal(file)} (HEADER, TIMESTAMPFORMAT '%Y-%m-%dT%H:%M:%SZ')`,
        ),
    );
    await data.addFile(file, bronzeKey(EVENTS, '2026-06-01', `events-${from}.csv`), {
      arrivedMs: Date.now(),
    });
    const [record] = await runDataset(EVENTS, effects);
    if (record?.status !== 'promoted') throw new Error(`the run ended ${record?.status}: ${record?.why}`);
    writeFileSync(projection, BALANCES_CONTRACT);
  };
  /** What followers of the projection are told of since a snapshot: how many streams, and how long finding that took. */
  const tell = async (what: string, since: number): Promise<void> => {
    const found = (await loadContracts(effects.contracts)).contracts.get('bench.balances');
    if (found?.layer !== 'projection') throw new Error('the projection has no contract');
    const start = performance.now();
    const told = await nextChanges(followProjection(effects, found, 10_000), { snapshot: since });
    const seconds = (performance.now() - start) / 1_000;
    console.log(
      `| ${what}, told to followers |  | ${shown(told.length)} |  | ${seconds.toFixed(1)} |  |  |  |  |`,
    );
  };
  const snapshot = async (): Promise<number> =>
    (await readPointer(effects.objects, 'projection', 'bench.balances'))?.pointer.snapshot_id ?? 0;
  const floor = foldFloor(CODE, Math.max(1, Math.round(events / streams)));
  const refresh = async (what: string, runId: string, isRebuild = false): Promise<void> => {
    const found = (await loadContracts(effects.contracts)).contracts.get('bench.balances');
    if (found?.layer !== 'projection') throw new Error('the projection has no contract');
    const [start, startCpu] = [performance.now(), cpuSeconds()];
    const run = { dataset: EVENTS, runId };
    const done = await refreshProjection(effects, { contract: found, run, isRebuild });
    const [seconds, cpu] = [(performance.now() - start) / 1_000, cpuSeconds() - startCpu];
    const folded = done?.events ?? 0;
    const [rate, ofCore] = [seconds, cpu].map((spent) => shown(Math.round(folded / spent)));
    const times = (cpu * 1e6) / folded / floor.withJson;
    console.log(
      `| ${what} | ${shown(folded)} | ${shown(done?.streams ?? 0)} | ${shown(done?.anew ?? 0)} | ${seconds.toFixed(1)} | ${rate} | ${cpu.toFixed(1)} | ${ofCore} | ${isRebuild ? times.toFixed(1) : ''} |`,
    );
  };
  const perSecond = (micros: number): string => shown(Math.round(1e6 / micros));
  console.log(`Of one core, in a loop with nothing around it: the call of the code alone ${perSecond(floor.apply)} events a second, with making the events ${perSecond(floor.withEvents)}, with the JSON of states and rows ${perSecond(floor.withJson)}: the floor.

| refresh | events folded | streams | from their start | seconds | events a second | processor seconds | events a second of a core | times the floor |
|---|---:|---:|---:|---:|---:|---:|---:|---:|`);
  const version = `2 * (i // ${streams}) + 2`;
  const few = Math.ceil(events / 10);
  await publish(0, few, version);
  await refresh(`of ${shown(few)} events, from nothing`, 'first', true);
  await publish(few, few + BATCH, version);
  await refresh(`of ${shown(few)}, with 1,000 new events`, 'new');
  await publish(events + streams, events + streams + BATCH, '1');
  await refresh(`of ${shown(few)}, with 1,000 late events`, 'late');
  await publish(few + BATCH, events, version);
  await refresh(`of ${shown(events)} events, from nothing`, 'all', true);
  await publish(events, events + BATCH, version);
  const before = await snapshot();
  await refresh(`of ${shown(events)}, with 1,000 new events`, 'more');
  await tell('what 1,000 new events changed', before);
  await publish(events + 2 * streams, events + 2 * streams + BATCH, '3');
  await refresh(`of ${shown(events)}, with 1,000 late events`, 'later');
}

if (isMain(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      events: { type: 'string', default: '10000000' },
      streams: { type: 'string', default: '1000000' },
      work: { type: 'string', default: 'bench/out/events' },
      help: { type: 'boolean' },
    },
  });
  if (values.help === true) console.log(USAGE);
  else
    await benchEvents({
      events: count('--events', values.events),
      streams: count('--streams', values.streams),
      folder: resolve(values.work),
    });
}
