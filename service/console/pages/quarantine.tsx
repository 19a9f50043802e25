import type { SourceContract } from '../../../etl/contract/contract.ts';
import { loadContracts, requireSourceContract } from '../../../etl/contract/load-contracts.ts';
import type { RecordCounts } from '../../../etl/quarantine/kept-records.ts';
import type { FailedRecord } from '../../../etl/quarantine/records.ts';
import { type CorrectedTrial, tryCorrected } from '../../../etl/trying/try-corrected.ts';
import { isAllowed } from '../../identity/identity.ts';
import { type DatasetRecord, listAcross } from '../../quarantine/list-across.ts';
import { afterOf, cursorOf } from '../../quarantine/record-cursor.ts';
import { seenBy } from '../../quarantine/shown-record.ts';
import { quarantineOf } from '../addresses.ts';
import type { Page, PageRequest, PageView } from '../page.ts';
import { Empty } from '../parts/facts.tsx';
import { plural } from '../parts/text.tsx';
import { type Asked, conditionsOf, meantBy, readAsked } from '../quarantine/asked.ts';
import { Dealing, doneText } from '../quarantine/dealing.tsx';
import { EditTable } from '../quarantine/edit-table.tsx';
import { FilterForm } from '../quarantine/filter-form.tsx';
import { DatasetList, RecordList } from '../quarantine/lists.tsx';
import { ReleaseRequests, waitingReleases } from '../quarantine/release-requests.tsx';

/** Records of one dataset on a page: each value is a field. */
const EDITED = 25;
/** Records of all datasets on a page. */
const LISTED = 50;

/** How long the page waits for datasets that are not counted yet, as after a run. */
const PATIENCE_MS = 1000;

/** Records that failed: found, corrected, retried, condemned and released. */
export const quarantine: Page = {
  path: '/quarantine',
  permission: 'quarantine.read',
  isAsked: true,
  async render(request) {
    const asked = readAsked(request.query);
    const loaded = await loadContracts(request.service.lake.effects.contracts);
    const sources = [...loaded.contracts.values()].filter((one) => one.layer === 'silver');
    const one = asked.dataset === undefined ? undefined : requireSourceContract(loaded, asked.dataset);
    const names = sources.map(({ dataset }) => dataset);
    const counted = await request.service.records.counts(names, PATIENCE_MS);
    const seen: Seen = { request, asked, sources, counted, isWhole: counted.size === names.length };
    return one === undefined ? await pageOfAll(seen) : await pageOfOne(seen, one);
  },
};

/** What both kinds of the page stand on. */
interface Seen {
  readonly request: PageRequest;
  readonly asked: Asked;
  readonly sources: readonly SourceContract[];
  readonly counted: ReadonlyMap<string, RecordCounts>;
  /** Whether every dataset is counted. */
  readonly isWhole: boolean;
}

async function pageOfAll({ request, asked, sources, counted, isWhole }: Seen): Promise<PageView> {
  const { records, lake } = request.service;
  const { page, isMore } = await listAcross(records, counted, {
    ...{ limit: LISTED, ...meantBy(asked, lake.effects.clock.now()), ...afterOf(asked.cursor) },
  });
  const last = page.at(-1);
  const waiting = await waitingReleases(
    request,
    sources.map(({ dataset }) => dataset),
  );
  return {
    title: 'Quarantine',
    ...(isWhole ? {} : { refreshSeconds: 2 }),
    body: (
      <>
        <h1>{headline(counted, isWhole)}</h1>
        <Done asked={asked} />
        {!isWhole && (
          <p class="soft">{counting(sources.length - counted.size)}: this page is opened again by itself.</p>
        )}
        <ReleaseRequests request={request} waiting={waiting} />
        <DatasetList counted={counted} />
        <FilterForm asked={asked} datasets={sources.map(({ dataset }) => dataset)} counted={counted} />
        {page.length === 0 && isWhole ? (
          <NoRecords asked={asked} />
        ) : (
          <RecordList found={page.map((one) => shownTo(request, sources, one))} />
        )}
        <More
          asked={asked}
          next={isMore && last !== undefined ? cursorOf(last.dataset, last.record) : null}
        />
      </>
    ),
  };
}

function shownTo(
  { identity }: PageRequest,
  sources: readonly SourceContract[],
  { dataset, record }: DatasetRecord,
): DatasetRecord {
  const contract = sources.find((one) => one.dataset === dataset);
  return { dataset, record: contract === undefined ? record : seenBy(identity, contract, record) };
}

