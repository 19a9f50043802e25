import type { ShownRequest } from '../../../etl/personal/forgetting/show-requests.ts';
import { isAllowed } from '../../identity/identity.ts';
import { forgettingAt } from '../addresses.ts';
import type { PageRequest } from '../page.ts';
import { plural, Time } from '../parts/text.tsx';

type Waiting = Extract<ShownRequest, { state: 'asked' }>;

/** Requests that wait for another person, each with its form. */
export function WaitingRequests({
  request,
  waiting,
}: {
  readonly request: PageRequest;
  readonly waiting: readonly Waiting[];
}) {
  if (waiting.length === 0) return null;
  return (
    <section class="needs" aria-labelledby="requests">
      <h2 id="requests">{plural(waiting.length, 'request')} to decide on</h2>
      {waiting.map((one) => (
        <OneRequest request={request} one={one} />
      ))}
    </section>
  );
}

function OneRequest({
  request: { csrf, identity, service },
  one,
}: {
  readonly request: PageRequest;
  readonly one: Waiting;
}) {
  const mayDecide = csrf !== undefined && isAllowed(identity, 'privacy.decide', service);
  const at = forgettingAt(one.request);
  return (
    <form method="post" action={`${at}/approve`} class="release">
      <p>
        {one.asked.by} asked on <Time at={one.asked.at} /> to forget a {one.kind}: “{one.asked.reason}”.
        {one.subjects.length > 0 && (
          <>
            {' '}
            It is <b>{one.subjects.join(', ')}</b>.
          </>
        )}
        {one.asked.by === identity.name &&
          ' You asked: somebody else approves it, unless the lake says that one is enough.'}
      </p>
      {mayDecide && (
        <>
          <input type="hidden" name="csrf" value={csrf} />
          <label>
            Why <input name="reason" required maxlength={2000} autocomplete="off" />
          </label>{' '}
          <button type="submit">Forget this {one.kind} for good</button>{' '}
          <button type="submit" class="plain" formaction={`${at}/refuse`}>
            {one.asked.by === identity.name ? 'Take the request back' : 'Refuse the request'}
          </button>
        </>
      )}
    </form>
  );
}
