import { resetBreaker } from '../../../etl/operations/reset-breaker.ts';
import { openBreaker } from '../../../etl/stages/make-plan.ts';
import type { Breaker } from '../../../etl/stages/outcomes.ts';
import { isAllowed } from '../../identity/identity.ts';
import { breakerOf, datasetAt, resetBreakerAt, runAt } from '../addresses.ts';
import type { Action, PageRequest } from '../page.ts';
import { wordOf } from '../word-of.ts';
import { Id, plural, Time } from './text.tsx';

/** The open circuit breaker of a dataset; undefined where it is closed, or not for the eyes of who asks. */
export async function seenBreaker(
  { identity, service }: PageRequest,
  dataset: string,
): Promise<Breaker | undefined> {
  if (!isAllowed(identity, 'runs.read', service)) return undefined;
  return await openBreaker(service.lake.effects, dataset);
}

/** What opened a circuit breaker, and the form that closes it, for who may. */
export function OpenBreaker({
  request: { csrf, identity, service },
  breaker: { dataset, openedAt, runId, code, count, windowMinutes },
}: {
  readonly request: PageRequest;
  readonly breaker: Breaker;
}) {
  const decides = csrf !== undefined && isAllowed(identity, 'runs.decide', service);
  return (
    <section class="decide" id="breaker" aria-labelledby="breaker-name">
      <h2 id="breaker-name">The circuit breaker is open</h2>
      <p>
        Since <Time at={openedAt} />: {plural(count, 'error')} {code} within {windowMinutes} minutes. No run
        of {dataset} starts while it is open, so that no record is condemned for what is wrong at its source.
        The run that opened it has the records:{' '}
        <a href={runAt(runId)}>
          <Id id={runId} />
        </a>
        .
      </p>
      {decides && (
        <form method="post" action={resetBreakerAt(dataset)}>
          <input type="hidden" name="csrf" value={csrf} />
          <input type="hidden" name="openedAt" value={openedAt} />
          <label for="breaker-reason">Why runs may start again</label>
          <input id="breaker-reason" name="reason" required maxlength={2000} autocomplete="off" />
          <button type="submit">Close the circuit breaker of {dataset}</button>
        </form>
      )}
    </section>
  );
}

/** Says on other pages that a breaker is open, and leads to it. */
export const BreakerIsOpen = ({ breaker }: { readonly breaker: Breaker | undefined }) =>
  breaker === undefined ? null : (
    <p class="failed">
      The circuit breaker of {breaker.dataset} is open: no run of it starts.{' '}
      <a href={breakerOf(breaker.dataset)}>Look at the circuit breaker</a>
    </p>
  );

/** Closes the circuit breaker that the page showed. */
export const closeBreaker: Action = {
  path: '/datasets/{dataset}/breaker',
  permission: 'runs.decide',
  async act(request) {
    const { params, form, service, board } = request;
    const dataset = params.dataset ?? '';
    await resetBreaker(service.lake.effects, dataset, { ...wordOf(request), openedAt: form.openedAt });
    board.forget(dataset);
    return datasetAt(dataset);
  },
};
