import type { Contract } from '../contract/contract.ts';
import { openColumns } from '../contract/open-columns.ts';
import { MASK, maskValues } from '../query/run-rejects.ts';
import type { FailedRecord } from './records.ts';

/**
 * A record without the values of personal and confidential columns, nor of any that the contract doesn't know. Its
 * reasons have none: they are made without.
 */
export function maskRecord(record: FailedRecord, contract: Contract | undefined): FailedRecord {
  const open = openColumns(contract);
  const isAllOpen = contract !== undefined && open.size === contract.columns.length;
  const hide = (values: FailedRecord['corrections']) =>
    maskValues(values, open) as FailedRecord['corrections'];
  return {
    ...record,
    record: record.record === null ? null : hide(record.record),
    corrections: hide(record.corrections),
    // Which part of an unparsable record belongs to which column can't be told.
    rawText: record.rawText === null || isAllOpen ? record.rawText : MASK,
  };
}
