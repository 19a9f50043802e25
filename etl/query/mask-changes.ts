import type { Contract } from '../contract/contract.ts';
import { isOpen } from '../contract/open-columns.ts';
import type { KeyChange, MonthChange, RowsDiff } from './compare-rows.ts';
import { MASK } from './run-rejects.ts';

/** What differs between two states of a table, without the values of personal and confidential columns. */
export function maskChanges(found: RowsDiff, contract: Contract): RowsDiff {
  const hidden = new Set(contract.columns.filter((column) => !isOpen(column)).map(({ name }) => name));
  const measures = contract.layer === 'silver' ? contract.measures : [];
  const isHiddenBy = measures.some(({ by }) => by !== undefined && hidden.has(by));
  return {
    ...found,
    months: found.months.map((month) => maskedMonth(month, { hidden, isHiddenBy })),
    keys: found.keys.map((key) => maskedKey(key, hidden)),
  };
}

/** Orders masked changes by what is seen of them: the order of what is hidden would tell of it. */
export function bySeen(a: Pick<KeyChange, 'month'>, b: Pick<KeyChange, 'month'>): number {
  const [one, other] = [JSON.stringify([a.month, a]), JSON.stringify([b.month, b])];
  return one < other ? -1 : Number(one > other);
}

function maskedMonth(
  month: MonthChange,
  { hidden, isHiddenBy }: { readonly hidden: ReadonlySet<string>; readonly isHiddenBy: boolean },
): MonthChange {
  const measures = month.measures.map((one) => ({
    ...one,
    by: isHiddenBy && one.by !== null ? MASK : one.by,
    ...(hidden.has(one.measure) ? { added: MASK, removed: MASK } : {}),
  }));
  return { ...month, measures };
}

function maskedKey(change: KeyChange, hidden: ReadonlySet<string>): KeyChange {
  const mask = (value: string | null): string | null => (value === null ? null : MASK);
  const key = Object.entries(change.key).map(([name, value]) => [
    name,
    hidden.has(name) ? mask(value) : value,
  ]);
  const values = Object.entries(change.values).map(([name, { old, new: now }]) => [
    name,
    hidden.has(name) ? { old: mask(old), new: mask(now) } : { old, new: now },
  ]);
  return { ...change, key: Object.fromEntries(key), values: Object.fromEntries(values) };
}
