import type { Child } from 'hono/jsx';
import { isAllowed } from '../../identity/identity.ts';
import { decideAt } from '../addresses.ts';
import type { PageRequest } from '../page.ts';
import { count, plural } from '../parts/text.tsx';
import { type Asked, conditionsOf } from './asked.ts';

/** What is dealt with on a page. */
interface Dealing {
  readonly request: PageRequest;
  readonly dataset: string;
  readonly asked: Asked;
  /** How many records match, on whatever page. */
  readonly total: number;
  readonly children: Child;
}

/** A form around the records of a dataset, and what can be done with them, with a reason. */
export function Dealing({ request, dataset, asked, total, children }: Dealing) {
  const { csrf, identity, service } = request;
  const may = (permission: 'quarantine.decide' | 'quarantine.release'): boolean =>
    csrf !== undefined && isAllowed(identity, permission, service);
  const what = asked.state === 'condemned' ? 'quarantine.release' : 'quarantine.decide';
  if (asked.state === 'retrying' || total === 0 || !may(what)) return <>{children}</>;
  return (
    <form method="post" action={decideAt(dataset, 'correct')} class="dealing">
      <input type="hidden" name="csrf" value={csrf ?? ''} />
      <input type="hidden" name="total" value={String(total)} />
      {Object.entries(conditionsOf(asked)).map(([name, value]) => (
        <input type="hidden" name={`asked.${name}`} value={value} />
      ))}
      {children}
      <section class="decide" aria-labelledby="decide">
        <h2 id="decide">{asked.state === 'condemned' ? 'Release' : 'Correct, retry, condemn'}</h2>
        <label for="reason">Why (it is kept for good)</label>
        <input id="reason" name="reason" required maxlength={2000} autocomplete="off" />
        {asked.state === 'condemned' ? (
          <Releases dataset={dataset} total={total} />
        ) : (
          <Decisions dataset={dataset} total={total} />
        )}
      </section>
    </form>
  );
}

interface Buttons {
  readonly dataset: string;
  readonly total: number;
}

function Decisions({ dataset, total }: Buttons) {
  const at = (what: string): string => decideAt(dataset, what);
  return (
    <>
      <p class="buttons">
        <button type="submit">Save what is corrected</button>
        <button type="submit" formaction={at('retry')} name="which" value="corrected">
          Save, and retry all that are corrected
        </button>
      </p>
      <p class="buttons">
        <button type="submit" class="plain" formaction={at('retry')} name="which" value="ticked">
          Retry the ticked
        </button>
        <button type="submit" class="plain" formaction={at('retry')} name="which" value="all">
          Retry {all(total)}
        </button>
        <button type="submit" class="plain" formaction={at('condemn')} name="which" value="ticked">
          Condemn the ticked
        </button>
        <button type="submit" class="plain" formaction={at('condemn')} name="which" value="all">
          Condemn {all(total)}
        </button>
      </p>
      <p class="soft">
        A retry tests records once more, with what was corrected, in a run that begins at once. What passes is
        published; what fails again has one failure more. Condemned records come back only by a release.
      </p>
    </>
  );
}

function Releases({ dataset, total }: Buttons) {
  const action = decideAt(dataset, 'release');
  return (
    <>
      <p class="buttons">
        <button type="submit" formaction={action} name="which" value="ticked">
          Ask to release the ticked
        </button>
        <button type="submit" class="plain" formaction={action} name="which" value="all">
          Ask to release {all(total)}
        </button>
      </p>
      <p class="soft">
        Another person approves the request. Then the records are open again, with all their attempts.
      </p>
    </>
  );
}

const all = (total: number): string =>
  total === 1 ? 'the one that is listed' : `all ${count(total)} that match`;

/** What was done, in words, by what the address says. */
export function doneText(done: string | undefined): string | undefined {
  const [what = '', number = ''] = (done ?? '').split('.');
  const records = plural(Number(number), 'record');
  const texts: Readonly<Record<string, string>> = {
    corrected: `${records} corrected. A retry tests them with their new values.`,
    condemned: `${records} condemned.`,
    asked: `The release of ${records} is asked for: another person decides.`,
    released: `${records} released: they are open again. A retry tests them.`,
    refused: `The release is refused: its records stay condemned.`,
  };
  return texts[what];
}
