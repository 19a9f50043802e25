import { sqlAt, sqlRevealAt } from '../addresses.ts';
import { type publishedStates, StateList } from './published-states.tsx';
import { plural } from './text.tsx';

/** What stands in the editor. */
export interface WrittenSql {
  readonly text: string;
  readonly asOf: string;
  /** What is wrong with the moment. */
  readonly wrong?: string;
}

/** Where people write SQL, and at which moment and with whose values it is to be answered. */
export function SqlEditor({
  csrf,
  written,
  states,
  groups,
}: {
  readonly csrf: string | undefined;
  readonly written: WrittenSql;
  readonly states: Awaited<ReturnType<typeof publishedStates>>;
  /** The data groups whose values the reader may see. */
  readonly groups: readonly string[];
}) {
  return (
    <form method="post" action={sqlAt} class="sql">
      <input type="hidden" name="csrf" value={csrf ?? ''} />
      <label for="sql">One SELECT, in DuckDB's SQL</label>
      <textarea
        id="sql"
        name="sql"
        rows={8}
        required
        spellcheck={false}
        autocomplete="off"
        autocapitalize="off"
        placeholder="SELECT * FROM gold.…"
      >
        {written.text}
      </textarea>
      {written.wrong !== undefined && (
        <p class="failed" role="alert" id="as-of-wrong">
          {written.wrong}
        </p>
      )}
      <p class="beside">
        <label for="as-of">As of</label>
        <input
          id="as-of"
          name="asOf"
          value={written.asOf}
          placeholder="now; or 2024-05-01, or a snapshot"
          size={34}
          autocomplete="off"
          list="states"
          {...(written.wrong === undefined
            ? {}
            : { 'aria-invalid': 'true', 'aria-describedby': 'as-of-wrong' })}
        />
        <StateList id="states" states={states} />
        <button type="submit">Ask</button>
        <span class="soft">
          Ctrl+Enter asks, too<span class="scripted">; Ctrl+Space completes names</span>.
        </span>
      </p>
      {groups.length > 0 && <WithValues groups={groups} />}
    </form>
  );
}

/** Asks for values instead of envelopes, with a reason. */
function WithValues({ groups }: { readonly groups: readonly string[] }) {
  return (
    <details>
      <summary>Show values of {plural(groups.length, 'data group')} instead of envelopes</summary>
      <p class="beside">
        {groups.map((group) => (
          <label>
            <input type="checkbox" name={`reveal:${group}`} value="yes" /> {group}
          </label>
        ))}
        <label for="reveal-reason">Why you need to see them (it is kept for good)</label>
        <input id="reveal-reason" name="reason" maxlength={2000} autocomplete="off" />
        <button type="submit" class="plain" formaction={sqlRevealAt}>
          Ask, and show values
        </button>
      </p>
    </details>
  );
}
