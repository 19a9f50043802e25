import { Buffer } from 'node:buffer';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { initLake, openLake } from '../../../adapters/local/lake.ts';
import { type Engine, openEngine } from '../../../etl/engine/engine.ts';
import { APART_PREFIX, EVIDENCE_PREFIX } from '../../../etl/naming/streams.ts';
import type { Effects, ObjectStore } from '../../../etl/ports.ts';
import { type Enforcer, type EnforcerParts, openEnforcer } from '../../../stream/enforcer.ts';
import type { ObservedEvent, Partition } from '../../../stream/event.ts';
import { lakeEvidence } from '../../../stream/evidence/lake-evidence.ts';
import { readEvidence } from '../../../stream/evidence/read-evidence.ts';
import { openContracts } from '../../../stream/gates/open-contracts.ts';
import { openPipeline, type Pipeline } from '../../../stream/gates/pipeline.ts';
import { Lander, type LandingLimits } from '../../../stream/landing/lander.ts';
import type { PolicySet } from '../../../stream/policy/policy-set.ts';
import type { EventSource } from '../../../stream/ports.ts';
import { tempFolder } from '../../adapters/temp-folder.ts';
import { event, order, policy, policySet, TOPIC, TOPIC_RULE } from '../gates/judging.ts';

const CONTRACTS = fileURLToPath(new URL('../../../examples/orders/contracts', import.meta.url));

/** Orders are known by their type, so that other events of the topic are of no known dataset. */
export const POLICIES = policySet([policy()], {
  rules: [{ ...TOPIC_RULE, extraction_rule: 'event_type=orders.order.created' }],
});

/** A lake with the example's contract, and an engine. */
export interface StreamLake {
  readonly effects: Effects;
  readonly engine: Engine;
  close(): Promise<void>;
}

export async function openStreamLake(): Promise<StreamLake> {
  const { folder, dispose } = await tempFolder();
  await initLake(path.join(folder, 'lake'));
  const lake = await openLake(path.join(folder, 'lake'), {
    contractsDir: CONTRACTS,
    sqlDir: folder,
    threads: 1,
  });
  const engine = await openEngine({ threads: 1, memoryLimitMb: 256 });
  return {
    effects: lake.effects,
    engine,
    async close() {
      engine.close();
      await dispose();
    },
  };
}

export const LIMITS: LandingLimits = {
  maxEvents: 10,
  maxBytes: 1 << 24,
  maxTotalBytes: 1 << 25,
  maxAgeMs: Number.POSITIVE_INFINITY,
};

/** The gates that enforcers of these tests have. */
export const pipelineOf = ({ effects, engine }: StreamLake, policies: PolicySet = POLICIES): Pipeline =>
  openPipeline({
    policies: { current: async () => policies },
    contracts: openContracts({ source: effects.contracts, engine, clock: effects.clock }),
  });

/** An enforcer as commands make it, over a store that may fail. */
export function enforcerOf(
  { effects, engine }: StreamLake,
  source: EventSource,
  more: Partial<EnforcerParts> & {
    readonly objects?: ObjectStore;
    readonly limits?: LandingLimits;
    readonly policies?: PolicySet;
    readonly isFixed?: true;
  } = {},
): Enforcer {
  const { objects = effects.objects, limits = LIMITS, policies = POLICIES, isFixed, ...parts } = more;
  const { clock, digestKey } = effects;
  const contracts = openContracts({ source: effects.contracts, engine, clock });
  return openEnforcer({
    source,
    clock,
    pipeline: openPipeline({ policies: { current: async () => policies }, contracts }),
    evidence: lakeEvidence(objects),
    making: { contracts, digestKey },
    lander: new Lander({
      effects: { ...effects, objects },
      contracts,
      limits,
      digestKey,
      ...(isFixed === undefined ? {} : { isFixed }),
    }),
    pause: async () => undefined,
    ...parts,
  });
}

/** A topic of its own. */
export const topicOf = (topicId: string, partition = 0): Partition => ({ ...TOPIC, topicId, partition });

/** Orders at some offsets: every third lacks its customer, every seventh is of another type. */
export const ordersAt = (offsets: readonly number[]): ObservedEvent[] =>
  offsets.map((offset) =>
    event(
      order(
        { order_id: `o-${offset}`, ...(offset % 3 === 0 ? { customer_id: null } : {}) },
        { id: `e-${offset}`, ...(offset % 7 === 0 ? { type: 'orders.order.shipped' } : {}) },
      ),
      { offset, key: Buffer.from(`o-${offset}`) },
    ),
  );

/** Every landed line of a topic, as `partition:offset`, those that lie apart included. */
export async function landedOf({ effects }: StreamLake, topicId: string): Promise<string[]> {
  const found: string[] = [];
  for (const prefix of ['bronze/', APART_PREFIX])
    for (const { key } of await effects.objects.list(prefix)) {
      if (!key.includes(topicId)) continue;
      const body = (await effects.objects.get(key))?.body ?? new Uint8Array();
      for (const line of Buffer.from(body).toString().split('\n').filter(Boolean)) {
        const one = JSON.parse(line) as { topicId: string; partition: number; offset: number };
        if (one.topicId === topicId) found.push(`${one.partition}:${one.offset}`);
      }
    }
  return found.sort();
}

/** Every stored piece of evidence of a topic, as `partition:offset`, repeats included. */
export async function evidencedOf({ effects }: StreamLake, topicId: string): Promise<string[]> {
  const found: string[] = [];
  for (const { key } of await effects.objects.list(EVIDENCE_PREFIX)) {
    if (!key.includes(topicId)) continue;
    for (const { source } of await readEvidence(effects.objects, key))
      if (source.topic_id === topicId) found.push(`${source.partition}:${source.offset}`);
  }
  return found.sort();
}

/** `from` up to, not including, `to`. */
export const offsets = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, n) => from + n);

/** As `partition:offset`. */
export const words = (partition: number, of: readonly number[]): string[] =>
  of.map((offset) => `${partition}:${offset}`);
