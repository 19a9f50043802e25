import type { SourceContract } from '../contract/contract.ts';
import { ConfigError } from '../errors.ts';
import { correctionsKey } from '../naming/decisions.ts';
import { keepDecision, type Word } from '../operations/decide-run.ts';
import type { Effects } from '../ports.ts';
import { isProtected, protectionOf } from '../privacy/protection.ts';
import { sealGiven } from '../privacy/seal-record.ts';
import { Sodium } from '../privacy/sodium.ts';
import { MASK } from '../query/run-rejects.ts';
import type { FailedRecord } from './records.ts';
import { CORRECTION_COLUMNS } from './retry-files.ts';
import { valuesNow } from './retry-records.ts';
import { writeRows } from './write-rows.ts';

/** A record and the values that a person gives it; null: no value. */
export interface Correction {
  readonly record: FailedRecord;
  readonly values: Readonly<Record<string, string | null>>;
}

/**
 * What edited values change of a record; undefined where nothing. An empty one is no value, a masked one as
 * it was. They are compared with the record's own, by the names that it came with, unless others are given.
 */
export function changesOf(
  values: Readonly<Record<string, string>>,
  record: FailedRecord,
  before: FailedRecord['corrections'] = { ...record.record, ...record.corrections },
): Correction | undefined {
  const changed = Object.entries(values).filter(
    ([name, value]) => value !== MASK && value !== (before[name] ?? ''),
  );
  if (changed.length === 0) return undefined;
  return {
    record,
    values: Object.fromEntries(changed.map(([name, value]) => [name, value === '' ? null : value])),
  };
}

/**
 * Stores corrections as an overlay: of which record and value, from what to what, who, why, when. The record stays
 * unchanged; its next retry uses them. Returns them as they were kept: values of protected columns are sealed before.
 */
export async function keepCorrections(
  effects: Effects,
  contract: SourceContract,
  given: readonly Correction[],
  { by, reason }: Word,
): Promise<readonly Correction[]> {
  const { dataset } = contract;
  const corrections = await sealed(effects, contract, given);
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
  return corrections;
}

async function sealed(
  { vault, clock }: Effects,
  contract: SourceContract,
  given: readonly Correction[],
): Promise<readonly Correction[]> {
  if (!isProtected(protectionOf(contract))) return given;
  if (vault === undefined)
    throw new ConfigError(
      'NO_VAULT',
      `${contract.dataset} is protected, and no vault is there to seal what is corrected.`,
      {
        context: { dataset: contract.dataset },
      },
    );
  const sodium = await Sodium.open();
  const sealing = { contract, vault, sodium, now: clock.now() };
  const all: Correction[] = [];
  try {
    for (const { record, values } of given)
      all.push({ record, values: await sealGiven(values, valuesNow(contract, record), sealing) });
  } finally {
    sodium.dispose();
  }
  return all;
}
