import { join } from 'node:path';
import type { ProjectionContract } from '../contract/contract.ts';
import { type LoadedContracts, loadContracts } from '../contract/load-contracts.ts';
import { EVENT_AT_NAME, STREAM_VERSION_NAME } from '../contract/table-columns.ts';
import { type Engine, integerOf, withEngine } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';
import { tableRowsSql } from '../engine/table-rows.ts';
import { ConfigError } from '../errors.ts';
import type { EventContract } from '../eventstore/event-order.ts';
import { type RefreshMeter, startMeter } from '../gold/refresh-meter.ts';
import { keepTold } from '../gold/tell-restatements.ts';
import { tableName } from '../naming/datasets.ts';
import { refreshKey } from '../naming/upkeep.ts';
import type { Effects, Scratch } from '../ports.ts';
import { allEvents, changedEvents, localPaths } from '../projecting/changed-events.ts';
import { findRestated } from '../projecting/find-restated.ts';
import { orderEvents } from '../projecting/fold-batches.ts';
import { foldEvents } from '../projecting/fold-events.ts';
import type { FoldCode } from '../projecting/fold-runner.ts';
import { openProjection } from '../projecting/open-projection.ts';
import { foldCode, projectionCode, requireEvents } from '../projecting/projection-code.ts';
import { countsSummary } from '../projecting/refresh-summary.ts';
import type { RefreshedProjection } from '../projecting/refreshed-projection.ts';
import { refuseBroken } from '../projecting/refuse-broken.ts';
import { refuseSealed } from '../projecting/refuse-sealed.ts';
import {
  chooseBuckets,
  filesOfBuckets,
  filesOfTouched,
  loadOldRows,
  type Writing,
  writeRows,
  writeStates,
} from '../projecting/write-buckets.ts';
import { type LakeTable, openTable } from '../table/lake-table.ts';
import { currentSchema } from '../table/metadata.ts';
import { readPointer } from '../table/pointer.ts';
import { commitProjection, type ProjectionHead } from './commit-projection.ts';
import { withPublished } from './kept-contracts.ts';
import { readKnownPointer } from './known-pointer.ts';
import type { RunInput } from './stage.ts';
import { putDocument } from './stored-documents.ts';

/** How a projection is brought up to date; `isRebuild`: from all events, whatever was folded before. */
export interface RefreshRequest {
  readonly contract: ProjectionContract;
  readonly run: RunInput;
  readonly isRebuild?: boolean;
}

/** A projection, the events that it is to be folded from, and the snapshot of them that it was folded from last. */
interface ProjectionState extends ProjectionHead {
  readonly source: EventContract;
  readonly events: LakeTable;
  readonly snapshotId: number;
  readonly lastSnapshotId: number | undefined;
}

/**
 * Brings a projection up to the current snapshot of its events: streams with new events go on from their states; those with
 * late ones, or of which events went, are folded anew; all of them where contract or code changed. Rows and states are
 * published in one commit. Undefined where nothing was to do, or no event was ever published. Throws what the code does
 * wrong (DataError `PROJECTION_…`); then all stays as it was.
 */
export async function refreshProjection(
  effects: Effects,
  { contract, run, isRebuild = false }: RefreshRequest,
): Promise<RefreshedProjection | undefined> {
  const meter = startMeter(effects.clock);
  const state = await readState(effects, contract);
  if (state === undefined) return undefined;
  const isOther = state.pointer?.pointer.contract_digest !== state.code.digest;
  if (!isOther && !isRebuild && state.lastSnapshotId === state.snapshotId) return undefined;
  const scratch = await effects.openScratch(`projection-${run.runId}`);
  try {
    return await withEngine(effects.engine, join(scratch.directory, 'spill'), (engine) =>
      refresh({ effects, engine, scratch, run, state, isAnew: isOther || isRebuild, meter }),
    );
  } finally {
    await scratch.dispose();
  }
}

async function readState(
  effects: Effects,
  contract: ProjectionContract,
): Promise<ProjectionState | undefined> {
  const [input] = contract.inputs;
  const pointer = await readKnownPointer(effects.objects, 'projection', contract.dataset);
  const silver = (await readPointer(effects.objects, 'silver', input))?.pointer.tables.silver;
  if (silver === undefined) return undefined;
  const loaded: LoadedContracts = await withPublished(
    effects.objects,
    await loadContracts(effects.contracts),
    [input],
  );
  const source = requireEvents(loaded, contract);
  const code = await projectionCode(effects.contracts, contract, source);
  const opened = await openProjection(effects.objects, contract, pointer?.pointer);
  const events = await openTable(effects.objects, silver);
  return {
    ...{ contract, source, code, pointer, events, ...opened },
    snapshotId: silver.snapshot_id,
    lastSnapshotId: pointer?.pointer.inputs?.[input],
  };
}

