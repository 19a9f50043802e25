import type { RecordReason } from '../../etl/judging/record-judge.ts';

/** A reason as evidence names it: `NULL_VALUE:customer_id`; of a rule over several columns, `RULE_ERROR:paid_before_due`. */
export function reasonCode({ code, column, rule }: Pick<RecordReason, 'code' | 'column' | 'rule'>): string {
  if (column !== null) return `${code}:${column}`;
  return code === 'RULE_ERROR' ? `${code}:${rule}` : code;
}
