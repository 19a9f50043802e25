import { readAge } from '../etl/age.ts';
import { usageError } from './usage-error.ts';

/** `30m`, `12h`, `7d` → milliseconds; throws ConfigError `USAGE` on anything else, naming the option it came with. */
export function ageMs(text: string, option = '--older-than'): number {
  const ms = readAge(text);
  if (ms === undefined) throw usageError(`${option} ${text} is no age: write e.g. 30m, 12h or 7d.`);
  return ms;
}
