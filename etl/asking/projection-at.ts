import { z } from 'zod';
import type { ProjectionContract } from '../contract/contract.ts';
import { ConfigError } from '../errors.ts';
import type { Effects } from '../ports.ts';
import type { AsOf } from '../query/as-of.ts';
import { keptLog } from '../stages/kept-logs.ts';
import { earlierGenerations, generationOf } from '../table/generations.ts';
import { openTable } from '../table/lake-table.ts';
import { type Pointer, readPointer } from '../table/pointer.ts';
import { joinLogs, type LoggedSnapshot, loggedAt, logOf, type TableLog } from '../table/table-log.ts';
import { publishedAt } from './published-at.ts';

/** What readers of a projection saw at a moment: by which code it was made, and from which Silver. */
export interface ProjectionThen {
  /** Null where nothing of it was published then: the events are folded all the same. */
  readonly snapshotId: number | null;
  readonly silverSnapshotId: number;
  /** Of its contract and code; undefined where it was not published: then the code is that of now. */
  readonly digest: string | undefined;
  readonly atMs: number;
}

/**
 * What readers of a projection saw at a moment: now, with a snapshot of the projection's or of the event dataset's, or at
 * a time. Where nothing of it was published by then, what readers of the events saw. Throws ConfigError `NOT_PUBLISHED`
 * where there were no events yet, and `NO_SNAPSHOT` for a snapshot that neither has.
 */
export async function projectionAt(
  effects: Pick<Effects, 'objects'>,
  contract: ProjectionContract,
  { asOf, silver }: { readonly asOf: AsOf; readonly silver: Pointer | undefined },
): Promise<ProjectionThen> {
  const { dataset } = contract;
  const [input] = contract.inputs;
  const pointer = (await readPointer(effects.objects, 'projection', dataset))?.pointer;
  if (pointer !== undefined && asOf.kind === 'now') return nowOf(pointer, input);
  const states = await logsOf(effects, pointer, 'projection_state');
  const rows = await logsOf(effects, pointer, 'projection');
  const state = asOf.kind === 'now' ? undefined : stateAt(states, rows, asOf);
  const then = state === undefined ? undefined : thenOf(state, input);
  // A commit that changed no row has no snapshot of the rows.
  if (then !== undefined) return { ...then, snapshotId: loggedAt(rows, then.atMs)?.snapshotId ?? null };
  // The first code that the projection had says best what the events before it meant.
  const first = states.snapshots.map((one) => thenOf(one, input)).find((one) => one !== undefined);
  return { ...(await unpublished(effects, contract, { asOf, silver })), digest: first?.digest };
}

const EMPTY: TableLog = { snapshots: [], entries: [] };

/** What readers of the events saw at a moment of which nothing of the projection was published. */
async function unpublished(
  effects: Pick<Effects, 'objects'>,
  { dataset, inputs: [input] }: ProjectionContract,
  { asOf, silver }: { readonly asOf: AsOf; readonly silver: Pointer | undefined },
): Promise<Omit<ProjectionThen, 'digest'>> {
  const moment =
    asOf.kind === 'time'
      ? { timeMs: asOf.ms }
      : { silverSnapshotId: asOf.kind === 'now' ? (silver?.snapshot_id ?? 0) : asOf.id };
  const published = silver === undefined ? undefined : await publishedAt(effects, silver, moment);
  if (published !== undefined)
    return { snapshotId: null, silverSnapshotId: published.silverSnapshotId, atMs: published.atMs };
  if (asOf.kind === 'snapshot')
    throw new ConfigError(
      'NO_SNAPSHOT',
      `Neither ${dataset} nor ${input} has a snapshot ${asOf.id}: 'assay snapshots ${input}' lists those there are.`,
      { context: { dataset, snapshot: asOf.id } },
    );
  throw new ConfigError(
    'NOT_PUBLISHED',
    `No event of ${input} was published ${asOf.kind === 'time' ? `by ${new Date(asOf.ms).toISOString()}` : 'yet'}: 'assay run --dataset ${input}' does that.`,
    { context: { dataset: input } },
  );
}

function nowOf(pointer: Pointer, input: string): ProjectionThen {
  return {
    snapshotId: pointer.snapshot_id,
    silverSnapshotId: pointer.inputs?.[input] ?? 0,
    digest: pointer.contract_digest,
    atMs: Date.parse(pointer.committed_at),
  };
}

/** The commit that readers saw at a time, that a snapshot of the rows or states is of, or the last that was made from a snapshot of the events. */
function stateAt(
  states: TableLog,
  rows: TableLog,
  asOf: Exclude<AsOf, { kind: 'now' }>,
): LoggedSnapshot | undefined {
  if (asOf.kind === 'time') return loggedAt(states, asOf.ms);
  const { id } = asOf;
  const row = rows.snapshots.find(({ snapshotId }) => snapshotId === id);
  if (row !== undefined) return loggedAt(states, row.atMs);
  return states.snapshots.findLast(
    (one) => one.snapshotId === id || Object.values(inputsOf(one)).includes(id),
  );
}

/** The past of a table of a projection over all of its generations, which follow one another in time. */
async function logsOf(
  effects: Pick<Effects, 'objects'>,
  pointer: Pointer | undefined,
  layer: 'projection' | 'projection_state',
): Promise<TableLog> {
  if (pointer === undefined) return EMPTY;
  const generations = [
    ...earlierGenerations(pointer),
    { generation: generationOf(pointer), tables: pointer.tables },
  ];
  const logs: TableLog[] = [];
  for (const { generation, tables } of generations) {
    const state = tables[layer];
    if (state !== undefined) logs.push(logOf((await openTable(effects.objects, state)).metadata));
    logs.push(await keptLog(effects, { dataset: pointer.dataset, layer, generation }));
  }
  return joinLogs(logs);
}

const Inputs = z.record(z.string(), z.number().int());

const inputsOf = ({ summary }: LoggedSnapshot): Readonly<Record<string, number>> =>
  Inputs.parse(JSON.parse(summary['assay.inputs'] ?? '{}'));

function thenOf(snapshot: LoggedSnapshot, input: string): ProjectionThen | undefined {
  const silverSnapshotId = inputsOf(snapshot)[input];
  const digest = snapshot.summary['assay.contract-digest'];
  if (silverSnapshotId === undefined || digest === undefined) return undefined;
  return { snapshotId: snapshot.snapshotId, silverSnapshotId, digest, atMs: snapshot.atMs };
}
