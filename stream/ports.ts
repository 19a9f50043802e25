import type { ObservedEvent, Partition } from './event.ts';
import type { Evidence } from './evidence/evidence.ts';
import type { PolicySet } from './policy/policy-set.ts';

/** What the enforcer needs of the world beside the core's ports. An adapter implements each. */

/** Some records of one partition in the order of their offsets. */
export interface EventBatch {
  readonly partition: Partition;
  readonly events: readonly ObservedEvent[];
  /** Where the batch begins: the end of the partition's batch before, or the position it was consumed from. */
  readonly startOffset: number;
  /** The offset behind the last; holes of aborted or compacted records are behind it, too. */
  readonly endOffset: number;
}

/** Up to which offset everything of a partition is done. */
export interface PartitionEnd {
  readonly partition: Partition;
  readonly endOffset: number;
}

/** Where events come from. Nothing is given again before `commit`, unless partitions move or the process restarts. */
export interface EventSource {
  /**
   * Batches as they come, several partitions in turn; ends when `stop` is called, or where the source has an end.
   * Partitions that are taken away are told by `onRevoked` before others get them.
   */
  batches(onRevoked: (partitions: readonly Partition[]) => Promise<void>): AsyncIterable<EventBatch>;
  /** Keeps that everything before each `endOffset` is done. */
  commit(ends: readonly PartitionEnd[]): Promise<void>;
  stop(): Promise<void>;
}

/** Keeps evidence, and knows what stands: of an event that was judged before, what was found then. */
export interface EvidenceKeeper {
  /**
   * Keeps what is the first of its event, and returns for each what stands, in the same order. Returns when it is durable;
   * throws TransientError where it isn't, and is called again with the same. The evidence of one call is of one partition,
   * in the order of offsets.
   */
  keep(evidence: readonly Evidence[]): Promise<readonly Evidence[]>;
  /** What stands of events that landed before, as far as it is found at once; else what is given. Keeps nothing. */
  kept(evidence: readonly Evidence[]): Promise<readonly Evidence[]>;
}

/** Where evidence is told, beside the place where it is kept. */
export interface EvidenceSink {
  /**
   * Returns when every event is durable there; throws TransientError where it isn't, and is called again with the same.
   * The evidence of one call is of one partition, in the order of offsets.
   */
  emit(evidence: readonly Evidence[]): Promise<void>;
}

/** Sends events on, with their key and headers as they are given. */
export interface Republisher {
  /** Returns when they are durable there; throws TransientError where they aren't. */
  send(topic: string, events: readonly ObservedEvent[]): Promise<void>;
}

/** What the enforcer knows of policies at a moment. */
export interface Policies {
  /** Follows changes within a minute, keeps the last known good, says how old it is. Never throws. */
  current(): Promise<PolicySet>;
}

/** Starts the batch workflow of a dataset: now, or when the run under way has ended. */
export interface BatchRuns {
  request(dataset: string): Promise<void>;
}
