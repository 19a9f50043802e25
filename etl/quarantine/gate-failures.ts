import { GATES_NAME } from '../contract/check-columns.ts';
import { GATE_CODE } from '../contract/gate-reasons.ts';
import type { FailedRecord } from './records.ts';

/** Why an event failed at gates other than its contract, as its evidence says it: `PII_DETECTED:note`; none where it didn't. */
export const gateFailures = ({ reasons }: Pick<FailedRecord, 'reasons'>): readonly string[] =>
  reasons.filter(({ code }) => code === GATE_CODE).map(gateFailure);

/** A reason in a few words: its code, and the column, or the gate's reason, that it is about. */
export function reasonWords(reason: FailedRecord['reasons'][number]): string {
  const { code, column } = reason;
  const what = code === GATE_CODE ? gateFailure(reason) : column;
  return what === null ? code : `${code} ${what}`;
}

/** Values of a record without what Assay notes among them of gates: that is no column, and stands among the reasons. */
export const withoutGates = (record: FailedRecord): FailedRecord => ({
  ...record,
  record:
    record.record === null
      ? null
      : Object.fromEntries(Object.entries(record.record).filter(([name]) => name !== GATES_NAME)),
});

const gateFailure = ({ rule, value }: FailedRecord['reasons'][number]): string =>
  value === null ? `${rule}` : `${rule}:${value}`;
