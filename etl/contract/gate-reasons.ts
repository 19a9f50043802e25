import type { Layout } from '../csv/layout.ts';
import type { ReasonCode } from './contract.ts';
import { fieldName } from './raw-record.ts';
import { REASON_VALUE_LENGTH } from './reason-value-length.ts';

/** The code of records that were events and failed at gates other than their contract. */
export const GATE_CODE = 'GATE_ERROR' satisfies ReasonCode;

/** The rule of a record that failed at gates and doesn't say why. */
const UNNAMED = 'gates';

/** SQL of whether a record was an event that failed at gates; undefined where none can be. */
export function gatesSql({ gates }: Pick<Layout, 'gates'>): string | undefined {
  return gates === undefined ? undefined : `(${fieldName(gates)} IS NOT NULL)`;
}

/**
 * SQL of the reasons of a record that failed at gates, a list: one a reason of its evidence, `PII_DETECTED:note` as the rule
 * `PII_DETECTED` and the value `note`. An empty list where it failed at none.
 */
export function gateReasonsSql(field: number): string {
  const name = fieldName(field);
  const texts = `list_transform(list_filter(json_extract(${name}, '$[*]'), lambda x: json_type(x) = 'VARCHAR'), lambda x: x->>'$')`;
  const said = `coalesce(TRY(CASE WHEN json_valid(${name}) THEN ${texts} END), [])`;
  const shown = (sql: string): string => `nullif(left(${sql}, ${REASON_VALUE_LENGTH}), '')`;
  const rule = `coalesce(${shown("split_part(x, ':', 1)")}, '${UNNAMED}')`;
  const value = shown("substr(x, length(split_part(x, ':', 1)) + 2)");
  const reason = `{'rule': ${rule}, 'column': CAST(NULL AS VARCHAR), 'code': '${GATE_CODE}', 'value': ${value}}`;
  const named = `CASE WHEN len(${said}) > 0 THEN ${said} ELSE [''] END`;
  return `CASE WHEN ${name} IS NULL THEN [] ELSE list_transform(${named}, lambda x: ${reason}) END`;
}

/** The same of one record in TypeScript: its field's text, or null. */
export function gateReasons(
  field: string | null,
): readonly { rule: string; column: null; code: typeof GATE_CODE; value: string | null }[] {
  if (field === null) return [];
  const said = textsOf(field);
  return (said.length > 0 ? said : ['']).map((text) => {
    const [rule = ''] = text.split(':', 1);
    const value = shown(text.slice(rule.length + 1));
    return {
      rule: shown(rule) || UNNAMED,
      column: null,
      code: GATE_CODE,
      value: value === '' ? null : value,
    };
  });
}

const shown = (text: string): string => [...text].slice(0, REASON_VALUE_LENGTH).join('');

function textsOf(field: string): string[] {
  try {
    const value: unknown = JSON.parse(field);
    return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
  } catch {
    return [];
  }
}