async function pageOfOne(
  { request, asked, sources, counted }: Seen,
  contract: SourceContract,
): Promise<PageView> {
  const { identity, service, csrf } = request;
  const { dataset } = contract;
  const { records, total } = await service.records.find(dataset, {
    ...meantBy(asked, service.lake.effects.clock.now()),
    ...{ limit: EDITED + 1, ...afterOf(asked.cursor) },
  });
  const open = asked.state === 'condemned' ? total : await countOpen(request, asked, contract.dataset);
  const shown = records.slice(0, EDITED);
  const last = shown.at(-1);
  const mayDecide = csrf !== undefined && isAllowed(identity, 'quarantine.decide', service);
  const mayRelease = csrf !== undefined && isAllowed(identity, 'quarantine.release', service);
  const isCondemned = asked.state === 'condemned';
  const isChosen = asked.state !== 'retrying' && (isCondemned ? mayRelease : mayDecide);
  const corrected = shown.filter(
    ({ state, corrections }) => state === 'open' && Object.keys(corrections).length > 0,
  );
  const trial = mayDecide ? await tryCorrected(service.lake.effects, contract, corrected) : new Map();
  return {
    title: `Quarantine of ${dataset}`,
    body: (
      <>
        <h1>
          {plural(total, `${asked.state} record`)} of {dataset}
        </h1>
        <Done asked={asked} />
        <ReleaseRequests request={request} waiting={await waitingReleases(request, [dataset])} />
        <FilterForm asked={asked} datasets={sources.map((one) => one.dataset)} counted={counted} />
        <Dealing request={request} dataset={dataset} asked={asked} total={open}>
          {shown.length > 1 && isChosen && <TickAll asked={asked} shown={shown.length} />}
          {shown.length === 0 ? (
            <NoRecords asked={asked} />
          ) : (
            <EditTable
              contract={contract}
              records={shown.map((one) => seenBy(identity, contract, one))}
              trial={trialSeenBy(request, contract, corrected, trial)}
              isEditable={mayDecide && asked.state === 'open'}
              isChosen={isChosen}
              isTicked={asked.ticked !== undefined}
            />
          )}
          <More
            asked={asked}
            next={records.length > EDITED && last !== undefined ? cursorOf(dataset, last) : null}
          />
        </Dealing>
      </>
    ),
  };
}

/** Why corrected records would fail again, as far as who looks may see it. */
function trialSeenBy(
  { identity }: PageRequest,
  contract: SourceContract,
  corrected: readonly FailedRecord[],
  trial: CorrectedTrial,
): CorrectedTrial {
  return new Map(
    corrected.flatMap((record) => {
      const reasons = trial.get(record.rowHash);
      if (reasons === undefined) return [];
      return [[record.rowHash, seenBy(identity, contract, { ...record, reasons }).reasons]];
    }),
  );
}

/** How many records a decision may be about: those that wait in a run are listed, and can't be decided on. */
async function countOpen(request: PageRequest, asked: Asked, dataset: string): Promise<number> {
  const { records, lake } = request.service;
  const { filter } = meantBy(asked, lake.effects.clock.now());
  return (await records.find(dataset, { filter, states: ['open'], limit: 1 })).total;
}

const counting = (number: number): string =>
  `${plural(number, 'dataset')} ${number === 1 ? 'is' : 'are'} still counted`;

function headline(counted: ReadonlyMap<string, RecordCounts>, isWhole: boolean): string {
  const open = [...counted.values()].map(({ byState }) => (byState.open ?? 0) + (byState.retrying ?? 0));
  const records = open.reduce((one, other) => one + other, 0);
  const datasets = open.filter((number) => number > 0).length;
  if (records === 0) return isWhole ? 'No record is open.' : 'Records that failed';
  return `${plural(records, 'record')} of ${plural(datasets, 'dataset')} ${records === 1 ? 'is' : 'are'} open.`;
}

function Done({ asked }: { readonly asked: Asked }) {
  const text = doneText(asked.done);
  return text === undefined ? null : (
    <p class="done" role="status">
      {text}
    </p>
  );
}

function NoRecords({ asked }: { readonly asked: Asked }) {
  const isFiltered = Object.keys(conditionsOf(asked)).some((name) => name !== 'dataset' && name !== 'state');
  if (isFiltered) return <Empty>No record meets these conditions: leave some of them out.</Empty>;
  return asked.state === 'condemned' ? (
    <Empty>
      No record is condemned. A record is when it failed three times, or when somebody condemns it here.
    </Empty>
  ) : (
    <Empty>
      No record waits here. Records that fail a check of their contract are kept here with every reason, to be
      corrected and retried.
    </Empty>
  );
}

/** Ticks every record of the page, or none; what was typed is lost, so that it stands before the table. */
function TickAll({ asked, shown }: { readonly asked: Asked; readonly shown: number }) {
  const cursor = asked.cursor === undefined ? {} : { cursor: asked.cursor };
  const at = { ...conditionsOf(asked), ...cursor };
  return (
    <p class="beside">
      {asked.ticked === undefined ? (
        <a href={quarantineOf({ ...at, ticked: 'all' })}>Tick all {shown} on this page</a>
      ) : (
        <a href={quarantineOf(at)}>Tick none</a>
      )}
    </p>
  );
}

function More({ asked, next }: { readonly asked: Asked; readonly next: string | null }) {
  const at = conditionsOf(asked);
  return (
    <p class="beside">
      {asked.cursor !== undefined && <a href={quarantineOf(at)}>From the beginning</a>}
      {next !== null && <a href={quarantineOf({ ...at, cursor: next })}>More records</a>}
    </p>
  );
}
