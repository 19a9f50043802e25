import type { Alert } from '../../etl/ports.ts';
import { datasetOfUrn, UNKNOWN_DATASET } from '../policy/dataset-urn.ts';
import type { Incident } from './incident.ts';

/** What people are told of an incident that began, or is over: its cause, whose it is, and no values. */
export function incidentAlert(incident: Incident): Alert {
  const { id, kind, severity, state, dataset_urn: urn, topic, owners, cause } = incident;
  const isOver = state === 'CLOSED';
  const whose = owners.length === 0 ? '' : ` It concerns ${owners.join(', ')}.`;
  const why = cause === null || isOver ? '' : ` ${cause.text}`;
  const about = urn === null ? `topic ${topic}` : datasetName(urn);
  return {
    kind: isOver ? 'incident-closed' : 'incident-opened',
    dataset: urn === null ? `topic ${topic}` : datasetName(urn),
    runId: id,
    at: incident.closed_at ?? incident.opened_at,
    title: isOver
      ? `Over: ${kind} of ${about}, since ${incident.quiet_since ?? incident.closed_at}. ${incident.title}`
      : `${severity === 'critical' ? 'CRITICAL' : 'Warning'}: ${kind}. ${incident.title}${why}${whose}`,
    readersSee: isOver
      ? 'what passes, as always'
      : 'what passes; events that break their contract go to quarantine with the next run',
    nextCommand: `assay incidents show ${id}`,
    details: {
      ...{ kind, severity, owners, topic, tier: incident.tier, measured: incident.measured },
      ...(cause === null
        ? {}
        : { cause: { ...cause, samples: cause.samples.map((one) => one.evidence_id) } }),
    },
  };
}

const datasetName = (urn: string): string => (urn === UNKNOWN_DATASET ? 'unknown' : datasetOfUrn(urn));
