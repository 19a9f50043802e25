import { loadContracts } from '../../../etl/contract/load-contracts.ts';
import type { ShownRequest } from '../../../etl/personal/forgetting/show-requests.ts';
import { type MappedColumn, privacyMap } from '../../../etl/personal/privacy-map.ts';
import type { Effects } from '../../../etl/ports.ts';
import { isProtected, protectionOf } from '../../../etl/privacy/protection.ts';
import { clearObjects } from '../../../etl/stages/clear-objects.ts';
import { isAllowed } from '../../identity/identity.ts';
import { seenRequests } from '../../privacy/seen-requests.ts';
import { datasetAt, forgettingAt } from '../addresses.ts';
import type { Page } from '../page.ts';
import { Empty, Table } from '../parts/facts.tsx';
import { Id, plural, Time } from '../parts/text.tsx';
import { AboutSomebody } from '../privacy/about-somebody.tsx';
import { type ClearDataset, ClearDatasets } from '../privacy/clear-datasets.tsx';
import { LookForValues } from '../privacy/look-for-values.tsx';
import { WaitingRequests } from '../privacy/waiting-requests.tsx';

/** Where personal data is and how it is protected, who asked to be forgotten, and what becomes of that. */
export const privacy: Page = {
  path: '/privacy',
  permission: 'privacy.read',
  async render(request) {
    const { identity, service, query } = request;
    const columns = await privacyMap(service.lake.effects);
    const requests = await seenRequests(identity, service);
    const waiting = requests.flatMap((one) => (one.state === 'asked' ? [one] : []));
    const mayAsk = request.csrf !== undefined && isAllowed(identity, 'privacy.decide', service);
    const clear = await clearDatasets(service.lake.effects);
    const isAdopting = clear.some(
      ({ contract }) => service.adoptions?.of(contract.dataset)?.kind === 'under-way',
    );
    return {
      title: 'Privacy',
      ...(isAdopting || service.looking?.last()?.kind === 'under-way' ? { refreshSeconds: 2 } : {}),
      body: (
        <>
          <h1>{headline(columns, waiting.length)}</h1>
          {query.done === 'refused' && (
            <p class="done" role="status">
              The request is refused: nothing went.
            </p>
          )}
          {query.done === 'asked' && (
            <p class="done" role="status">
              It is asked for: another person approves it here. Nothing went yet.
            </p>
          )}
          {query.done === 'adopted' && (
            <p class="done" role="status">
              It is adopted: nothing of it is in the clear any more.
            </p>
          )}
          <ClearDatasets request={request} datasets={clear} />
          <WaitingRequests request={request} waiting={waiting} />
          {mayAsk && columns.length > 0 && <AboutSomebody request={request} kinds={kindsOf(columns)} />}
          <ProtectedColumns columns={columns} />
          {mayAsk && columns.length > 0 && <LookForValues request={request} />}
          <Ended requests={requests} />
        </>
      ),
    };
  },
};

/** Datasets that are protected since, and have files in the clear. */
async function clearDatasets(effects: Effects): Promise<ClearDataset[]> {
  const { contracts } = await loadContracts(effects.contracts);
  const found: ClearDataset[] = [];
  for (const contract of contracts.values()) {
    if (contract.layer !== 'silver' || !isProtected(protectionOf(contract))) continue;
    const files = (await clearObjects(effects, contract.dataset)).length;
    if (files > 0) found.push({ contract, files });
  }
  return found;
}

function headline(columns: readonly MappedColumn[], waiting: number): string {
  const sealed = columns.filter(
    ({ as, layer }) => layer === 'silver' && as !== 'clear' && as !== 'unprotected',
  );
  if (sealed.length === 0) return 'Nothing is protected yet.';
  const datasets = new Set(sealed.map(({ dataset }) => dataset)).size;
  const rest = waiting === 0 ? '' : `; ${plural(waiting, 'request')} ${waiting === 1 ? 'waits' : 'wait'}`;
  return `${plural(sealed.length, 'column')} of ${plural(datasets, 'dataset')} ${sealed.length === 1 ? 'is' : 'are'} protected${rest}.`;
}

const HOW: Readonly<Record<MappedColumn['as'], string>> = {
  encrypted: 'sealed',
  pseudonym: 'a reference in its place',
  dropped: 'left out',
  clear: 'in the clear',
  unprotected: 'not at all',
};

/** Every column of which a contract says how it is protected. */
function ProtectedColumns({ columns }: { readonly columns: readonly MappedColumn[] }) {
  if (columns.length === 0)
    return (
      <Empty>
        No contract protects a column: say <code>assay.protect</code> of those with personal data, and whose
        it is (<code>assay.subject</code>). Their values are sealed before Bronze then.
      </Empty>
    );
  return (
    <>
      <h2>Where it is</h2>
      <Table
        caption="Protected columns"
        columns={[
          'dataset',
          'column',
          'protected',
          'data group',
          'whose',
          'for',
          'keys of',
          'readable',
          'made of',
        ]}
        rows={columns.map((one) => [
          <a href={datasetAt(one.dataset)}>{one.dataset}</a>,
          <code>{one.column}</code>,
          HOW[one.as],
          one.group ?? '',
          one.subject?.kind ?? '',
          one.retention === null ? '' : `${one.retention} from ${one.countedFrom}`,
          one.months === null ? '' : `${one.months.first} to ${one.months.last}`,
          one.readable,
          one.from.join(', '),
        ])}
      />
      <p class="soft">
        Bronze, Silver, quarantine and condemned have the same sealed values; they are opened for members of
        their data group, with a reason that is kept.
      </p>
    </>
  );
}

/** The kinds of people whose data is protected. */
const kindsOf = (columns: readonly MappedColumn[]): string[] =>
  [...new Set(columns.flatMap(({ subject }) => subject?.kind ?? []))].sort();

/** Requests that are over: who was forgotten can't be told any more. */
function Ended({ requests }: { readonly requests: readonly ShownRequest[] }) {
  const ended = requests.flatMap((one) => (one.state === 'asked' ? [] : [one]));
  if (ended.length === 0) return null;
  return (
    <>
      <h2>What was asked before</h2>
      <Table
        caption="Requests that are over"
        columns={['request', 'what', 'asked by', 'when', 'decided by', 'when']}
        rows={ended.map((one) => {
          const end = one.state === 'forgotten' ? one.approved : one.refused;
          return [
            <a href={forgettingAt(one.request)}>
              <Id id={one.request} />
            </a>,
            one.state === 'forgotten' ? `a ${one.kind} was forgotten` : 'refused',
            one.asked.by,
            <Time at={one.asked.at} />,
            end.by,
            <Time at={end.at} />,
          ];
        })}
      />
    </>
  );
}
