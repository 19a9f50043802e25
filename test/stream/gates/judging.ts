import { Buffer } from 'node:buffer';
import { readFileSync } from 'node:fs';
import type { SourceContract } from '../../../etl/contract/contract.ts';
import { parseContract } from '../../../etl/contract/parse-contract.ts';
import { type Engine, openEngine } from '../../../etl/engine/engine.ts';
import type { ObservedEvent, Partition } from '../../../stream/event.ts';
import type { GateState } from '../../../stream/gates/gate.ts';
import { openContracts } from '../../../stream/gates/open-contracts.ts';
import { openPipeline, type PipelineParts } from '../../../stream/gates/pipeline.ts';
import type { DatasetPolicy } from '../../../stream/policy/dataset-policy.ts';
import type { PolicySet } from '../../../stream/policy/policy-set.ts';
import type { ResolutionRule } from '../../../stream/policy/resolution-rule.ts';

export const ORDERS = 'urn:dp:orders:created';

/** The contract that comes with the example. */
export const ORDERS_CONTRACT = readFileSync(
  new URL('../../../examples/orders/contracts/orders/created.yaml', import.meta.url),
  'utf8',
);

export const TOPIC: Partition = {
  cluster: 'c1',
  topic: 'raw.orders.events',
  topicId: 'mZ5h2rUW',
  partition: 12,
};

/** The topic's rule of the example. */
export const TOPIC_RULE: ResolutionRule = {
  source_type: 'TOPIC',
  source_value: 'raw.orders.events',
  dataset_urn: ORDERS,
  resolution_confidence: 'HIGH',
};

export const policy = (more: Partial<DatasetPolicy> = {}): DatasetPolicy => ({
  dataset_urn: ORDERS,
  contract_id: 'dc:orders.created:3',
  enforcement_mode: 'ALERT_ONLY',
  pii_policy: 'ALERT',
  owners: ['orders-team'],
  ...more,
});

/** What is known of policies. */
export const policySet = (policies: readonly DatasetPolicy[], more: Partial<PolicySet> = {}): PolicySet => ({
  policies: new Map(policies.map((one) => [one.dataset_urn, { policy: one, version: 7 }])),
  rules: [TOPIC_RULE],
  broken: new Map(),
  readAt: new Date(0),
  isStale: false,
  ...more,
});

/** An order as a CloudEvent; `data` over what is right. */
export function order(data: object = {}, attributes: object = {}): Buffer {
  return Buffer.from(
    JSON.stringify({
      specversion: '1.0',
      id: 'ord-1',
      source: '/orders-svc',
      type: 'orders.order.created',
      time: '2026-01-13T12:01:01.900Z',
      ...attributes,
      data: { order_id: 'o-1', customer_id: 'c-1', currency: 'EUR', total: 1.5, ...data },
    }),
  );
}

/** An event of the topic. */
export const event = (value: Uint8Array | null, more: Partial<ObservedEvent> = {}): ObservedEvent => ({
  offset: 1,
  timestampMs: Date.UTC(2026, 0, 13),
  key: null,
  headers: [],
  value,
  ...more,
});

/** Headers by name. */
export const headers = (texts: Readonly<Record<string, string>>): ObservedEvent['headers'] =>
  Object.entries(texts).map(([name, value]) => ({ name, value: Buffer.from(value) }));

/** Judges events by the contracts of some texts. */
export interface Judging {
  readonly engine: Engine;
  readonly contract: SourceContract;
  judge(
    events: readonly ObservedEvent[],
    set: PolicySet,
    partition?: Partition,
  ): Promise<readonly GateState[]>;
  close(): void;
}

export async function openJudging(
  texts: Readonly<Record<string, string>> = { 'orders/created.yaml': ORDERS_CONTRACT },
  registries: Pick<PipelineParts, 'decoding' | 'schemas'> = {},
): Promise<Judging> {
  const engine = await openEngine({ threads: 1, memoryLimitMb: 256 });
  const contracts = openContracts({
    engine,
    clock: { now: () => new Date(0) },
    source: {
      list: async () => Object.entries(texts).map(([file, text]) => ({ file, text })),
      sql: async () => '',
      projection: async (file) => ({ file, text: '' }),
    },
  });
  return {
    engine,
    contract: parseContract('created.yaml', ORDERS_CONTRACT) as SourceContract,
    judge: (events, set, partition = TOPIC) =>
      openPipeline({ policies: { current: async () => set }, contracts, ...registries })({
        partition,
        events,
      }),
    close: () => engine.close(),
  };
}
