import type { Engine } from '../engine/engine.ts';
import { withScratchEngine } from '../engine/with-scratch-engine.ts';
import type { Effects } from '../ports.ts';
import {
  countRecords,
  type FailedRecord,
  findRecords,
  loadFailedRecords,
  type RecordFilter,
} from './records.ts';

/** Which records to read, and how many. */
export interface Reading {
  readonly filter: RecordFilter;
  readonly states: readonly FailedRecord['state'][];
  readonly limit?: number;
}

/** The records of a dataset that are meant, and how many there are in all. */
export function readRecords(
  effects: Effects,
  dataset: string,
  { filter, ...wanted }: Reading,
): Promise<{ records: FailedRecord[]; total: number }> {
  return withScratchEngine(effects, 'quarantine', async (engine: Engine) => {
    await loadFailedRecords(engine, effects, dataset);
    const total = await countRecords(engine, filter, wanted);
    return { records: total === 0 ? [] : await findRecords(engine, filter, wanted), total };
  });
}

/** Characters of a record's id as it is shown; any beginning of at least six is understood. */
export const ID_LENGTH = 16;

/** A record as lists show it. */
export type ListedRecord = ReturnType<typeof listedRecord>;

/** A failed record as lists show it. */
export function listedRecord(record: FailedRecord) {
  const { rowHash, state, sourceFile, sourceRowNumber, failures, lastAt, runId, reasons } = record;
  return {
    record: rowHash.slice(0, ID_LENGTH),
    state,
    sourceFile,
    sourceRowNumber,
    failures,
    failedAt: lastAt,
    runId,
    reasons,
    isCorrected: Object.keys(record.corrections).length > 0,
  };
}
