import { type EnforcerStatus, enforcerStatuses, SILENT_MS } from '../../../stream/signals/enforcer-status.ts';
import type { Incident } from '../../../stream/signals/incident.ts';
import { closedIncidents, openIncidents } from '../../../stream/signals/incident-book.ts';
import { evidenceOf } from '../addresses.ts';
import type { Page } from '../page.ts';
import { Bars } from '../parts/bars.tsx';
import { Empty, Table } from '../parts/facts.tsx';
import { Status } from '../parts/status.tsx';
import { count, Id, plural, share, Time } from '../parts/text.tsx';
import { EvidenceForm } from '../streams/evidence-form.tsx';
import { IncidentTable } from '../streams/incident-table.tsx';
import { MINUTES, type StreamState, streamStates } from '../streams/stream-states.ts';

/** So many incidents that are over are shown. */
const OVER = 10;

/** How event datasets do: incidents, pass rates, gates, lag; and the way to evidence. */
export const streams: Page = {
  path: '/streams',
  permission: 'policies.read',
  async render({ service }) {
    const { objects, clock } = service.lake.effects;
    const [open, over, states, enforcers] = await Promise.all([
      openIncidents(objects),
      closedIncidents(objects, { limit: OVER }),
      streamStates(service),
      enforcerStatuses(objects),
    ]);
    const nowMs = clock.now().getTime();
    return {
      title: 'Streams',
      refreshSeconds: 15,
      body: (
        <>
          <h1>{headline(open, states)}</h1>
          {open.length > 0 && (
            <>
              <h2>What is wrong</h2>
              <IncidentTable caption="Open incidents" incidents={open} />
            </>
          )}
          <h2>Datasets</h2>
          <States states={states} />
          <h2>Failed at which gate</h2>
          <Gates states={states} />
          <h2>Enforcers</h2>
          <Enforcers statuses={enforcers} nowMs={nowMs} />
          <h2>Evidence</h2>
          <p>Each event has evidence of what was found. Search it:</p>
          <EvidenceForm datasets={states.map(({ name }) => name)} asked={{}} />
          <h2>What was wrong</h2>
          {over.length === 0 ? (
            <Empty>No incident is over yet: they close by themselves, once all was well for a minute.</Empty>
          ) : (
            <IncidentTable caption="Incidents that are over" incidents={over} />
          )}
        </>
      ),
    };
  },
};

function headline(open: readonly Incident[], states: readonly StreamState[]): string {
  const critical = open.filter(({ severity }) => severity === 'critical').length;
  if (open.length > 0)
    return `${plural(open.length, 'incident')} ${open.length === 1 ? 'is' : 'are'} open${critical > 0 ? `, ${critical} of them critical` : ''}.`;
  return states.length === 0 ? 'No events are enforced yet.' : 'Nothing is wrong with the events.';
}

function States({ states }: { readonly states: readonly StreamState[] }) {
  if (states.length === 0)
    return (
      <Empty>
        Datasets of events stand here once one has a policy:{' '}
        <code>assay policy set DATASET --file policy.yaml --reason …</code>, then{' '}
        <code>assay enforce --bootstrap HOST:PORT --topic T</code>, or{' '}
        <code>assay enforce --from FILE --topic T</code> without a broker.
      </Empty>
    );
  return (
    <>
      <Table
        caption="Datasets of events"
        columns={[
          'dataset',
          'newest event',
          'events#',
          'passed',
          'by minute',
          'most frequent reason',
          'mode',
          'tier',
          'owners',
        ]}
        rows={states.map((state) => [
          <a href={evidenceOf({ dataset: state.name })}>{state.name}</a>,
          <Time at={state.newestAt ?? null} />,
          count(state.passed + state.failed),
          <Passed state={state} />,
          <Bars
            name={`Events of ${state.name} by minute`}
            kind="amount"
            slots={MINUTES}
            bars={barsOf(state)}
          />,
          state.reason === undefined ? (
            '—'
          ) : (
            <a href={evidenceOf({ dataset: state.name, result: 'FAIL', reason: state.reason })}>
              {state.reason}
            </a>
          ),
          state.mode.toLowerCase().replaceAll('_', ' '),
          state.tier?.toLowerCase().replace('_', ' ') ?? '—',
          state.owners.join(', ') || '—',
        ])}
      />
      <p class="soft">Of the hour before the newest event of each.</p>
    </>
  );
}

function Passed({ state: { passed, failed } }: { readonly state: StreamState }) {
  if (passed + failed === 0) return <>—</>;
  return <Status mood={failed === 0 ? 'good' : 'bad'} word={share(passed, passed + failed)} />;
}

function barsOf({ minutes, newestAt }: StreamState) {
  const lastMs = Math.floor(Date.parse(newestAt ?? '') / 60_000) * 60_000;
  return minutes.map(({ atMs, passed, failed }) => ({
    label: new Date(atMs).toISOString().slice(11, 16),
    value: passed + failed,
    text: `${plural(passed + failed, 'event')}, ${count(failed)} failed`,
    at: MINUTES - 1 - Math.round((lastMs - atMs) / 60_000),
  }));
}

function Gates({ states }: { readonly states: readonly StreamState[] }) {
  const rows = states.flatMap(({ name, gates }) =>
    [...gates].map(([gate, events]) => ({ name, gate, events })),
  );
  rows.sort((a, b) => b.events - a.events);
  if (rows.length === 0) return <Empty>No event of the last hour failed.</Empty>;
  return (
    <Table
      caption="Failures by gate"
      columns={['gate', 'dataset', 'events#', 'evidence']}
      rows={rows.map(({ name, gate, events }) => [
        gate,
        name,
        count(events),
        <a href={evidenceOf({ dataset: name, gate, result: 'FAIL' })}>Look at them</a>,
      ])}
    />
  );
}

function Enforcers({
  statuses,
  nowMs,
}: {
  readonly statuses: readonly EnforcerStatus[];
  readonly nowMs: number;
}) {
  if (statuses.length === 0)
    return (
      <Empty>
        No enforcer reads topics: <code>assay enforce --bootstrap HOST:PORT --topic T</code> starts one, and
        its lag stands here.
      </Empty>
    );
  return (
    <Table
      caption="Enforcers, and how far they are behind"
      columns={['enforcer', 'state', 'heard of', 'topic', 'partitions#', 'lag#']}
      rows={statuses.flatMap((one) => {
        const isGone = nowMs - Date.parse(one.at) > SILENT_MS;
        const topics = [...new Set(one.partitions.map(({ topic }) => topic))];
        const [hindrance] = one.hindrances;
        return (topics.length === 0 ? [undefined] : topics).map((topic) => {
          const own = one.partitions.filter((partition) => partition.topic === topic);
          return [
            <Id id={one.holder} />,
            isGone ? (
              <Status mood="bad" word="silent" />
            ) : hindrance === undefined ? (
              <Status mood="good" word="at work" />
            ) : (
              <Status mood="wait" word={`waits: ${hindrance}`} />
            ),
            <Time at={one.at} />,
            topic ?? '—',
            count(own.length),
            count(own.reduce((sum, { lag }) => sum + lag, 0)),
          ];
        });
      })}
    />
  );
}
