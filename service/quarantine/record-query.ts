import { z } from 'zod';
import { AGE, readAge } from '../../etl/age.ts';
import type { FailedRecord, RecordFilter } from '../../etl/quarantine/records.ts';

const text = z.string().trim().min(1).max(400).exactOptional();

/** The id of a record, or its beginning. */
export const RECORD_ID = z
  .string()
  .regex(/^[0-9a-fA-F]{6,64}$/, 'is no record: at least six hexadecimal digits');

/** The conditions by which records are found, as addresses and bodies say them. */
export const CONDITIONS = {
  code: text.meta({ description: 'that failed with this code, e.g. TYPE_ERROR' }),
  column: text.meta({ description: 'that failed in this column' }),
  file: text.meta({ description: 'that came in a file whose key contains this' }),
  run: text.meta({ description: 'that failed last in this run' }),
  olderThan: z
    .string()
    .regex(AGE, 'is no age: write e.g. 30m, 12h or 7d')
    .exactOptional()
    .meta({ description: 'that failed last so long ago, e.g. 30m, 12h, 7d' }),
};

/** Which states lists show: what is retried still waits for its verdict. */
export const LISTED_STATES = {
  open: ['open', 'retrying'],
  retrying: ['retrying'],
  condemned: ['condemned'],
} as const satisfies Readonly<Record<string, readonly FailedRecord['state'][]>>;

/** What conditions may say. */
export interface Conditions {
  readonly code?: string;
  readonly column?: string;
  readonly file?: string;
  readonly run?: string;
  readonly olderThan?: string;
  readonly corrected?: 'true' | 'false';
}

/** The filter that conditions mean at a moment. */
export function filterOf(
  { code, column, file, run, olderThan, corrected }: Conditions,
  now: Date,
  ids: readonly string[] = [],
): RecordFilter {
  const ms = olderThan === undefined ? undefined : readAge(olderThan);
  return {
    ids,
    ...(code === undefined ? {} : { code: code.toUpperCase() }),
    ...(column === undefined ? {} : { column }),
    ...(file === undefined ? {} : { file }),
    ...(run === undefined ? {} : { run }),
    ...(ms === undefined ? {} : { before: new Date(now.getTime() - ms).toISOString() }),
    ...(corrected === undefined ? {} : { isCorrected: corrected === 'true' }),
  };
}
