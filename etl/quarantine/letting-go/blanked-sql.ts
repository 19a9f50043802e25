import { REASONS_TYPE } from '../../contract/compile-record.ts';

/**
 * What is selected of reject rows, those without their values for which a condition holds: their place, their hash and
 * the codes of their reasons stay.
 */
export function blankedSql(condition: string): string {
  const unless = (value: string): string => `CASE WHEN ${condition} THEN NULL ELSE ${value} END AS ${value}`;
  return `* REPLACE (${unless('record')}, ${unless('raw_text')},
    CASE WHEN ${condition} THEN CAST(list_transform(reasons, lambda x: {'rule': x.rule, 'column': x.column, 'code': x.code, 'value': NULL}) AS ${REASONS_TYPE}) ELSE reasons END AS reasons)`;
}
