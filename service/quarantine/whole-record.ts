import type { SourceContract } from '../../etl/contract/contract.ts';
import type { Engine } from '../../etl/engine/engine.ts';
import { literal } from '../../etl/engine/sql.ts';
import { withScratchEngine } from '../../etl/engine/with-scratch-engine.ts';
import { tableName } from '../../etl/naming/datasets.ts';
import { chooseRecords } from '../../etl/quarantine/choose-records.ts';
import { loadHistory, type RecordEvent, recordHistory } from '../../etl/quarantine/history.ts';
import { EVERY_STATE, type FailedRecord } from '../../etl/quarantine/records.ts';
import type { Identity } from '../identity/identity.ts';
import type { Service } from '../service.ts';
import { listedFor, seenBy } from './shown-record.ts';

/** A record, and what happened to it. */
export interface RecordWithHistory {
  readonly record: FailedRecord;
  readonly history: readonly RecordEvent[];
  /** The dialect in which its file was read, where that isn't the contract's own. */
  readonly dialect: string | null;
}

/** A record by its id, in whatever state; throws ConfigError `NO_RECORDS` or `SEVERAL_RECORDS`. */
export async function findRecord(
  { records, lake: { effects } }: Pick<Service, 'records' | 'lake'>,
  { dataset }: SourceContract,
  id: string,
): Promise<RecordWithHistory> {
  const [record] = await chooseRecords(records.find, dataset, {
    filter: { ids: [id] },
    states: EVERY_STATE,
  });
  if (record === undefined) throw new RangeError('No record was chosen, and no error was thrown.');
  const known = await withScratchEngine(effects, 'record-history', async (engine) => {
    await loadHistory(engine, effects, dataset);
    const dialect = await dialectOf(engine, dataset, record.sourceFileId);
    return { history: await recordHistory(engine, dataset, record.rowHash), dialect };
  });
  return { record, ...known };
}

async function dialectOf(engine: Engine, dataset: string, fileId: string): Promise<string | null> {
  const [row = {}] = await engine.rows(
    `SELECT arg_max(dialect_digest, processed_at) AS dialect FROM ${tableName('source_files', dataset)} WHERE source_file_id = ${literal(fileId)}`,
  );
  return typeof row.dialect === 'string' ? row.dialect : null;
}

/** A record with all there is of it, as an identity may see it. */
export function wholeFor(
  identity: Identity,
  contract: SourceContract,
  { record, history }: Pick<RecordWithHistory, 'record' | 'history'>,
) {
  const { rowHash, sourceFileId, sourceLine, contractVersion } = record;
  const { record: original, rawText, corrections } = seenBy(identity, contract, record);
  const place = { rowHash, sourceFileId, sourceLine, contractVersion };
  return {
    ...listedFor(identity, contract, record),
    ...{ ...place, original, rawText, corrections, history: [...history] },
  };
}
