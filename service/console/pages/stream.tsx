import { loadContracts, requireContract } from '../../../etl/contract/load-contracts.ts';
import { describeContract } from '../../../etl/query/catalog.ts';
import { readerOf } from '../../identity/reader.ts';
import { noteProductRead } from '../../products/note-product-read.ts';
import { type ShownStream, streamOf } from '../../projections/stream-of.ts';
import { datasetAt, streamAt, streamChangesAt } from '../addresses.ts';
import type { Page, PageRequest, PageView } from '../page.ts';
import { Empty } from '../parts/facts.tsx';
import { Id, plural, Time } from '../parts/text.tsx';
import { StateAfter } from '../projections/state-after.tsx';
import { Timeline } from '../projections/timeline.tsx';
import { When } from '../projections/when.tsx';

/** So many events a page has; earlier ones are found by their time. */
const TRACED = 200;

/** The timeline of a stream: its events, and what a projection came to with each. */
export const stream: Page = {
  path: '/datasets/{dataset}/streams/{stream}',
  permission: 'silver.read',
  isAsked: true,
  render: (request) => viewOf(request, request.params.stream),
};

/** The same, of the stream that a form names. */
export const foundStream: Page = {
  path: '/datasets/{dataset}/streams',
  permission: 'silver.read',
  isAsked: true,
  render: (request) => viewOf(request, request.query.stream),
};

async function viewOf(request: PageRequest, id = ''): Promise<PageView> {
  const { params, query, identity, service } = request;
  const asked = { projection: params.dataset ?? '', stream: id };
  const { at, asOf } = query;
  const answer = await streamOf(service.lake.effects, readerOf(identity), {
    ...asked,
    at,
    asOf,
    traced: TRACED,
  });
  await noteProductRead(service, { identity, way: 'console' }, { dataset: answer.projection });
  const chosen = chosenEvent(answer, query.event);
  const contract = requireContract(await loadContracts(service.lake.effects.contracts), answer.projection);
  const types = new Map(describeContract(contract).columns.map(({ name, type }) => [name, type]));
  return {
    title: `${answer.stream} of ${answer.projection}`,
    // What was is not followed.
    ...(at === undefined && asOf === undefined
      ? { events: streamChangesAt(answer.projection, answer.stream, answer.asOf.snapshot ?? 0) }
      : {}),
    body: (
      <>
        <h1>{headline(answer, chosen)}</h1>
        <p class="lead">
          The stream <b>{answer.stream}</b> as <a href={datasetAt(answer.projection)}>{answer.projection}</a>{' '}
          has it. <Known answer={answer} isPast={asOf !== undefined} />
        </p>
        <When answer={answer} query={query} chosen={chosen} />
        {answer.events === 0 ? (
          <Nothing request={request} />
        ) : (
          <Moment answer={answer} query={query} chosen={chosen} types={types} />
        )}
      </>
    ),
  };
}

/** Which event the page is about, counted from 1 over all that are known; the last unless one is asked for. */
function chosenEvent({ events, trace = [] }: ShownStream, asked: string | undefined): number {
  const first = events - trace.length + 1;
  const wanted = /^\d{1,9}$/.test(asked ?? '') ? Number(asked) : events;
  return Math.max(Math.min(wanted, events), Math.min(first, events));
}

function headline({ stream: id, events, trace = [] }: ShownStream, chosen: number): string {
  if (events === 0) return `Nothing is known of ${id}.`;
  const one = trace[chosen - (events - trace.length) - 1];
  const place = chosen === events ? `the last of ${plural(events, 'event')}` : `event ${chosen} of ${events}`;
  return `${id} after ${place}: ${one?.type ?? ''}`;
}

/** Since when readers have seen what is shown. */
function Known({ answer, isPast }: { readonly answer: ShownStream; readonly isPast: boolean }) {
  const { since, snapshot, from } = answer.asOf;
  return (
    <>
      {isPast ? 'As it was known then: published' : 'Published'} <Time at={since} />
      {snapshot !== null && (
        <>
          , snapshot <Id id={String(snapshot)} />
        </>
      )}
      .{snapshot === null && ' The projection itself was not published yet.'}
      {from === 'read-again' && ' Some of its files were read again since: it shows what came of that.'}
    </>
  );
}

function Nothing({ request: { query } }: { readonly request: PageRequest }) {
  return (
    <Empty>
      {query.at === undefined && query.asOf === undefined
        ? 'No event of this stream was published. Events come with the files or the topic of the event dataset.'
        : 'No event of this stream had happened by then, or none was known. Choose a later time.'}
    </Empty>
  );
}

/** Events left, the state after the chosen one right. */
function Moment({
  answer,
  query,
  chosen,
  types,
}: {
  readonly answer: ShownStream;
  readonly query: PageRequest['query'];
  readonly chosen: number;
  readonly types: ReadonlyMap<string, string>;
}) {
  const { trace = [], events } = answer;
  const skipped = events - trace.length;
  const at = chosen - skipped - 1;
  const link = (event: number): string =>
    streamAt(answer.projection, answer.stream, { at: query.at, asOf: query.asOf, event: String(event) });
  return (
    <div class="moments">
      <Timeline trace={trace} skipped={skipped} chosen={chosen} link={link} />
      <StateAfter
        answer={answer}
        types={types}
        now={trace[at]}
        before={trace[at - 1]}
        isFirst={at === 0 && skipped === 0}
      />
    </div>
  );
}
