import type { MeasureSum } from './stages/documents.ts';

/** Exact sums of decimals written as text. */

/** `-12.5` → its digits and how many of them are decimals. */
function parts(text: string): { units: bigint; scale: number } {
  const [whole = '0', decimals = ''] = text.split('.');
  return { units: BigInt(whole + decimals), scale: decimals.length };
}

/** The exact sum of two decimals; it keeps the longer one's decimals. */
export function addDecimals(a: string, b: string): string {
  const [left, right] = [parts(a), parts(b)];
  const scale = Math.max(left.scale, right.scale);
  const units =
    left.units * 10n ** BigInt(scale - left.scale) + right.units * 10n ** BigInt(scale - right.scale);
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, '0');
  const sign = units < 0n ? '-' : '';
  return scale === 0 ? `${sign}${digits}` : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** Whether two decimals are the same number, however written. */
export function sameDecimal(a: string, b: string): boolean {
  const difference = addDecimals(a, b.startsWith('-') ? b.slice(1) : `-${b}`);
  return parts(difference).units === 0n;
}

/** The sum of each measure and group, ordered by both. */
export function addSums(sums: readonly MeasureSum[]): MeasureSum[] {
  const groups = new Map<string, MeasureSum>();
  for (const sum of sums) {
    const key = JSON.stringify([sum.measure, sum.by]);
    const before = groups.get(key);
    groups.set(key, before === undefined ? sum : { ...sum, sum: addDecimals(before.sum, sum.sum) });
  }
  return [...groups.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, sum]) => sum);
}
