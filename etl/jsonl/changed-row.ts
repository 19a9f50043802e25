/** Where a change of a table's row has what, as Debezium writes it, in the line under which an event lands. */

/** What happened: `c` created, `u` updated, `d` deleted, `r` read by a snapshot. */
export const OPERATION = '/value/op';

/** Below it is the row as it became; null where it was deleted. */
export const ROW_AFTER = '/value/after/';

const ROW_BEFORE = '/value/before/';

/** Slots of a record of changes, whose row stands elsewhere where it was deleted. */
export interface ChangedRow {
  /** Slot of the operation. */
  readonly operation: number;
  /** By slot of a row's value: the slot of the same value before. Other slots are absent. */
  readonly before: ReadonlyMap<number, number>;
}

/** The pointers with those that a deleted row's values need behind them, and which slot stands in for which. */
export function changedRow(pointers: readonly string[]): {
  readonly pointers: readonly string[];
  readonly row: ChangedRow;
} {
  const all = [...pointers];
  const slotOf = (pointer: string): number => {
    const known = all.indexOf(pointer);
    return known < 0 ? all.push(pointer) - 1 : known;
  };
  const before = new Map<number, number>();
  for (const [slot, pointer] of pointers.entries())
    if (pointer.startsWith(ROW_AFTER)) before.set(slot, slotOf(ROW_BEFORE + pointer.slice(ROW_AFTER.length)));
  return { pointers: all, row: { operation: slotOf(OPERATION), before } };
}
