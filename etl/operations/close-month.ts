import { join } from 'node:path';
import { recordClosing } from '../closing/closing-record.ts';
import { keepRows } from '../closing/keep-rows.ts';
import { endOfMonthMs, monthIndex } from '../closing/month.ts';
import { idOf, type RowsDigest, rowsDigest } from '../closing/rows-digest.ts';
import { shapedRows } from '../closing/shaped-rows.ts';
import type { GoldContract } from '../contract/contract.ts';
import { type Engine, withEngine } from '../engine/engine.ts';
import { ConfigError, ConflictError } from '../errors.ts';
import { closedRowsKey, closingTag } from '../naming/closings.ts';
import { metadataFolder, monthLabel } from '../naming/tables.ts';
import type { Effects } from '../ports.ts';
import { followCatalog } from '../stages/follow-catalog.ts';
import { type Closing, withClosing } from '../table/closings.ts';
import { filesOf } from '../table/lake-table.ts';
import { movePointer } from '../table/pointer.ts';
import type { DataFile } from '../table/schema.ts';
import { tagTable } from '../table/tag-table.ts';
import type { Word } from './decide-run.ts';
import { againAfterRaces, type OpenedReport, openReport } from './open-report.ts';

/** A month of a Gold table. */
export interface ReportMonth {
  /** As a person names it. */
  readonly report: string;
  /** `YYYY-MM`. */
  readonly month: string;
}

/** A month that is to be closed. */
export interface ClosableMonth extends ReportMonth {
  /** The digest of its rows that were looked at; any rows where it isn't said. */
  readonly digest?: string | undefined;
}

/** What was closed. */
export interface ClosedMonth extends Closing {
  readonly report: string;
}

/**
 * Closes a month of a Gold table: keeps its rows with their digest, tags the table's snapshot, and has the month stay as
 * it is from now on, in one conditional write. A repeat after a process that died does what was left to do. Throws
 * ConfigError where the month isn't over, has no rows or is closed already, and ConflictError `ROWS_CHANGED` where it has
 * other rows than those that were looked at.
 */
export async function closeMonth(effects: Effects, wanted: ClosableMonth, word: Word): Promise<ClosedMonth> {
  return await againAfterRaces(async () => {
    const opened = await openReport(effects, wanted.report);
    const { dataset: report } = opened.contract;
    const { month } = wanted;
    const said = opened.read.pointer.closings?.find((one) => one.month === month);
    const wasMissing = said === undefined ? false : await recordClosing(effects, report, said);
    if (said !== undefined && said.reopened === undefined) {
      await followCatalog(effects, opened.contract);
      if (wasMissing) return { report, ...said };
      throw closedAlready(report, said);
    }
    refusePurpose(opened.contract);
    requireOver(report, month, effects.clock.now());
    const files = (await filesOf(opened.table)).filter((file) => file.month === monthIndex(month));
    if (files.length === 0) throw noRows(report, month, await filesOf(opened.table));
    const closing = await commitClosing({ effects, opened, files }, wanted, word);
    await recordClosing(effects, report, closing);
    await followCatalog(effects, opened.contract);
    return { report, ...closing };
  });
}

/** A closed month keeps its rows for good, also those of somebody who withdraws their consent. */
function refusePurpose({ dataset, purpose }: GoldContract): void {
  if (purpose === undefined) return;
  throw new ConfigError(
    'MADE_BY_CONSENT',
    `${dataset} is made from those who consent to ${purpose}, who may withdraw it: none of its months can be closed. Close one of a table without assay.purpose.`,
    { context: { report: dataset } },
  );
}

interface Closable {
  readonly effects: Effects;
  readonly opened: OpenedReport;
  readonly files: readonly DataFile[];
}

