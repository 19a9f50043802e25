import { ConfigError } from '../../../etl/errors.ts';
import { datasetOfUrn, UNKNOWN_DATASET } from '../../../stream/policy/dataset-urn.ts';
import { INCIDENT_KINDS, type Incident } from '../../../stream/signals/incident.ts';
import { findIncident } from '../../../stream/signals/incident-book.ts';
import { isAllowed } from '../../identity/identity.ts';
import { evidenceOf, quarantineOf, streamsAt } from '../addresses.ts';
import type { Page, PageRequest } from '../page.ts';
import { Facts, Table } from '../parts/facts.tsx';
import { count, Id, Time } from '../parts/text.tsx';
import { aboutOf, IncidentStatus } from '../streams/incident-table.tsx';

/** One incident: what was measured, its cause, samples, and what to do next. */
export const incident: Page = {
  path: '/streams/incidents/{incident}',
  permission: 'policies.read',
  async render(request) {
    const id = request.params.incident ?? '';
    const isId = /^inc-\d{8}T\d{9}Z-[0-9a-f]{16}$/.test(id);
    const one = isId ? await findIncident(request.service.lake.effects.objects, id) : undefined;
    if (one === undefined) throw new ConfigError('NO_INCIDENT', `There is no incident ${id}.`);
    return {
      title: `${one.kind} of ${aboutOf(one)}`,
      ...(one.state === 'OPEN' ? { refreshSeconds: 15 } : {}),
      body: (
        <>
          <h1>{one.title}</h1>
          <Facts of={factsOf(one)} />
          {one.cause !== null && <Samples cause={one.cause} />}
          <Next one={one} request={request} />
          <p class="screen">
            <a href={streamsAt}>All streams</a>
          </p>
        </>
      ),
    };
  },
};

const factsOf = (one: Incident): Parameters<typeof Facts>[0]['of'] => [
  ['state', <IncidentStatus incident={one} />],
  ['what', `${one.kind}: ${INCIDENT_KINDS[one.kind]}`],
  ['about', `${aboutOf(one)}${one.tier === null ? '' : `, ${one.tier.toLowerCase().replace('_', ' ')}`}`],
  ['owners', one.owners.join(', ') || '—'],
  [
    'measured',
    `${measuredText(one.measured.value, one.measured.unit)}; the limit is ${measuredText(one.measured.limit, one.measured.unit)}`,
  ],
  ['since', <Time at={one.opened_at} />],
  ['last seen', <Time at={one.last_seen_at} />],
  ...(one.closed_at === null ? [] : [['over since', <Time at={one.quiet_since} />] as const]),
  ...(one.cause === null ? [] : causeOf(one.cause)),
  ['incident', <Id id={one.id} />],
];

const causeOf = (cause: NonNullable<Incident['cause']>): Parameters<typeof Facts>[0]['of'] => [
  ['cause', cause.text],
  ['gate', cause.gate ?? '—'],
  ['reason', cause.reason ?? '—'],
  ...cause.changed.map(
    ({ what, before, now }) => [what.replaceAll('_', ' '), `${before.join(' or ')} → ${now}`] as const,
  ),
];

const measuredText = (value: number, unit: string): string =>
  unit === 'ratio' ? `${(value * 100).toFixed(1)} %` : `${count(Math.round(value))} ${unit}`;

const Samples = ({ cause: { samples } }: { readonly cause: NonNullable<Incident['cause']> }) => (
  <>
    <h2>Some of the events</h2>
    <Table
      caption="Samples"
      columns={['evidence', 'topic', 'partition#', 'offset#', 'at', 'producer', 'reasons']}
      rows={samples.map((one) => [
        <a href={evidenceOf({ id: one.evidence_id })}>
          <Id id={one.evidence_id} />
        </a>,
        one.topic,
        count(one.partition),
        count(one.offset),
        <Time at={one.at} />,
        one.producer_id,
        one.reason_codes.join(', '),
      ])}
    />
  </>
);

/** What people do about it: look at the events, correct them in quarantine, send them to their topic again. */
function Next({ one, request }: { readonly one: Incident; readonly request: PageRequest }) {
  const { dataset_urn: urn, cause } = one;
  if (urn === null || urn === UNKNOWN_DATASET || cause === null || cause.reason === null) return null;
  const dataset = datasetOfUrn(urn);
  const code = cause.reason.split(':')[0] ?? '';
  const maySee = isAllowed(request.identity, 'quarantine.read', request.service);
  return (
    <>
      <h2>What comes next</h2>
      <ul>
        <li>
          <a href={evidenceOf({ dataset, result: 'FAIL', reason: cause.reason })}>
            All events that failed for it
          </a>
        </li>
        {maySee && (
          <li>
            <a href={quarantineOf({ dataset })}>Correct them in the quarantine of {dataset}</a>
          </li>
        )}
        <li>
          Send them to their topic again, once they are corrected or the cause is gone:{' '}
          <code>
            assay redrive --dataset {dataset} --code {code} --bootstrap HOST:PORT --reason "…"
          </code>
        </li>
      </ul>
    </>
  );
}
