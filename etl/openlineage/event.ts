import { uuidOf } from '../table/ids.ts';

/** Who makes the events, as the standard wants it said: a URI. */
const PRODUCER = 'https://github.com/assay-platform/assay';

const SPEC = 'https://openlineage.io/spec';

/** A facet, and which version of the standard's schema it follows (https://openlineage.io/spec/facets). */
export type Facet = Readonly<Record<string, unknown>>;

/** `SchemaDatasetFacet`, `1-2-0`, its members → that facet. */
export const facet = (name: string, version: string, members: Facet): Facet => ({
  _producer: PRODUCER,
  _schemaURL: `${SPEC}/facets/${version}/${name}.json#/$defs/${name}`,
  ...members,
});

/** A facet of our own: the standard asks for a prefix in its name, which the caller gives it. */
export const ownFacet = (kind: 'InputDatasetFacet' | 'RunFacet', members: Facet): Facet => ({
  _producer: PRODUCER,
  _schemaURL: `${SPEC}/2-0-2/OpenLineage.json#/$defs/${kind}`,
  ...members,
});

/** Says what ran. */
export const engineFacet = (): Facet =>
  facet('ProcessingEngineRunFacet', '1-1-1', { name: 'Assay', version: '0.1.0' });

/** Says why a run ended badly. */
export const errorFacet = (message: string): Facet =>
  facet('ErrorMessageRunFacet', '1-0-1', { message, programmingLanguage: 'JAVASCRIPT' });

/** A dataset that a run reads or writes. */
export interface LineageDataset {
  readonly namespace: string;
  readonly name: string;
  readonly facets?: Readonly<Record<string, Facet>>;
  readonly inputFacets?: Readonly<Record<string, Facet>>;
  readonly outputFacets?: Readonly<Record<string, Facet>>;
}

/** What an event is about. */
export interface LineageRun {
  readonly eventType: 'START' | 'COMPLETE' | 'FAIL' | 'ABORT' | 'OTHER';
  readonly eventTime: string;
  /** Namespace of the jobs, as $OPENLINEAGE_NAMESPACE says. */
  readonly namespace: string;
  readonly job: string;
  readonly runId: string;
  readonly jobFacets?: Readonly<Record<string, Facet>>;
  readonly runFacets?: Readonly<Record<string, Facet>>;
  readonly inputs?: readonly LineageDataset[];
  readonly outputs?: readonly LineageDataset[];
}

/** The UUID of a run of a job, which the standard wants of each: the same whenever it is asked for. */
export const lineageRunId = (job: string, runId: string): string => uuidOf(`openlineage\n${job}\n${runId}`);

/** A run event of OpenLineage 2-0-2. */
export function lineageEvent(run: LineageRun) {
  const { eventType, eventTime, namespace, job, inputs = [], outputs = [] } = run;
  const jobType = facet('JobTypeJobFacet', '2-0-4', {
    processingType: 'BATCH',
    integration: 'ASSAY',
    jobType: 'JOB',
  });
  return {
    eventType,
    eventTime,
    producer: PRODUCER,
    schemaURL: `${SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent`,
    run: { runId: lineageRunId(job, run.runId), facets: { ...run.runFacets } },
    job: { namespace, name: job, facets: { jobType, ...run.jobFacets } },
    inputs,
    outputs,
  };
}
