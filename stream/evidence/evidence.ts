import { z } from 'zod';

/** The gates, in the order in which an event passes them. */
export const GATE_ORDER = [
  'DATASET',
  'PRODUCER',
  'ENVELOPE',
  'SCHEMA',
  'COMPATIBILITY',
  'CONTRACT',
  'PII',
] as const;
export type GateName = (typeof GATE_ORDER)[number];

const Text = z.string().nullable();

/** What was found of one event when it was observed on its topic; written once and never changed. */
export const Evidence = z.object({
  /** The same for the same event, however often it is judged: what came first counts. */
  evidence_id: z.string(),
  /** When it was judged. */
  timestamp: z.string(),
  stage: z.literal('OBSERVED_RAW'),
  /** `urn:dp:unknown` where no rule leads to a dataset. */
  dataset_urn: z.string(),
  producer: z.object({
    producer_id: z.string(),
    identity_confidence: z.enum(['HIGH', 'MEDIUM', 'LOW', 'NONE']),
  }),
  source: z.object({
    cluster: z.string(),
    topic_id: z.string(),
    raw_topic: z.string(),
    partition: z.int(),
    offset: z.int(),
    /** As text, or its bytes as `base64:…`; a keyed digest (`digest:…`) where the dataset has personal data. */
    key: Text,
    /** When it happened, as its envelope says; else when the broker got it. */
    event_time: z.string(),
    /** When the broker got it, or its producer says that it was sent: as the topic is set up. */
    broker_time: z.string(),
  }),
  schema: z.object({ schema_id: Text }),
  contract: z.object({ contract_id: Text, contract_version: Text }),
  policy: z.object({
    /** Null where the safe default stands in the place of a policy. */
    version: z.int().nullable(),
    enforcement_mode: z.enum(['ALERT_ONLY', 'QUARANTINE_ON_FAIL', 'REPUBLISH_PASS_ONLY']),
  }),
  validation: z.object({
    result: z.enum(['PASS', 'FAIL']),
    /** In the order of the gates. */
    failed_gates: z.array(z.enum(GATE_ORDER)),
    /** `CODE` or `CODE:column`, in the order of the gates. */
    reason_codes: z.array(z.string()),
    /** What is said and fails nothing: why the safe default holds, personal data that only alerts. */
    warnings: z.array(z.string()),
    /** Codes that only other records decide: the batch workflow may still give them. */
    not_judged: z.array(z.string()),
  }),
  otel: z.object({ trace_id: z.string(), span_id: z.string() }),
  fingerprints: z.object({
    /** `sha256:…` of the payload's bytes; a keyed digest (`digest:…`) where the dataset has personal data; null of a tombstone. */
    payload_hash: Text,
    schema_fingerprint: Text,
  }),
});
export type Evidence = z.infer<typeof Evidence>;
