import type { ShownStream } from '../../projections/stream-of.ts';
import { streamAt } from '../addresses.ts';
import { Filter } from '../parts/filter.tsx';

/** The two times of a timeline, and the way through its events: a slider, and a step back and forth. */
export function When({
  answer,
  query,
  chosen,
}: {
  readonly answer: ShownStream;
  readonly query: Readonly<Record<string, string>>;
  readonly chosen: number;
}) {
  const { projection, stream, events, trace = [] } = answer;
  const first = events - trace.length + 1;
  const { at, asOf } = query;
  const to = (event: number): string => streamAt(projection, stream, { at, asOf, event: String(event) });
  return (
    <>
      <Filter action={streamAt(projection, stream)} reset={at !== undefined || asOf !== undefined}>
        <label>
          happened by <input name="at" value={at ?? ''} placeholder="2024-05-01T12:00Z" size={22} />
        </label>
        <label>
          known by <input name="asOf" value={asOf ?? ''} placeholder="2024-05-01" size={22} />
        </label>
        {trace.length > 1 && (
          <label class="scrub">
            event{' '}
            <input type="range" name="event" min={first} max={events} value={chosen} aria-label="Event" />
          </label>
        )}
      </Filter>
      {trace.length > 1 && (
        <p class="screen steps">
          {chosen > first ? (
            <a href={to(chosen - 1)}>← Event before</a>
          ) : (
            <span class="soft">← Event before</span>
          )}{' '}
          {chosen < events ? (
            <a href={to(chosen + 1)}>Event after →</a>
          ) : (
            <span class="soft">Event after →</span>
          )}
        </p>
      )}
    </>
  );
}
