import type { Args, Option } from './command.ts';
import { usageError } from './usage-error.ts';

/** The option `--month`, with what it is for. */
export const monthOption = (help: string): Option => ({ type: 'string', value: 'YYYY-MM', help });

/** The month that `--month` names, as `YYYY-MM`; throws ConfigError `USAGE` on anything else. */
export function monthOf(args: Args): string | undefined {
  const month = args.text('month');
  if (month === undefined || /^\d{4}-(0[1-9]|1[0-2])$/.test(month)) return month;
  throw usageError(`--month ${month} is no month: write YYYY-MM, e.g. 2024-03.`);
}

/** The month that must be named. */
export function requireMonth(args: Args): string {
  const month = monthOf(args);
  if (month === undefined) throw usageError('--month is missing: write the month as YYYY-MM, e.g. 2024-03.');
  return month;
}
