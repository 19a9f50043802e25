import type { Contract, SourceContract } from './contract.ts';

/**
 * Whether records have no key columns, so that only their values, and a number among equals in one file, tell them
 * apart.
 */
export function isByRecord(contract: Contract): boolean {
  return contract.layer === 'silver' && contract.recordKey === true;
}

/** Whether records that are in Silver already count as repeats and aren't published again. */
export function knowsRepeats({ redelivery, recordKey, events }: SourceContract): boolean {
  return redelivery === 'expected' || recordKey === true || events !== undefined;
}

/** The Silver columns that find records which may be the same: those of the key, or the record's digest. */
export function keyColumns(contract: SourceContract): readonly string[] {
  return isByRecord(contract) ? ['row_hash'] : contract.key;
}

/** A contract's key in words. */
export function keyText(contract: Contract): string {
  return isByRecord(contract) ? 'the whole record' : contract.key.join(', ');
}
