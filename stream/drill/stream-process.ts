import type { Dice } from '../../etl/drill/dice.ts';
import { type Damage, type Mishaps, troubled } from '../../etl/drill/trouble.ts';
import type { Seat } from '../../etl/drill/turns.ts';
import type { Engine } from '../../etl/engine/engine.ts';
import { TransientError } from '../../etl/errors.ts';
import type { Effects, ObjectStore } from '../../etl/ports.ts';
import { openEnforcer } from '../enforcer.ts';
import type { ObservedEvent } from '../event.ts';
import type { Evidence } from '../evidence/evidence.ts';
import { lakeEvidence } from '../evidence/lake-evidence.ts';
import { compatibilityGate } from '../gates/compatibility.ts';
import { decodingGate } from '../gates/decoding.ts';
import { openContracts } from '../gates/open-contracts.ts';
import { openPipeline } from '../gates/pipeline.ts';
import { schemaGate } from '../gates/schema.ts';
import { Lander } from '../landing/lander.ts';
import { cachePolicies } from '../policy/policy-cache.ts';
import { readySchemas } from '../registry/ready-schemas.ts';
import { cacheRegistry } from '../registry/registry-cache.ts';
import { DRILL_POLICIES, DRILL_SCHEMA } from './drill-contract.ts';
import type { DrillTopic } from './drill-topic.ts';

/** What is gone for a process: for so many calls, from the first on. */
export interface Outages {
  readonly evidence?: number;
  readonly registry?: number;
  /** From the second on: an enforcer that never read its policies knows no datasets. */
  readonly policies?: number;
  /** Writes that find the disk full. */
  readonly disk?: number;
}

/** What an enforcer of a drill shares with the drill. */
export interface StreamProcessParts {
  readonly effects: Effects;
  readonly engine: Engine;
  readonly topic: DrillTopic;
  /** Evidence as the topic has it. */
  readonly told: Evidence[];
  /** What was sent on, as `partition:offset` of where it came from. */
  readonly sent: string[];
  readonly seat: Seat;
  readonly dice: Dice;
  readonly mishaps: Mishaps;
  readonly outages: Outages;
  readonly damage: Damage;
  readonly log: (line: string) => void;
  /** Told of each step, so that time passes. */
  readonly onStep: () => void;
  /** Told of each call that something refused which was gone. */
  readonly onOutage: () => void;
}

const NOTHING = new Uint8Array();
const LIMITS = {
  maxEvents: 9,
  maxBytes: 1 << 22,
  maxTotalBytes: 1 << 23,
  maxAgeMs: Number.POSITIVE_INFINITY,
};

/**
 * Runs one enforcer over what waits in the topic, until it has done all or died. Every step of it that others can see, a
 * write of the lake, evidence told, events sent on, offsets kept, is one at which it may die, be refused, or lose the answer.
 * Returns how many such steps it made.
 */
export async function runStreamProcess(parts: StreamProcessParts): Promise<number> {
  const { effects, engine, topic, outages, onOutage, dice } = parts;
  const steps = new Map<string, () => void>();
  const own = troubled(
    { ...effects, objects: withSteps(full(effects.objects, outages.disk ?? 0, onOutage), steps) },
    { ...parts, isCommit: () => false, onChange: async () => parts.onStep() },
  );
  const { objects } = own.effects;
  const step = async (name: string, work: () => void): Promise<void> => {
    const key = `${STEP}${name}/${steps.size}`;
    steps.set(key, work);
    await objects.put(key, NOTHING);
  };
  const gone = outageOf(onOutage);
  const evidenceGone = gone('The evidence topic refuses.', outages.evidence);
  const registryGone = gone('The registry is gone.', outages.registry);
  const policiesGone = gone('The store of policies is gone.', outages.policies);
  const { clock, contracts: source, digestKey } = effects;
  const contracts = openContracts({ source, engine, clock });
  const schemas = readySchemas(
    cacheRegistry({
      clock,
      registry: {
        async schema(id) {
          registryGone();
          return id === DRILL_SCHEMA.id ? DRILL_SCHEMA : undefined;
        },
        async latest(subject) {
          registryGone();
          return subject === DRILL_SCHEMA.subject ? DRILL_SCHEMA : undefined;
        },
      },
    }),
  );
  let policyCalls = 0;
  const policies = cachePolicies({
    clock,
    store: {
      async current() {
        if (policyCalls++ > 0) policiesGone();
        return DRILL_POLICIES;
      },
    },
  });
  const enforcer = openEnforcer({
    source: topic.source((_ends, commit) => step('commit', commit), dice),
    clock,
    pipeline: openPipeline({
      ...{ policies, contracts, decoding: [decodingGate(schemas)] },
      schemas: [schemaGate(schemas), compatibilityGate(schemas)],
    }),
    evidence: lakeEvidence(objects),
    evidenceTopic: {
      async emit(evidence) {
        evidenceGone();
        await step('evidence', () => void parts.told.push(...evidence));
      },
    },
    republisher: {
      send: (_topic, events) => step('send', () => void parts.sent.push(...events.map(placeOf))),
    },
    making: { contracts, digestKey },
    lander: new Lander({ effects: own.effects, contracts, limits: LIMITS, digestKey }),
    pause: async () => undefined,
  });
  await enforcer.run();
  return own.changes();
}

/** The order that an event was made for says where it stands. */
const placeOf = ({ key, value }: ObservedEvent): string =>
  /"id":"o-(\d+)-(\d+)"/
    .exec(
      Buffer.from(value ?? key ?? NOTHING)
        .toString('latin1')
        .slice(0, 200),
    )
    ?.slice(1)
    .join(':') ?? '';

const STEP = '~step/';

/** A store whose writes beneath STEP are steps of something else. */
const withSteps = (objects: ObjectStore, steps: ReadonlyMap<string, () => void>): ObjectStore => ({
  ...objects,
  async put(key, body, condition) {
    const work = steps.get(key);
    if (work === undefined) return await objects.put(key, body, condition);
    work();
    return '';
  },
});

/** A store on a disk that is full for so many writes. */
const full = (objects: ObjectStore, writes: number, onOutage: () => void): ObjectStore => {
  const gone = outageOf(onOutage)('The disk is full.', writes);
  return {
    ...objects,
    async put(key, body, condition) {
      gone();
      return await objects.put(key, body, condition);
    },
  };
};

const outageOf =
  (onOutage: () => void) =>
  (message: string, calls = 0): (() => void) => {
    let left = calls;
    return () => {
      if (left <= 0) return;
      left--;
      onOutage();
      throw new TransientError('DRILL', message);
    };
  };
