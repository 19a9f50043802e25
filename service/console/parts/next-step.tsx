import type { Ailment } from '../../../etl/operations/ailment.ts';
import { isAllowed } from '../../identity/identity.ts';
import type { Permission } from '../../identity/permissions.ts';
import {
  breakerOf,
  datasetAt,
  privacyAt,
  productAt,
  quarantineOf,
  reportAt,
  runAt,
  runsAt,
  runsOf,
} from '../addresses.ts';
import type { PageRequest } from '../page.ts';

/** What a command that comes next is, in the console: where, in which words, and who may see that. */
interface Place {
  readonly at: string;
  readonly text: string;
  readonly permission: Permission;
}

/** Commands that have a page, with what they name. */
const PAGES: readonly { readonly form: RegExp; readonly place: (name: string) => Place }[] = [
  {
    form: /^show (\S+)$/,
    place: (run) => ({ at: runAt(run), text: 'Look at the run', permission: 'runs.read' }),
  },
  {
    form: /^breaker status (\S+)$/,
    place: (dataset) => ({
      at: breakerOf(dataset),
      text: 'Look at the circuit breaker',
      permission: 'runs.read',
    }),
  },
  {
    form: /^runs --dataset (\S+)$/,
    place: (dataset) => ({ at: runsOf(dataset), text: 'Look at its runs', permission: 'runs.read' }),
  },
  {
    form: /^quarantine release --approve \S+ --dataset (\S+)$/,
    place: (dataset) => ({
      at: quarantineOf({ dataset, state: 'condemned' }),
      text: 'Decide on the release',
      permission: 'quarantine.read',
    }),
  },
  {
    form: /^quarantine list --dataset (\S+)$/,
    place: (dataset) => ({
      at: quarantineOf({ dataset }),
      text: 'Look at the quarantine',
      permission: 'quarantine.read',
    }),
  },
  {
    form: /^restatements (\S+)$/,
    place: (report) => ({ at: reportAt(report), text: 'Look at the report', permission: 'gold.read' }),
  },
  {
    form: /^privacy adopt \S+$/,
    place: () => ({ at: privacyAt, text: 'Look at what is in the clear', permission: 'privacy.read' }),
  },
  {
    form: /^products (\S+)$/,
    place: (product) => ({
      at: productAt(product),
      text: 'Look at the product',
      permission: 'catalogue.read',
    }),
  },
  {
    form: /^project (\S+)$/,
    place: (projection) => ({
      at: datasetAt(projection),
      text: 'Look at the projection',
      permission: 'catalogue.read',
    }),
  },
];

/** Where to act on an ailment: a button, the page to decide on, or the command where there is no page for who looks. */
export function NextStep({
  ailment: { next },
  request,
}: {
  readonly ailment: Ailment;
  readonly request: PageRequest;
}) {
  const { csrf, identity, service } = request;
  const [, started] = /^run --dataset (\S+)$/.exec(next) ?? [];
  if (started !== undefined && csrf !== undefined && isAllowed(identity, 'runs.start', service))
    return (
      <form method="post" action={runsAt} class="at-once">
        <input type="hidden" name="csrf" value={csrf} />
        <input type="hidden" name="dataset" value={started} />
        <button type="submit">Run {started}</button>
      </form>
    );
  for (const { form, place } of PAGES) {
    const [, name = ''] = form.exec(next) ?? [];
    if (!form.test(next)) continue;
    const { at, text, permission } = place(name);
    if (!isAllowed(identity, permission, service)) break;
    return (
      <a class="button" href={at}>
        {text}
      </a>
    );
  }
  return <code>assay {next}</code>;
}
