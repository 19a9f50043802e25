import { z } from 'zod';
import { COMPATIBILITY_MODES } from '../registry/registry.ts';
import { ExpectedTraffic } from '../signals/expected-traffic.ts';
import { ContractId } from './contract-id.ts';
import { DatasetUrn } from './dataset-urn.ts';

/** A person's or program's short name for something. */
const Name = z.string().trim().min(1).max(200);

/** A topic, as Kafka allows it. */
export const TopicName = z
  .string()
  .regex(/^(?!\.{1,2}$)[\w.-]{1,249}$/, 'is no topic: letters, digits, dots, dashes and underscores');

/** A place in a payload (RFC 6901). */
const Pointer = z
  .string()
  .max(500)
  .regex(/^(\/([^/~]|~[01])*)+$/, 'is no JSON pointer: write /data/id');

/** Where an event of another envelope says what CloudEvents say; places in the payload. */
const EnvelopeMapping = z.strictObject({
  id: Pointer.exactOptional(),
  type: Pointer.exactOptional(),
  time: Pointer.exactOptional(),
  producer: Pointer.exactOptional(),
});

/** Who writes: a principal that alone may write the topic, or a topic that belongs to somebody. */
const ProducerRule = z.union([
  z.strictObject({ principal: Name, producer_id: Name }),
  z.strictObject({ topic: TopicName, producer_id: Name }),
]);

/** Everything that is said of the events of one dataset: a policy as the control plane takes and gives it. */
export const DatasetPolicy = z.strictObject({
  dataset_urn: DatasetUrn,
  schema_id: Name.exactOptional().meta({
    description: 'the writer schema of events that name none, e.g. glue:orders.created:17',
  }),
  deprecated_schemas: z
    .array(z.strictObject({ schema_id: Name, until: z.iso.date() }))
    .max(200)
    .exactOptional()
    .meta({
      description: 'schemas that producers give up, and the last day on which they may write by them',
    }),
  contract_id: ContractId,
  enforcement_mode: z
    .enum(['ALERT_ONLY', 'QUARANTINE_ON_FAIL', 'REPUBLISH_PASS_ONLY'])
    .default('ALERT_ONLY')
    .meta({ description: 'what follows where an event fails' }),
  pii_policy: z.enum(['BLOCK', 'ALERT', 'ALLOW']).default('ALERT').meta({
    description: 'what follows where personal data stands where the contract says that there is none',
  }),
  owners: z.array(Name).min(1).max(50).meta({ description: 'who is told, and who may change this' }),
  tier: z
    .string()
    .regex(/^TIER_[1-9]$/, 'is no tier: write TIER_1 to TIER_9')
    .exactOptional(),
  freshness_slo_sec: z.int().min(1).max(31_536_000).exactOptional().meta({
    description: 'at most so many seconds from one event to the next',
  }),
  volume_rpm_expected: z.int().min(1).max(1_000_000_000).exactOptional().meta({
    description: 'events a minute at peak',
  }),
  expected_traffic: ExpectedTraffic.exactOptional().meta({
    description:
      'when events are expected, in UTC; that none come then is an incident. Absent: always, where freshness or volume is said',
  }),
  republish_topic: TopicName.exactOptional().meta({
    description: 'where events that pass are sent on to, for REPUBLISH_PASS_ONLY',
  }),
  producers: z.array(ProducerRule).max(1000).exactOptional(),
  envelope: z
    .union([z.enum(['cloudevents', 'debezium', 'none']), EnvelopeMapping])
    .exactOptional()
    .meta({ description: 'absent: CloudEvents where an event is one, bare otherwise' }),
  event_types: z.enum(['WARN', 'FAIL', 'ANY']).exactOptional().meta({
    description:
      'what follows where the type of an event is not named <domain>.<entity>.<past tense>; absent: WARN',
  }),
  compatibility: z.enum(COMPATIBILITY_MODES).exactOptional().meta({
    description: 'how schemas may follow one another; absent: as the registry says',
  }),
});
export type DatasetPolicy = z.infer<typeof DatasetPolicy>;
