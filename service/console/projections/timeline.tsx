import type { TracedEvent } from '../../../etl/asking/stream-answer.ts';
import { plural } from '../parts/text.tsx';

/** The events of a stream, oldest first: each leads to what the stream was with it. */
export function Timeline({
  trace,
  skipped,
  chosen,
  link,
}: {
  readonly trace: readonly TracedEvent[];
  /** Earlier events, which are not in the trace. */
  readonly skipped: number;
  /** Which event is shown, counted from 1. */
  readonly chosen: number;
  readonly link: (event: number) => string;
}) {
  return (
    <section aria-label="Events">
      <h2>Events</h2>
      {skipped > 0 && (
        <p class="soft">{plural(skipped, 'earlier event')}: choose an earlier time to see them.</p>
      )}
      <ol class="timeline" start={skipped + 1}>
        {trace.map((event, n) => {
          const place = skipped + n + 1;
          return (
            <li
              class={place > chosen ? 'later' : ''}
              {...(place === chosen ? { 'aria-current': 'step' } : {})}
            >
              <a href={`${link(place)}#state`}>{event.type ?? 'event'}</a> <Happened at={event.at} />
              <Data event={event} />
            </li>
          );
        })}
      </ol>
    </section>
  );
}

/** When an event happened: a time to the second, or a day. */
function Happened({ at }: { readonly at: string | null }) {
  if (at === null) return null;
  const text = at.length > 10 ? at.slice(0, 19).replace('T', ' ') : at;
  return <time datetime={at}>{text}</time>;
}

function Data({ event: { data, version, id } }: { readonly event: TracedEvent }) {
  const values = Object.entries(data).filter(([, value]) => value !== null);
  return (
    <details>
      <summary>
        version {version}, {id}
      </summary>
      <dl class="facts">
        {values.map(([name, value]) => (
          <>
            <dt>{name}</dt>
            <dd>{String(value)}</dd>
          </>
        ))}
      </dl>
    </details>
  );
}
