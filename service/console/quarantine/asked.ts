import { z } from 'zod';
import { ConfigError } from '../../../etl/errors.ts';
import type { FailedRecord, RecordFilter } from '../../../etl/quarantine/records.ts';
import { CONDITIONS, filterOf, LISTED_STATES, RECORD_ID } from '../../quarantine/record-query.ts';

/** What the quarantine's address asks for. */
const Asked = z.object({
  dataset: z.string().max(200).exactOptional(),
  state: z.enum(['open', 'retrying', 'condemned']).default('open'),
  ...CONDITIONS,
  record: RECORD_ID.exactOptional(),
  corrected: z.enum(['true', 'false']).exactOptional(),
  cursor: z.string().max(4000).exactOptional(),
  /** Whether the records of the page are chosen already. */
  ticked: z.literal('all').exactOptional(),
  /** What was just done, in the words of `doneText`. */
  done: z
    .string()
    .regex(/^[a-z]+\.\d{1,9}$/)
    .exactOptional(),
});
export type Asked = z.output<typeof Asked>;

/** Reads an address or a form's copy of it; empty fields say nothing. Throws ConfigError `REQUEST` for what can't be meant. */
export function readAsked(query: Readonly<Record<string, string>>): Asked {
  const said = Object.entries(query).filter(([, value]) => value.trim() !== '');
  const parsed = Asked.safeParse(Object.fromEntries(said));
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map(({ path, message }) => `${path.map(String).join('.')}: ${message}`);
  throw new ConfigError('REQUEST', `The filter can't be understood: ${wrong.join('; ')}.`);
}

/** The filter as an address says it, for links and forms: without the page, what is ticked and what was done. */
export function conditionsOf({
  cursor: _,
  done: __,
  ticked: ___,
  state,
  ...rest
}: Asked): Record<string, string> {
  return { ...rest, ...(state === 'open' ? {} : { state }) };
}

/** Which records are meant at a moment. */
export function meantBy(
  asked: Asked,
  now: Date,
): { readonly filter: RecordFilter; readonly states: readonly FailedRecord['state'][] } {
  const ids = asked.record === undefined ? [] : [asked.record];
  return { filter: filterOf(asked, now, ids), states: LISTED_STATES[asked.state] };
}