async function commitClosing(
  { effects, opened, files }: Closable,
  { month, digest: looked }: ClosableMonth,
  { by, reason }: Word,
): Promise<Closing> {
  const { contract, read, state, table } = opened;
  const { pointer, etag } = read;
  const { dataset } = contract;
  const paths = await Promise.all(files.map(({ key }) => effects.data.localPath(key)));
  const scratch = await effects.openScratch(`close-${month}`);
  try {
    const { id, digest, rows } = await withEngine(
      effects.engine,
      join(scratch.directory, 'spill'),
      async (engine) => {
        const { select, ...found } = await digestedRows(engine, paths, contract);
        if (looked !== undefined && looked !== found.digest) throw rowsChanged(dataset, month);
        const id = idOf(dataset, month, found.digest, pointer.version);
        await keepRows({ engine, contract, data: effects.data }, select, {
          scratchPath: join(scratch.directory, 'closed.parquet'),
          key: closedRowsKey(dataset, month, id),
        });
        return { id, ...found };
      },
    );
    const now = effects.clock.now();
    const tag = closingTag(month, id);
    const keyPrefix = metadataFolder(table.root);
    const { objects } = effects;
    const attempt = `close:${id}:${etag}`;
    const gold = await tagTable({
      ...{ objects, table, state, tag, keyPrefix, attempt },
      nowMs: now.getTime(),
    });
    const closing: Closing = {
      ...{ id, month, at: now.toISOString(), by, reason, digest, rows, tag },
      snapshot_id: state.snapshot_id,
      inputs: pointer.inputs ?? {},
      contract_version: pointer.contract_version,
    };
    const next = {
      ...pointer,
      version: pointer.version + 1,
      metadata_location: gold.metadata_location,
      tables: { ...pointer.tables, gold },
      closings: withClosing(pointer.closings, closing),
    };
    await movePointer(objects, 'gold', next, etag);
    return closing;
  } finally {
    await scratch.dispose();
  }
}

/** The digest that closing a month would give its rows as they stand; undefined where it has none. */
export async function monthDigest(
  engine: Engine,
  effects: Effects,
  { report, month }: ReportMonth,
): Promise<string | undefined> {
  const { contract, table } = await openReport(effects, report);
  const files = (await filesOf(table)).filter((file) => file.month === monthIndex(month));
  if (files.length === 0) return undefined;
  const paths = await Promise.all(files.map(({ key }) => effects.data.localPath(key)));
  return (await digestedRows(engine, paths, contract)).digest;
}

async function digestedRows(
  engine: Engine,
  paths: readonly string[],
  contract: GoldContract,
): Promise<RowsDigest & { readonly select: string }> {
  const { select } = await shapedRows(engine, paths, contract);
  const columns = contract.columns.map(({ name }) => name);
  return { select, ...(await rowsDigest(engine, `(${select})`, columns)) };
}

function rowsChanged(report: string, month: string): ConflictError {
  return new ConflictError(
    'ROWS_CHANGED',
    `${month} of ${report} has other rows now than those that were looked at: look at it again, and close it then.`,
    { context: { report, month } },
  );
}

function requireOver(report: string, month: string, now: Date): void {
  const endMs = endOfMonthMs(month);
  if (now.getTime() >= endMs) return;
  throw new ConfigError(
    'MONTH_NOT_OVER',
    `${month} isn't over: ${report} can be closed for it from ${new Date(endMs).toISOString().slice(0, 10)} (UTC) on.`,
    { context: { report, month } },
  );
}

function noRows(report: string, month: string, files: readonly DataFile[]): ConfigError {
  const months = files.flatMap((file) => (file.month === undefined ? [] : [file.month]));
  const range = [Math.min(...months), Math.max(...months)].map((one) => monthLabel(one));
  const has =
    months.length === 0
      ? 'It has none at all.'
      : `It has some for months from ${range.join(' to ')}: 'assay report ${report}' shows them.`;
  return new ConfigError(
    'NO_ROWS',
    `${report} has no rows for ${month}, so there is nothing to close. ${has}`,
    {
      context: { report, month },
    },
  );
}

function closedAlready(report: string, { month, at, by, id, waiting }: Closing): ConfigError {
  const next =
    waiting === undefined
      ? `'assay report ${report} --closed --month ${month}' shows its rows.`
      : `What would change it waits as ${waiting.id}: 'assay restatements ${report}' shows it.`;
  return new ConfigError(
    'CLOSED_ALREADY',
    `${month} of ${report} is closed already, since ${at} by ${by} (closing ${id}). ${next}`,
    { context: { report, month, closing: id } },
  );
}
