import { createHash } from 'node:crypto';
import { z } from 'zod';

/** What incidents are about. */
export const INCIDENT_KINDS = {
  CRITICAL_LAG: 'the enforcer is far behind a topic',
  EVIDENCE_GAP: 'no evidence, although events are expected; or events expired before they were read',
  CONTRACT_BREAKAGE: 'events break their contract as they did not before',
  SCHEMA_BREAKAGE: 'events break their schema, or may not follow it, as they did not before',
  REGISTRY_UNAVAILABLE: 'the schema registry can not be asked',
  COMPLIANCE: 'fewer events pass than the tier promises',
  FRESHNESS: 'the newest event is older than promised',
  VOLUME_HIGH: 'far more events than the policy says of the peak',
  VOLUME_LOW: 'far fewer events than in the hour before',
  PII_FOUND: 'personal data where the contract says that there is none',
  UNKNOWN_DATASET: 'events that no rule leads to a dataset',
  POLICY_UNAVAILABLE: 'policies can not be read, or one of them is broken',
} as const;
export type IncidentKind = keyof typeof INCIDENT_KINDS;
const KINDS = Object.keys(INCIDENT_KINDS) as [IncidentKind, ...IncidentKind[]];

const Sample = z.object({
  evidence_id: z.string(),
  topic: z.string(),
  topic_id: z.string(),
  partition: z.int(),
  offset: z.int(),
  at: z.string(),
  producer_id: z.string(),
  reason_codes: z.array(z.string()).readonly(),
});

/** Why events fail, found by counting: a rule each, and no guess. */
export const Cause = z.object({
  /** In words. */
  text: z.string(),
  /** The gate and the reason that most of the failed events have. */
  gate: z.string().nullable(),
  reason: z.string().nullable(),
  /** In the window of the newest events: all of them, those that failed, and those that failed for that reason. */
  events: z.int(),
  failed: z.int(),
  failed_for_reason: z.int(),
  /** The first event that failed for that reason. */
  first_bad: Sample.nullable(),
  /** What only the failed events have, where the passed ones have another; the likely cause. */
  changed: z.array(
    z.object({
      what: z.enum(['producer_id', 'schema_id', 'contract_version']),
      before: z.array(z.string()),
      now: z.string(),
    }),
  ),
  /** Where all that fail are of one producer, and don't contradict it. */
  producer_id: z.string().nullable(),
  /** Some of the events; places and reasons, no values. */
  samples: z.array(Sample),
});
export type Cause = z.infer<typeof Cause>;

/** Something wrong with the events of a dataset or topic, from when it was seen until it was over. */
export const Incident = z.object({
  id: z.string(),
  kind: z.enum(KINDS),
  severity: z.enum(['critical', 'warning']),
  state: z.enum(['OPEN', 'CLOSED']),
  /** Null where it is about a topic. */
  dataset_urn: z.string().nullable(),
  topic: z.string().nullable(),
  tier: z.string().nullable(),
  /** Of the policy: who is told. */
  owners: z.array(z.string()),
  title: z.string(),
  /** What was measured when it was last seen, and the limit that it is compared with. */
  measured: z.object({ value: z.number(), limit: z.number(), unit: z.string() }),
  cause: Cause.nullable(),
  opened_at: z.string(),
  /** When it was last found to be so. */
  last_seen_at: z.string(),
  /** Since when it is not so any more; it is closed after a while of that. */
  quiet_since: z.string().nullable(),
  closed_at: z.string().nullable(),
  is_announced: z.boolean(),
});
export type Incident = z.infer<typeof Incident>;

/** Something that is wrong now. */
export interface Finding
  extends Pick<
    Incident,
    'kind' | 'severity' | 'dataset_urn' | 'topic' | 'tier' | 'owners' | 'title' | 'measured' | 'cause'
  > {}

/** What an incident is about, in 16 hex digits: there is one open of a kind about a dataset or topic. */
export const aboutOf = ({
  kind,
  dataset_urn,
  topic,
}: Pick<Finding, 'kind' | 'dataset_urn' | 'topic'>): string =>
  createHash('sha256')
    .update(JSON.stringify([kind, dataset_urn, topic]))
    .digest('hex')
    .slice(0, 16);

/** `inc-20260113T120109000Z-3f2a…`: its beginning says when it was opened. */
export const incidentId = (about: string, at: Date): string =>
  `inc-${at.toISOString().replace(/[-:.]/g, '')}-${about}`;
