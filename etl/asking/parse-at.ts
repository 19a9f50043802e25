import { literal } from '../engine/sql.ts';
import { ConfigError } from '../errors.ts';
import { parseAsOf } from '../query/as-of.ts';

/** A moment of the events' own time. */
export interface EventMoment {
  /** As it was asked for. */
  readonly text: string;
  /** SQL of the condition under which an event of this time had happened by then. */
  readonly reached: (time: string) => string;
}

/**
 * `2024-05-01T12:00Z` → that time and all before, UTC unless it says otherwise; `2024-05-01` → all of that day and before.
 * Throws ConfigError `AT` for what is no time.
 */
export function parseAt(text: string): EventMoment {
  const moment = timeIn(text);
  if (moment === undefined)
    throw new ConfigError(
      'AT',
      `'${text}' is no time: write e.g. 2024-05-01, which is all of that day, or 2024-05-01T12:00:00Z.`,
    );
  // A day's last microsecond counts, and so does that of a time.
  if (text.length === 10) {
    const nextDay = `(${literal(`${text}T00:00:00Z`)}::TIMESTAMPTZ + INTERVAL 1 DAY)`;
    return { text, reached: (time) => `CAST(${time} AS TIMESTAMPTZ) < ${nextDay}` };
  }
  const micros = (/\.(\d+)/.exec(text)?.[1] ?? '').padEnd(6, '0').slice(0, 6);
  const until = `${literal(`${new Date(moment).toISOString().slice(0, 19)}.${micros}Z`)}::TIMESTAMPTZ`;
  return { text, reached: (time) => `CAST(${time} AS TIMESTAMPTZ) <= ${until}` };
}

function timeIn(text: string): number | undefined {
  try {
    const parsed = parseAsOf(text);
    return parsed.kind === 'time' ? parsed.ms : undefined;
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}