/** One refresh's work; `isAnew`: all streams are folded from their start. */
interface Refresh {
  readonly effects: Effects;
  readonly engine: Engine;
  readonly scratch: Scratch;
  readonly run: RunInput;
  readonly state: ProjectionState;
  readonly isAnew: boolean;
  readonly meter: RefreshMeter;
}

async function refresh(work: Refresh): Promise<RefreshedProjection> {
  const { effects, engine, scratch, run, state } = work;
  const { contract, pointer, snapshotId, lastSnapshotId: last } = state;
  const { snapshots } = state.events.metadata;
  const isKnown = last !== undefined && snapshots.some((one) => one['snapshot-id'] === last);
  const isAnew = work.isAnew || !isKnown || state.anew !== undefined;
  if (isAnew) await touchAll(work);
  else await touchChanged(work, last);
  const events = await orderEvents(engine, state.source, await eventsToFold(work, isAnew));
  await fold(work);
  await makeTables(work);
  await refuseSealed({
    ...{ engine, contract, source: state.source, code: openedCode(work) },
    events: () => allEvents(effects, eventsOf(state)),
  });
  await refuseBroken(engine, contract, openedCode(work));
  const buckets = await chooseBuckets(engine, state.states, isAnew);
  const seen = state.anew?.before ?? state.rows;
  const oldRows = isAnew ? state.rows.files : filesOfBuckets(state.rows.files, buckets);
  const oldStates = isAnew ? state.states.files : filesOfBuckets(state.states.files, buckets);
  const version = pointer?.pointer.version ?? 0;
  const writing: Writing = { ...{ engine, effects, scratch, contract, version }, runId: run.runId };
  await loadOldRows(writing, seen, state.anew === undefined ? oldRows : seen.files);
  const restated = await tell(work, seen.table);
  // A dead refresh must be traceable from its files, even without a run's record.
  await putDocument(effects.objects, refreshKey(contract.dataset, run.runId), { ...run });
  const rows = await writeRows(writing, state.rows, buckets);
  const states = await writeStates(writing, state.states, { buckets, old: oldStates });
  const counts = { ...(await countStreams(engine)), events, restated };
  await commitProjection(
    { effects, run, state, snapshotId, summary: { ...work.meter.summary(), ...countsSummary(counts) } },
    { add: rows, remove: keysOf(oldRows) },
    { add: states, remove: keysOf(oldStates) },
  );
  return { table: tableName('projection', contract.dataset), ...counts };
}

async function countStreams(engine: Engine): Promise<Pick<RefreshedProjection, 'streams' | 'anew'>> {
  const [row = {}] = await engine.rows(
    'SELECT count(*) AS touched, (SELECT count(*) FROM anew) AS anew FROM touched',
  );
  return { streams: integerOf(row, 'touched'), anew: integerOf(row, 'anew') };
}

const keysOf = (files: readonly { readonly key: string }[]): ReadonlySet<string> =>
  new Set(files.map(({ key }) => key));

