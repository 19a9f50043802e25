import { usageError } from './usage-error.ts';

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `30m`, `12h`, `7d` → milliseconds; throws ConfigError `USAGE` on anything else, naming the option it came with. */
export function ageMs(text: string, option = '--older-than'): number {
  const [, count = '', unit = ''] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  if (count === '') throw usageError(`${option} ${text} is no age: write e.g. 30m, 12h or 7d.`);
  return Number(count) * (UNIT_MS[unit] ?? 0);
}
