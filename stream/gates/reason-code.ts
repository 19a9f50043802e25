import { GATE_CODE } from '../../etl/contract/gate-reasons.ts';
import type { RecordReason } from '../../etl/judging/record-judge.ts';

/**
 * A reason as evidence names it: `NULL_VALUE:customer_id`; of a rule over several columns, `RULE_ERROR:paid_before_due`; of
 * what failed at other gates, what they said.
 */
export function reasonCode({ code, column, rule, value }: RecordReason): string {
  if (code === GATE_CODE) return value === null ? rule : `${rule}:${value}`;
  if (column !== null) return `${code}:${column}`;
  return code === 'RULE_ERROR' ? `${code}:${rule}` : code;
}
