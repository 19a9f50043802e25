import type { Evidence, GateName } from './evidence/evidence.ts';
import type { GateState } from './gates/gate.ts';

/** When something began and ended: milliseconds since 1970, with fractions. */
export interface Interval {
  readonly startMs: number;
  readonly endMs: number;
}

/** What a batch goes through: its gates, those that decode before them, and its evidence becoming durable. */
export type StageName = GateName | 'DECODING' | 'EVIDENCE';

/** Does a stage's work, and may look at how long it takes. */
export type Timer = <T>(stage: StageName, work: () => Promise<T>) => Promise<T>;

/** A batch whose evidence is durable. */
export interface JudgedBatch {
  readonly states: readonly GateState[];
  /** Of the events, in their order. */
  readonly evidence: readonly Evidence[];
  /** Whether an event's evidence was written now; where not, the event was enforced before. */
  readonly isFresh: readonly boolean[];
  /** From when it was taken until its evidence was durable. */
  readonly whole: Interval;
  readonly stages: ReadonlyMap<StageName, Interval>;
}

/** Watches an enforcer. It is asked for nothing but the time before a batch is done, and never throws. */
export interface EnforcerTelemetry {
  /** Milliseconds since 1970, with fractions. */
  nowMs(): number;
  /** Returns what goes on as `traceparent` with each event that is sent on, in their order; undefined leaves their headers. */
  judged(batch: JudgedBatch): readonly string[] | undefined;
}

/** A timer, and what it saw. */
export interface StageTimes {
  readonly timer: Timer;
  readonly stages: ReadonlyMap<StageName, Interval>;
}

/** Looks at how long the stages of a batch take. */
export function timeStages(nowMs: () => number): StageTimes {
  const stages = new Map<StageName, Interval>();
  return {
    stages,
    async timer(stage, work) {
      const startMs = nowMs();
      try {
        return await work();
      } finally {
        // A stage in several parts, or that is tried again, took all of the time since it first began.
        stages.set(stage, { startMs: stages.get(stage)?.startMs ?? startMs, endMs: nowMs() });
      }
    },
  };
}

/** Looks at nothing. */
export const UNTIMED: StageTimes = { timer: (_stage, work) => work(), stages: new Map() };
