import { isOpen } from '../contract/open-columns.ts';
import { REASON_VALUE_LENGTH } from '../contract/reason-value-length.ts';
import { literal } from '../engine/sql.ts';
import type { EventContract } from './event-order.ts';

/** The rule in the reason of an event that was in Silver, until one with a smaller id came. */
const GAVE_WAY_RULE = 'gave way';

/** The condition under which a row of a reject table was in Silver, and gave way to another event. */
export const GAVE_WAY_SQL = `len(list_filter(reasons, lambda x: x.code = 'DUPLICATE' AND x.rule = '${GAVE_WAY_RULE}')) > 0`;

/** How an event's id is shown. */
export interface ShownId {
  readonly contract: EventContract;
  /** Keys the digests that stand for values that aren't shown. */
  readonly digestKey: string;
}

/** SQL of the reason of an event that is a duplicate: `id`, SQL of a text, is that of the event that stays. */
export function duplicateReasonSql({ contract, digestKey }: ShownId, id: string, rule = 'key'): string {
  const name = contract.events.id;
  const column = contract.columns.find((one) => one.name === name);
  const shown =
    column === undefined || !isOpen(column)
      ? `'digest:' || left(sha256(${literal(digestKey)} || ${id}), 16)`
      : `left(${id}, ${REASON_VALUE_LENGTH})`;
  return `{'rule': ${literal(rule)}, 'column': ${literal(name)}, 'code': 'DUPLICATE', 'value': ${shown}}`;
}

/** That of an event which was in Silver. */
export const gaveWayReasonSql = (shown: ShownId, id: string): string =>
  duplicateReasonSql(shown, id, GAVE_WAY_RULE);
