import { streamsOfAt } from '../addresses.ts';

/** A form that leads to the timeline of a stream. */
export function FindStream({ dataset, stream }: { readonly dataset: string; readonly stream: string }) {
  return (
    <>
      <h2>Streams</h2>
      <p>The state of one stream, at any moment of its events, as it was known at any moment:</p>
      <form method="get" action={streamsOfAt(dataset)} class="filter">
        <label>
          {stream} <input name="stream" required />
        </label>
        <button type="submit" class="plain">
          Show
        </button>
      </form>
    </>
  );
}