/** All streams are folded from their start, and nothing that was is kept. */
async function touchAll({ engine, effects, state }: Refresh): Promise<void> {
  const stream = identifier(state.source.events.stream);
  const [own = ''] = state.contract.key;
  const seen = state.anew?.before ?? state.rows;
  const old = tableRowsSql(seen.table, await localPaths(effects, seen.files));
  const hasStream = currentSchema(seen.table.metadata).fields.some(({ name }) => name === own);
  const before = hasStream ? `UNION SELECT CAST(${identifier(own)} AS VARCHAR) FROM (${old})` : '';
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE anew AS SELECT CAST(${stream} AS VARCHAR) AS stream FROM (${await allEvents(effects, eventsOf(state))}) ${before === '' ? 'GROUP BY 1' : before}`,
  );
  await engine.run('CREATE OR REPLACE TEMP TABLE touched AS FROM anew');
  await engine.run(
    'CREATE OR REPLACE TEMP TABLE going_on AS SELECT NULL::VARCHAR AS stream, NULL::VARCHAR AS state WHERE false',
  );
  await engine.run(`CREATE OR REPLACE TEMP TABLE before_states AS ${EMPTY_STATES}`);
}

const EMPTY_STATES =
  'SELECT NULL::VARCHAR AS stream, NULL::BIGINT AS first_version, NULL::BIGINT AS version, NULL::TIMESTAMPTZ AS at, NULL::BIGINT AS events WHERE false';

const eventsOf = ({ events, source, snapshotId }: ProjectionState) => ({ table: events, source, snapshotId });

/** The streams whose events changed: those that went, or that came before what was folded, are folded from their start. */
async function touchChanged({ engine, effects, state }: Refresh, lastSnapshotId: number): Promise<void> {
  const { stream, version } = state.source.events;
  await changedEvents(engine, effects, { ...eventsOf(state), lastSnapshotId });
  const id = `CAST(${identifier(stream)} AS VARCHAR)`;
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE touched AS SELECT ${id} AS stream FROM new_events UNION SELECT ${id} FROM gone_events`,
  );
  const paths = await localPaths(effects, await filesOfTouched(engine, state.states.files));
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE known_states AS SELECT s.* FROM (${tableRowsSql(state.states.table, paths)}) AS s SEMI JOIN touched USING (stream)`,
  );
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE anew AS
     SELECT DISTINCT ${id} AS stream FROM gone_events
     UNION SELECT s.stream FROM known_states AS s JOIN (SELECT ${id} AS stream, min(${identifier(version)}) AS first FROM new_events GROUP BY 1) AS n USING (stream) WHERE n.first <= s.version`,
  );
  await engine.run(
    'CREATE OR REPLACE TEMP TABLE going_on AS SELECT stream, state FROM known_states ANTI JOIN anew USING (stream)',
  );
  await engine.run(
    'CREATE OR REPLACE TEMP TABLE before_states AS SELECT stream, first_version, version, "at", events FROM known_states ANTI JOIN anew USING (stream)',
  );
}

/** SELECT of the events to fold: the new ones of streams that go on, and all of those that are folded anew. */
async function eventsToFold({ engine, effects, state }: Refresh, isAnew: boolean): Promise<string> {
  if (isAnew) return await allEvents(effects, eventsOf(state));
  const id = `CAST(${identifier(state.source.events.stream)} AS VARCHAR)`;
  const goesOn = `SELECT * FROM new_events WHERE ${id} NOT IN (SELECT stream FROM anew)`;
  const [row = {}] = await engine.rows('SELECT count(*) AS n FROM anew');
  // Late events are few, and looking for the others of their streams fetches and reads the whole store.
  if (integerOf(row, 'n') === 0) return goesOn;
  const all = await allEvents(effects, eventsOf(state));
  return `${goesOn} UNION ALL BY NAME SELECT * FROM (${all}) WHERE ${id} IN (SELECT stream FROM anew)`;
}

const openedCode = ({ effects, state: { contract, source, code } }: Refresh): FoldCode =>
  foldCode(effects, { contract, source, code: code.code });

async function fold(work: Refresh): Promise<void> {
  const { effects, engine, scratch, state } = work;
  const { contract, source } = state;
  if (effects.folds === undefined)
    throw new ConfigError(
      'NO_FOLDS',
      `This process runs no projections' code: ${contract.dataset} stays as it is.`,
    );
  const opened = openedCode(work);
  const worker = await effects.folds.open(opened);
  try {
    await foldEvents({ engine, scratch, contract, source, worker, code: opened });
  } finally {
    await worker.close();
  }
}

/** Makes `new_states` and `rebuilt` of what was folded. */
async function makeTables({ engine, state }: Refresh): Promise<void> {
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE new_states AS
     SELECT f.stream, coalesce(b.first_version, e.first_version) AS first_version, e.version, greatest(b.at, e.at) AS at,
       e.events + coalesce(b.events, 0) AS events, f.state
     FROM folded AS f
     JOIN (SELECT stream$ AS stream, min(version$) AS first_version, max(version$) AS version, max(at$) AS at, count(*) AS events FROM ordered_events GROUP BY 1) AS e USING (stream)
     LEFT JOIN before_states AS b USING (stream)`,
  );
  const own = state.contract.columns.map(({ name }) => `r.${identifier(name)}`);
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE rebuilt AS
     SELECT ${own.join(', ')}, s.version AS ${STREAM_VERSION_NAME}, s.at AS ${EVENT_AT_NAME}, CAST(${state.snapshotId} AS BIGINT) AS silver_snapshot_id
     FROM folded_rows AS r JOIN new_states AS s ON r.stream$ = s.stream`,
  );
}

/** Keeps which published values streams folded anew change, before they do. */
async function tell({ effects, engine, scratch, run, state }: Refresh, before: LakeTable): Promise<number> {
  const { contract, snapshotId } = state;
  const columns = currentSchema(before.metadata).fields.map(({ name }) => name);
  const restated = await findRestated(engine, contract, columns);
  if (restated > 0) await keepTold({ effects, engine, scratch, contract, run, snapshotId });
  return restated;
}
