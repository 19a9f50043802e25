import { isAllowed } from '../../identity/identity.ts';
import { privacyAt } from '../addresses.ts';
import type { PageRequest } from '../page.ts';
import { Choice } from '../parts/choice.tsx';

/** Names somebody by the id of the source, to see what forgetting would do, or to collect all there is of them. */
export function AboutSomebody({
  request: { csrf, identity, service },
  kinds,
}: {
  readonly request: PageRequest;
  readonly kinds: readonly string[];
}) {
  const mayCollect = isAllowed(identity, 'privacy.access', service);
  return (
    <section class="decide" aria-labelledby="somebody">
      <h2 id="somebody">Somebody asks what you have of them, or to be forgotten</h2>
      <form method="post" action={`${privacyAt}/preview`} autocomplete="off">
        <input type="hidden" name="csrf" value={csrf ?? ''} />
        <label for="kind">Who</label>
        <Choice name="kind" options={kinds} chosen={kinds[0]} />
        <label for="id">with the id</label>
        <input id="id" name="id" required maxlength={1000} autocomplete="off" />
        <label for="why">Why (it is kept for good; don’t write names here)</label>
        <input id="why" name="reason" maxlength={2000} autocomplete="off" />
        <p class="buttons">
          <button type="submit">Show what forgetting would do</button>
          {mayCollect && (
            <button type="submit" class="plain" formaction={`${privacyAt}/access`}>
              Download everything about them
            </button>
          )}
        </p>
      </form>
      <p class="soft">
        Showing does nothing, and asks for nothing yet. That a download was made, by whom and why, is kept.
      </p>
    </section>
  );
}
