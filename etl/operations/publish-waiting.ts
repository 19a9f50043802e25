import { join } from 'node:path';
import { keepRows } from '../closing/keep-rows.ts';
import { inMonthsSql, monthIndex } from '../closing/month.ts';
import { figureColumns, rowsDigest } from '../closing/rows-digest.ts';
import { duckType } from '../contract/duck-type.ts';
import { type Engine, readParquet, withEngine } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';
import { writeDataFiles } from '../engine/write-data-files.ts';
import { DataError } from '../errors.ts';
import { findRestatements } from '../gold/rebuild.ts';
import { keepTold, NONE_WAIT, splitRestated } from '../gold/tell-restatements.ts';
import { waitingRowsKey } from '../naming/closings.ts';
import { metadataFolder, runFolder } from '../naming/tables.ts';
import { refreshKey } from '../naming/upkeep.ts';
import type { Effects, Scratch } from '../ports.ts';
import { boundedColumns } from '../stages/bounded-columns.ts';
import { putDocument } from '../stages/stored-documents.ts';
import type { Closing, Waiting } from '../table/closings.ts';
import { commitTable } from '../table/commit-table.ts';
import { filesOf } from '../table/lake-table.ts';
import { movePointer, type NextTableState } from '../table/pointer.ts';
import type { DataFile } from '../table/schema.ts';
import type { OpenedReport } from './open-report.ts';

/** Rows that wait to take the place of those that a month was closed with. */
export interface WaitingRows {
  readonly effects: Effects;
  readonly opened: OpenedReport;
  readonly month: string;
  readonly waiting: Waiting;
  /** Names the decision by which they do. */
  readonly id: string;
}

/** The month's closing state once they have. */
export interface Publication {
  /** Names that the new snapshot gets for good. */
  readonly tags: readonly string[];
  /** Where the rows are kept, where they are closed. */
  readonly closedKey?: string;
  readonly closingsAfter: (snapshotId: number) => readonly Closing[];
}

/**
 * Publishes exactly the waiting rows that were looked at, and the month's new closing state, in one conditional write.
 * Stores what that restates. Throws DataError `WAITING_ROWS_DAMAGED` where the rows have changed by now.
 */
export async function publishWaiting(work: WaitingRows, publication: Publication): Promise<void> {
  const { effects, opened, month, waiting, id } = work;
  const { contract, table } = opened;
  const scratch = await effects.openScratch(`publish-${month}`);
  try {
    const old = (await filesOf(table)).filter((file) => file.month === monthIndex(month));
    const added = await withEngine(effects.engine, join(scratch.directory, 'spill'), async (engine) => {
      const path = await effects.data.localPath(waitingRowsKey(contract.dataset, month, waiting.id));
      await requireSame(engine, path, work);
      if (publication.closedKey !== undefined)
        await keepRows({ engine, contract, data: effects.data }, `SELECT * FROM ${readParquet([path])}`, {
          scratchPath: join(scratch.directory, 'closed.parquet'),
          key: publication.closedKey,
        });
      await keepRestated({ engine, scratch, path }, work, old);
      await putDocument(effects.objects, refreshKey(contract.dataset, id), {
        dataset: contract.dataset,
        runId: id,
      });
      return await writeRows({ engine, scratch, path }, work);
    });
    await commit(work, { publication, added, removed: new Set(old.map(({ key }) => key)) });
  } finally {
    await scratch.dispose();
  }
}

/** What the engine works with, and where the rows are. */
interface Bench {
  readonly engine: Engine;
  readonly scratch: Scratch;
  readonly path: string;
}

async function requireSame(
  engine: Engine,
  path: string,
  { opened, month, waiting }: WaitingRows,
): Promise<void> {
  const from = readParquet([path]);
  const { digest } = await rowsDigest(engine, from, await figureColumns(engine, from));
  if (digest === waiting.digest) return;
  const { dataset, inputs } = opened.contract;
  throw new DataError(
    'WAITING_ROWS_DAMAGED',
    `The rows that wait for ${month} of ${dataset} are not those of restatement ${waiting.id} any more: nothing was changed. 'assay audit --dataset ${dataset}' says more; the next run of ${inputs[0]} that changes the month makes them anew.`,
    { context: { dataset, month, restatement: waiting.id } },
  );
}

/** Old value beside new, under the decision's id. */
async function keepRestated(
  { engine, scratch, path }: Bench,
  { effects, opened, waiting, id }: WaitingRows,
  old: readonly DataFile[],
): Promise<void> {
  const { contract } = opened;
  const columns = contract.columns.map(({ name, type }) => `${identifier(name)} ${duckType(type)}`);
  await engine.run(`CREATE OR REPLACE TEMP TABLE rebuilt (${columns.join(', ')})`);
  const names = contract.columns.map(({ name }) => identifier(name)).join(', ');
  await engine.run(`INSERT INTO rebuilt SELECT ${names} FROM ${readParquet([path])}`);
  const paths = await Promise.all(old.map(({ key }) => effects.data.localPath(key)));
  await findRestatements(engine, contract, paths);
  const { told } = await splitRestated(engine, [], NONE_WAIT);
  const run = { dataset: contract.dataset, runId: id };
  const snapshotId = Object.values(waiting.inputs)[0] ?? 0;
  if (told > 0) await keepTold({ effects, engine, scratch, contract, run, snapshotId });
}

async function writeRows(
  { engine, scratch, path }: Bench,
  { effects, opened, month, id }: WaitingRows,
): Promise<DataFile[]> {
  const { contract, read, table } = opened;
  const select = `SELECT * FROM ${readParquet([path])} WHERE ${inMonthsSql(contract.partitionColumn, [month])} ORDER BY ALL`;
  return await writeDataFiles(select, {
    engine,
    data: effects.data,
    scratch,
    table,
    root: runFolder(table.root, contract.version, id),
    part: String(read.pointer.version).padStart(6, '0'),
    partitionColumn: contract.partitionColumn,
    bounded: boundedColumns(contract, 'gold'),
  });
}

interface Changing {
  readonly publication: Publication;
  readonly added: readonly DataFile[];
  readonly removed: ReadonlySet<string>;
}

async function commit(
  { effects, opened, id }: WaitingRows,
  { publication, added, removed }: Changing,
): Promise<void> {
  const { read, state, table } = opened;
  const { pointer, etag } = read;
  const { objects } = effects;
  const { tags, closingsAfter } = publication;
  const isSame = added.length === 0 && removed.size === 0 && tags.length === 0;
  const gold: NextTableState = isSame
    ? state
    : await commitTable({
        ...{ objects, table, tags },
        keyPrefix: metadataFolder(table.root),
        add: added,
        remove: removed,
        nowMs: effects.clock.now().getTime(),
        attempt: `${id}:gold:${etag}`,
        summary: {
          'assay.run-id': id,
          'assay.inputs': JSON.stringify(pointer.inputs ?? {}),
          'assay.contract-digest': pointer.contract_digest,
        },
      });
  const next = {
    ...pointer,
    version: pointer.version + 1,
    snapshot_id: gold.snapshot_id,
    metadata_location: gold.metadata_location,
    run_id: id,
    execution: id,
    committed_at: effects.clock.now().toISOString(),
    tables: { ...pointer.tables, gold },
    closings: [...closingsAfter(gold.snapshot_id)],
  };
  await movePointer(objects, 'gold', next, etag);
}
