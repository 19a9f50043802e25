import { ConfigError } from '../../etl/errors.ts';
import type { ContractSource } from '../../etl/ports.ts';
import type { DatasetPolicy } from '../policy/dataset-policy.ts';
import { type KeptDocument, policyName, RESOLUTION_NAME } from '../policy/policy-store.ts';
import type { RegisteredSchema } from '../registry/registry.ts';

/** The dataset of a stream drill. */
export const STREAM_DRILL_DATASET = 'drill.orders';
const URN = 'urn:dp:drill:orders';
/** The topic that its events come on, and the one that they are sent on to. */
export const DRILL_TOPIC = 'raw.drill';
/** The type of an order's event. */
export const ORDER_TYPE = 'drill.order.created';

const column = (name: string, type: string, place: string, more = ''): string =>
  `      - { name: ${name}, ${type}, classification: public${more}, customProperties: [{ property: assay.path, value: ${place} }] }`;

const CONTRACT = `apiVersion: v3.1.0
kind: DataContract
id: urn:assay:contract:drill.orders
domain: drill
name: orders
version: 1.0.0
status: active
team: { name: drill }
schema:
  - name: orders
    physicalType: table
    properties:
${[
  column(
    'order_id',
    'logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1',
    '/value/data/order_id',
  ),
  column('customer_id', 'logicalType: string, required: true', '/value/data/customer_id'),
  column('placed_at', 'logicalType: timestamp, required: true', '/value/time'),
  column(
    'total',
    'logicalType: number, physicalType: "DECIMAL(18,2)", required: true',
    '/value/data/total',
    ', logicalTypeOptions: { minimum: 0 }',
  ),
  column('note', 'logicalType: string', '/value/data/note'),
  column('event_partition', 'logicalType: integer, required: true', '/partition'),
  column('event_offset', 'logicalType: integer, physicalType: BIGINT, required: true', '/offset'),
].join('\n')}
    customProperties:
      - { property: assay.format, value: jsonl }
      - { property: assay.partitionColumn, value: placed_at }
      - { property: assay.measures, value: [{ column: total }] }
      - property: assay.limits
        value: { maxQuarantineRate: 1, smallBatchRecords: 1000000000, maxCondemned: 1000000000, breakerErrors: 1000000000 }
`;

/** The contract of the drill's orders, and nothing else. */
export const streamDrillContracts: ContractSource = {
  list: async () => [{ file: 'drill/orders.yaml', text: CONTRACT }],
  projection: async (name) => {
    throw new ConfigError('PROJECTION_MISSING', `The drill has no projection ${name}.`);
  },
  sql: async (name) => {
    throw new ConfigError('SQL_MISSING', `The drill has no ${name}.`);
  },
};

/** What more a total than this breaks: the schema, and not the contract. */
export const SCHEMA_TOTAL = 1000;

/** The schema of the orders' data. */
export const DRILL_SCHEMA: RegisteredSchema = {
  id: 'drill:orders:1',
  subject: 'orders',
  version: 1,
  format: 'json',
  text: JSON.stringify({
    $schema: 'http://json-schema.org/draft-07/schema#',
    type: 'object',
    required: ['order_id'],
    properties: { order_id: { type: 'string' }, total: { type: 'number', maximum: SCHEMA_TOTAL } },
  }),
  compatibility: 'NONE',
};

const POLICY: DatasetPolicy = {
  dataset_urn: URN,
  contract_id: 'dc:drill.orders:1',
  schema_id: DRILL_SCHEMA.id,
  enforcement_mode: 'REPUBLISH_PASS_ONLY',
  republish_topic: 'blessed.drill',
  pii_policy: 'ALERT',
  owners: ['drill'],
};

const RULE = {
  source_type: 'TOPIC',
  source_value: DRILL_TOPIC,
  dataset_urn: URN,
  resolution_confidence: 'HIGH',
  extraction_rule: `event_type=${ORDER_TYPE}`,
};

const document = (name: string, body: unknown): KeptDocument => ({
  ...{ name, version: 1, at: '2024-06-01T00:00:00.000Z', by: 'drill', reason: 'drill', body },
  decision: { id: 'drill', kind: 'policy-set', dataset: STREAM_DRILL_DATASET, details: {} },
});

/** The policy of the orders, and the rule that leads to them, as a store has them. */
export const DRILL_POLICIES: readonly KeptDocument[] = [
  document(policyName(STREAM_DRILL_DATASET), POLICY),
  document(RESOLUTION_NAME, { format: 1, rules: [RULE], changed: {} }),
];
