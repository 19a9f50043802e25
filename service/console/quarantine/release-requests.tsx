import { listReleaseRequests, type ReleaseRequest } from '../../../etl/quarantine/release-requests.ts';
import { isAllowed } from '../../identity/identity.ts';
import { decideAt } from '../addresses.ts';
import type { PageRequest } from '../page.ts';
import { plural, Time } from '../parts/text.tsx';

/** The releases of some datasets that wait for a decision. */
export async function waitingReleases(
  { service }: PageRequest,
  datasets: readonly string[],
): Promise<ReleaseRequest[]> {
  const { effects } = service.lake;
  return (await Promise.all(datasets.map((dataset) => listReleaseRequests(effects, dataset)))).flat();
}

interface Waiting {
  readonly request: PageRequest;
  readonly waiting: readonly ReleaseRequest[];
}

/** Releases that wait for another person, with the forms that decide on them. */
export function ReleaseRequests({ request, waiting }: Waiting) {
  if (waiting.length === 0) return null;
  return (
    <section class="needs" aria-labelledby="releases">
      <h2 id="releases">{plural(waiting.length, 'release')} to decide on</h2>
      {waiting.map((one) => (
        <OneRequest request={request} one={one} />
      ))}
    </section>
  );
}

function OneRequest({ request, one }: { readonly request: PageRequest; readonly one: ReleaseRequest }) {
  const { csrf, identity, service } = request;
  const mayDecide = csrf !== undefined && isAllowed(identity, 'quarantine.release', service);
  const isOwn = one.askedBy === identity.name;
  return (
    <form method="post" action={decideAt(one.dataset, 'refuse')} class="release">
      <p>
        {one.askedBy} asked on <Time at={one.askedAt} /> to release {plural(one.records, 'condemned record')}{' '}
        of {one.dataset}: “{one.reason}”.
        {isOwn && ' You asked: somebody else approves it.'}
      </p>
      {mayDecide && (
        <>
          <input type="hidden" name="csrf" value={csrf} />
          <input type="hidden" name="request" value={one.request} />
          <label>
            Why <input name="reason" required maxlength={2000} autocomplete="off" />
          </label>{' '}
          {!isOwn && (
            <button type="submit" formaction={decideAt(one.dataset, 'approve')}>
              Release {plural(one.records, 'record')}
            </button>
          )}{' '}
          <button type="submit" class="plain">
            {isOwn ? 'Take the request back' : 'Refuse the release'}
          </button>
        </>
      )}
    </form>
  );
}
