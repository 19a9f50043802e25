import type { Contract, SourceContract } from './contract.ts';

/** Whether no columns tell the records of a dataset apart, but their own values and a number among their equals in one file. */
export function isByRecord(contract: Contract): boolean {
  return contract.layer === 'silver' && contract.recordKey === true;
}

/** Whether records that stand in Silver already are repeats, which are counted and published no second time. */
export function knowsRepeats({ redelivery, recordKey }: SourceContract): boolean {
  return redelivery === 'expected' || recordKey === true;
}

/** The columns of Silver by whose values records that may be the same are found: the key's, or the digest of the record. */
export function keyColumns(contract: SourceContract): readonly string[] {
  return isByRecord(contract) ? ['row_hash'] : contract.key;
}

/** A contract's key in words. */
export function keyText(contract: Contract): string {
  return isByRecord(contract) ? 'the whole record' : contract.key.join(', ');
}
