/** The months from the first to the last, without holes: `YYYY-MM`. */
export function monthsBetween(months: readonly string[]): string[] {
  const sorted = [...months].sort();
  const [first, last] = [sorted[0], sorted.at(-1)];
  if (first === undefined || last === undefined) return [];
  const all: string[] = [];
  for (let at = indexOf(first); at <= indexOf(last); at++) all.push(labelOf(at));
  return all;
}

const indexOf = (month: string): number => Number(month.slice(0, 4)) * 12 + Number(month.slice(5)) - 1;
const labelOf = (at: number): string =>
  `${String(Math.floor(at / 12)).padStart(4, '0')}-${String((at % 12) + 1).padStart(2, '0')}`;

/** An axis of amounts: from zero, or through it, to round numbers. */
export interface Axis {
  readonly ticks: readonly number[];
  /** Where a value stands: its share of the way from the lowest tick to the highest. */
  at(value: number): number;
}

/** About how many steps an axis has. */
const STEPS = 4;

/** The axis on which all values have a place, and zero. */
export function axisOf(values: readonly number[]): Axis {
  const low = values.reduce((least, value) => Math.min(least, value), 0);
  const high = values.reduce((most, value) => Math.max(most, value), 0);
  const step = roundStep((high - low || 1) / STEPS);
  const [from, to] = [Math.floor(low / step), Math.max(Math.ceil(high / step), Math.floor(low / step) + 1)];
  const ticks = Array.from({ length: to - from + 1 }, (_, n) => (from + n) * step);
  return { ticks, at: (value) => (value / step - from) / (to - from) };
}

/** The least of 1, 2, 2.5 and 5, and their tenfolds, that is not below. */
function roundStep(least: number): number {
  const unit = 10 ** Math.floor(Math.log10(least));
  return (([1, 2, 2.5, 5].find((factor) => factor * unit >= least) ?? 10) as number) * unit;
}

/** A value so many times as great as the next one leaves no height to the others. */
const APART = 4;
/** More than so many great ones are no exceptions. */
const MOST_CUT = 3;

/**
 * The greatest value that is drawn to scale where a few values leave no height to all others; undefined where none do.
 * Amounts below zero have an axis of their own, on which nothing is cut.
 */
export function cutAbove(values: readonly number[]): number | undefined {
  if (values.some((value) => value < 0)) return undefined;
  const sorted = [...values].sort((a, b) => b - a);
  for (let cut = MOST_CUT; cut >= 1; cut--) {
    const [least, next] = [sorted[cut - 1] ?? 0, sorted[cut] ?? 0];
    if (next > 0 && sorted.length > 2 * cut && least > APART * next) return next;
  }
  return undefined;
}

/** Every n-th of some labels back from the last, and the one that is looked at, so that about so many are shown. */
export function everyNth<T>(
  all: readonly T[],
  most: number,
  looked?: T,
): readonly { readonly at: number; readonly label: T }[] {
  const step = Math.max(1, Math.ceil(all.length / most));
  const special = looked === undefined ? -1 : all.indexOf(looked);
  const isShown = (at: number): boolean =>
    (all.length - 1 - at) % step === 0 && (special < 0 || Math.abs(at - special) * 2 > step);
  return all.flatMap((label, at) => (at === special || isShown(at) ? [{ at, label }] : []));
}

/** `1.2M`: a number of an axis, for which that is enough. */
export const short = (value: number): string =>
  new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 }).format(value);
