import { correctionsKey } from '../naming/decisions.ts';
import { keepDecision, type Word } from '../operations/decide-run.ts';
import type { Effects } from '../ports.ts';
import type { FailedRecord } from './records.ts';
import { CORRECTION_COLUMNS } from './retry-files.ts';
import { writeRows } from './write-rows.ts';

/** A record and the values that a person gives it; null: no value. */
export interface Correction {
  readonly record: FailedRecord;
  readonly values: Readonly<Record<string, string | null>>;
}

/**
 * Stores corrections as an overlay: of which record and value, from what to what, who, why, when. The record stays
 * unchanged; its next retry uses them. Returns the decision's id.
 */
export async function keepCorrections(
  effects: Effects,
  dataset: string,
  corrections: readonly Correction[],
  { by, reason }: Word,
): Promise<string> {
  const details = { records: corrections.length };
  const decision = { kind: 'corrected' as const, dataset, by, reason, runId: null, details };
  const id = await keepDecision(effects, decision);
  const at = effects.clock.now().toISOString();
  const rows = corrections.flatMap(({ record, values }) =>
    Object.entries(values).map(([field, value]) => ({
      decision_id: id,
      decided_by: by,
      reason,
      decided_at: at,
      row_hash: record.rowHash,
      source_file: record.sourceFile,
      source_row_number: record.sourceRowNumber,
      field,
      old_value:
        field in record.corrections ? (record.corrections[field] ?? null) : (record.record?.[field] ?? null),
      new_value: value,
    })),
  );
  await writeRows(effects, { key: correctionsKey(dataset, id), columns: CORRECTION_COLUMNS, rows });
  return id;
}
