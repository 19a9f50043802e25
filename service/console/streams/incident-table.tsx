import { datasetOfUrn, UNKNOWN_DATASET } from '../../../stream/policy/dataset-urn.ts';
import type { Incident } from '../../../stream/signals/incident.ts';
import { incidentAt } from '../addresses.ts';
import { Table } from '../parts/facts.tsx';
import { Status } from '../parts/status.tsx';
import { count, Time } from '../parts/text.tsx';

/** What an incident is about: a dataset, or a topic. */
export const aboutOf = ({ dataset_urn: urn, topic }: Incident): string =>
  urn === null ? `topic ${topic}` : urn === UNKNOWN_DATASET ? 'unknown dataset' : datasetOfUrn(urn);

/** How grave an incident is, or that it is over. */
export const IncidentStatus = ({ incident: { state, severity } }: { readonly incident: Incident }) =>
  state === 'CLOSED' ? (
    <Status mood="good" word="over" />
  ) : (
    <Status mood={severity === 'critical' ? 'bad' : 'wait'} word={severity} />
  );

/** Incidents, each with what was found and where it begins. */
export const IncidentTable = ({
  caption,
  incidents,
}: {
  readonly caption: string;
  readonly incidents: readonly Incident[];
}) => (
  <Table
    caption={caption}
    columns={['incident', 'how grave', 'about', 'since', 'found', 'first bad offset#', 'owners']}
    rows={incidents.map((one) => [
      <a href={incidentAt(one.id)}>{one.kind.toLowerCase().replaceAll('_', ' ')}</a>,
      <IncidentStatus incident={one} />,
      aboutOf(one),
      <Time at={one.opened_at} />,
      one.title,
      one.cause?.first_bad ? count(one.cause.first_bad.offset) : '—',
      one.owners.join(', ') || '—',
    ])}
  />
);
