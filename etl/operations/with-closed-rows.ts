import { join } from 'node:path';
import { carriedRows } from '../closing/carried-rows.ts';
import { keepRows } from '../closing/keep-rows.ts';
import { monthIndex } from '../closing/month.ts';
import { idOf, rowsDigest } from '../closing/rows-digest.ts';
import { shapedRows } from '../closing/shaped-rows.ts';
import type { Contract, GoldContract } from '../contract/contract.ts';
import { type Engine, withEngine } from '../engine/engine.ts';
import { writeDataFiles } from '../engine/write-data-files.ts';
import { closedRowsKey, waitingRowsKey } from '../naming/closings.ts';
import { metadataFolder, runFolder } from '../naming/tables.ts';
import { refreshKey } from '../naming/upkeep.ts';
import type { Effects, Scratch } from '../ports.ts';
import { boundedColumns } from '../stages/bounded-columns.ts';
import { putDocument } from '../stages/stored-documents.ts';
import { type Closing, closedMonths, withClosing } from '../table/closings.ts';
import { commitTable } from '../table/commit-table.ts';
import { filesOf, openTable } from '../table/lake-table.ts';
import type { Snapshot } from '../table/metadata.ts';
import type { NextTableState, Pointer } from '../table/pointer.ts';
import type { DataFile } from '../table/schema.ts';

/** A Gold table that goes back to a snapshot. */
export interface GoingBack {
  readonly pointer: Pointer;
  /** Where the table stands once it is there. */
  readonly back: NextTableState;
  readonly snapshot: Snapshot;
  /** The contract that it was made by then, if kept. */
  readonly kept: Contract | undefined;
  /** Names the rollback. */
  readonly id: string;
  /** Of the pointer that moves. */
  readonly etag: string;
}

/** The table with its closed months as they are, and what the pointer is to say of them. */
export interface ClosedKept {
  readonly state: NextTableState;
  readonly closings: readonly Closing[] | undefined;
}

/**
 * Puts the closed months' rows back into a rolled-back table; rows that it had otherwise wait for a decision. Throws
 * ConfigError `CLOSED_ROWS_DO_NOT_FIT` where the older table can't hold them.
 */
export async function withClosedRows(effects: Effects, going: GoingBack): Promise<ClosedKept> {
  const { pointer, back, kept } = going;
  const closed = closedMonths(pointer);
  if (closed.length === 0 || kept?.layer !== 'gold') return { state: back, closings: pointer.closings };
  const scratch = await effects.openScratch('closed-rows');
  try {
    return await withEngine(effects.engine, join(scratch.directory, 'spill'), (engine) =>
      putClosed({ effects, engine, scratch, contract: kept }, going, closed),
    );
  } finally {
    await scratch.dispose();
  }
}

interface Bench {
  readonly effects: Effects;
  readonly engine: Engine;
  readonly scratch: Scratch;
  readonly contract: GoldContract;
}

async function putClosed(
  bench: Bench,
  { pointer, back, snapshot, id, etag }: GoingBack,
  closed: readonly Closing[],
): Promise<ClosedKept> {
  const { effects, engine, scratch, contract } = bench;
  const table = await openTable(effects.objects, back);
  const files = await filesOf(table);
  let closings: readonly Closing[] = pointer.closings ?? [];
  const others: Closing[] = [];
  for (const closing of closed) {
    const own = files.filter(({ month }) => month === monthIndex(closing.month));
    const next = await comparedWith(bench, closing, { own, snapshot });
    closings = withClosing(closings, next);
    if (next.waiting !== undefined) others.push(next);
  }
  if (others.length === 0) return { state: back, closings };
  await putDocument(effects.objects, refreshKey(contract.dataset, id), {
    dataset: contract.dataset,
    runId: id,
  });
  const carried = await carriedRows({ effects, engine, contract }, others);
  const add = await writeDataFiles(`SELECT * FROM (${carried.join(' UNION ALL BY NAME ')}) ORDER BY ALL`, {
    engine,
    data: effects.data,
    scratch,
    table,
    root: runFolder(table.root, contract.version, id),
    part: `closed-${String(pointer.version).padStart(6, '0')}`,
    partitionColumn: contract.partitionColumn,
    bounded: boundedColumns(contract, 'gold'),
  });
  const months = new Set(others.map(({ month }) => monthIndex(month)));
  const remove = new Set(
    files.filter(({ month }) => month !== undefined && months.has(month)).map(({ key }) => key),
  );
  const state = await commitTable({
    objects: effects.objects,
    table,
    keyPrefix: metadataFolder(table.root),
    add,
    remove,
    tags: others.map(({ tag }) => tag),
    nowMs: effects.clock.now().getTime(),
    attempt: `closed:${id}:${etag}`,
    summary: ownSummary(snapshot),
  });
  return { state: { ...state, dropped: [...(back.dropped ?? []), ...(state.dropped ?? [])] }, closings };
}

/** Assay's members of a summary: they identify a snapshot. */
function ownSummary({ summary }: Snapshot): Record<string, string> {
  return Object.fromEntries(Object.entries(summary).filter(([name]) => name.startsWith('assay.')));
}

/** A closing with what the table had for its month then, where that is something else. */
async function comparedWith(
  { effects, engine, scratch, contract }: Bench,
  closing: Closing,
  { own, snapshot }: { readonly own: readonly DataFile[]; readonly snapshot: Snapshot },
): Promise<Closing> {
  const { dataset } = contract;
  const { waiting: _, ...rest } = closing;
  const path = await effects.data.localPath(closedRowsKey(dataset, closing.month, closing.id));
  const closed = await shapedRows(engine, [path], contract);
  const was = await rowsDigest(engine, `(${closed.select})`, closed.shared);
  const paths = await Promise.all(own.map(({ key }) => effects.data.localPath(key)));
  const then =
    paths.length === 0 ? `${closed.select} LIMIT 0` : (await shapedRows(engine, paths, contract)).select;
  const is = await rowsDigest(engine, `(${then})`, closed.shared);
  if (was.digest === is.digest) return rest;
  const columns = contract.columns.map(({ name }) => name);
  const { digest, rows } = await rowsDigest(engine, `(${then})`, columns);
  const id = idOf(dataset, closing.month, closing.digest, digest);
  await keepRows({ engine, contract, data: effects.data }, `SELECT * FROM (${then})`, {
    scratchPath: join(scratch.directory, `waiting-${id}.parquet`),
    key: waitingRowsKey(dataset, closing.month, id),
  });
  const { 'assay.inputs': inputs = '{}', 'assay.run-id': run_id = '' } = snapshot.summary;
  const since = effects.clock.now().toISOString();
  const waiting = { id, digest, rows, since, run_id, inputs: JSON.parse(inputs) as Record<string, number> };
  return { ...rest, waiting };
}
