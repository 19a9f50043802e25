const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** How an age is written: `30m`, `12h`, `7d`. */
export const AGE = /^(\d{1,6})([mhd])$/;

/** `30m`, `12h`, `7d` → milliseconds; undefined for anything else. */
export function readAge(text: string): number | undefined {
  const [, count = '', unit = ''] = AGE.exec(text) ?? [];
  return count === '' ? undefined : Number(count) * (UNIT_MS[unit] ?? 0);
}
