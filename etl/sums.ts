import type { MeasureSum } from './stages/documents.ts';

/** Exact sums of decimals written as text. */

/** `-12.5` → its digits and how many of them are decimals. */
function parts(text: string): { units: bigint; scale: number } {
  const point = text.indexOf('.');
  if (point === -1) return { units: BigInt(text), scale: 0 };
  return { units: BigInt(text.slice(0, point) + text.slice(point + 1)), scale: text.length - point - 1 };
}

const scaled = ({ units, scale }: ReturnType<typeof parts>, wanted: number): bigint =>
  scale === wanted ? units : units * 10n ** BigInt(wanted - scale);

/** The exact sum of two decimals; it keeps the longer one's decimals. */
export function addDecimals(a: string, b: string): string {
  const [left, right] = [parts(a), parts(b)];
  const scale = Math.max(left.scale, right.scale);
  const units = scaled(left, scale) + scaled(right, scale);
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
