import type { RevealedRecord } from '../../../etl/personal/reveal-record.ts';
import type { FailedRecord } from '../../../etl/quarantine/records.ts';
import { isAllowed } from '../../identity/identity.ts';
import type { PageRequest } from '../page.ts';
import { Table } from '../parts/facts.tsx';
import { isSealed } from '../parts/stored-value.tsx';

/** What a record has sealed: the form that opens it with a reason, or what was opened just now. */
export function Reveal({
  request: { csrf, identity, service },
  record: { record, rawText, corrections },
  at,
  revealed,
}: {
  readonly request: PageRequest;
  readonly record: FailedRecord;
  /** The record's address. */
  readonly at: string;
  readonly revealed: RevealedRecord | undefined;
}) {
  if (revealed !== undefined) return <Opened revealed={revealed} />;
  const texts = [...Object.values({ ...record, ...corrections }), rawText];
  if (
    !texts.some((text) => text !== null && isSealed(text)) ||
    csrf === undefined ||
    !isAllowed(identity, 'values.reveal', service)
  )
    return null;
  return (
    <section class="decide" aria-labelledby="reveal">
      <h2 id="reveal">Sealed values</h2>
      <form method="post" action={`${at}/reveal`}>
        <input type="hidden" name="csrf" value={csrf} />
        <label for="reveal-reason">Why you need to see them (it is kept for good)</label>
        <input id="reveal-reason" name="reason" required maxlength={2000} autocomplete="off" />
        <button type="submit" class="plain">
          Show the values of your data groups
        </button>
      </form>
    </section>
  );
}

function Opened({ revealed: { values, sealed } }: { readonly revealed: RevealedRecord }) {
  return (
    <section aria-labelledby="reveal">
      <h2 id="reveal">Values that were opened</h2>
      <Table
        caption="Values that were opened"
        columns={['column', 'value']}
        rows={Object.entries(values).map(([name, value]) => [name, <code class="values">{value}</code>])}
      />
      <p class="soft">
        That you saw them is kept. {sealed.length > 0 && `Still sealed: ${sealed.join(', ')}. `}They are gone
        when the page is opened again.
      </p>
    </section>
  );
}
