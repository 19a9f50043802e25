import type { Partition } from '../../stream/event.ts';
import type { EventBatch, EventSource, PartitionEnd } from '../../stream/ports.ts';
import { pause } from './backoff.ts';
import { Cluster } from './cluster.ts';
import { ConsumerSession, type PartitionLag } from './consumer-session.ts';
import { keepOffsets } from './group-offsets.ts';
import { kafkaError, protocolErrors } from './kafka-error.ts';
import { Membership } from './membership.ts';
import { requireTopics } from './require-topics.ts';
import type { KafkaSettings } from './settings.ts';
import type { SourceNotice } from './source-notice.ts';
import { startsOf } from './start-offsets.ts';

/** What is read, as whom, and from where. */
export interface KafkaSourceOptions {
  readonly settings: KafkaSettings;
  readonly group: string;
  readonly topics: readonly string[];
  /** Where the group starts in topics that it has never read: at their end, unless this is true. */
  readonly isFromStart: boolean;
  /** Told of what went wrong and is tried again, and of records that expired unread. */
  readonly onNotice: (notice: SourceNotice) => void;
  readonly sessionTimeoutMs?: number;
  readonly rebalanceTimeoutMs?: number;
  readonly heartbeatMs?: number;
  /** Bytes of events that may wait to be taken; fetching stops above. */
  readonly maxWaitingBytes?: number;
  /** Bytes that a compressed batch may unpack to: most brokers take a megabyte of it, which may be zeros. */
  readonly maxBatchBytes?: number;
}

/**
 * Committed records of some topics, as a member of a consumer group. Offsets are kept by `commit` alone. Partitions are
 * given back before the group is joined again, so that nobody else reads what is under way here. Memory is bounded: a
 * partition is fetched again once its last batch is taken.
 */
export class KafkaSource implements EventSource {
  readonly #options: KafkaSourceOptions;
  readonly #group: Cluster;
  readonly #fetching: Cluster;
  readonly #membership: Membership;
  #session: ConsumerSession | undefined;
  #isStopping = false;
  #hasJoined = false;

  constructor(options: KafkaSourceOptions) {
    this.#options = options;
    const { settings, group, topics } = options;
    const rebalanceTimeoutMs = options.rebalanceTimeoutMs ?? 60_000;
    // Joining takes as long as the slowest member needs to finish.
    this.#group = new Cluster(settings, rebalanceTimeoutMs + 10_000);
    this.#fetching = new Cluster(settings, 30_000);
    this.#membership = new Membership(
      this.#group,
      {
        group,
        topics,
        sessionTimeoutMs: options.sessionTimeoutMs ?? 45_000,
        rebalanceTimeoutMs,
        heartbeatMs: options.heartbeatMs ?? 3_000,
        startsOf: async (counts) =>
          await startsOf(
            { cluster: this.#fetching, coordinator: this.#membership.coordinator, group },
            counts,
            options.isFromStart,
          ),
      },
      () => this.#session?.end(),
    );
  }

  /** Throws ConfigError where the cluster refuses, and TransientError where it can't be reached before the first batch; later it is tried again. */
  async *batches(onRevoked: (partitions: readonly Partition[]) => Promise<void>): AsyncGenerator<EventBatch> {
    try {
      while (!this.#isStopping) {
        const session = await this.#begin();
        if (session === undefined) break;
        try {
          for (let batch = await session.next(); batch !== undefined; batch = await session.next())
            yield batch;
        } finally {
          session.end();
        }
        await onRevoked(session.partitions);
      }
    } finally {
      await this.#close();
    }
  }

  /** Joins the group and starts to fetch, again and again once it has worked; undefined where `stop` came first. */
  async #begin(): Promise<ConsumerSession | undefined> {
    for (let attempt = 1; !this.#isStopping; attempt++) {
      try {
        if (!this.#hasJoined) await requireTopics(this.#options.settings, this.#options.topics);
        const assignment = await this.#membership.join();
        const session = await ConsumerSession.open({
          ...this.#options,
          cluster: this.#fetching,
          membership: this.#membership,
          assignment,
          maxWaitingBytes: this.#options.maxWaitingBytes ?? 64 << 20,
          maxBatchBytes: this.#options.maxBatchBytes ?? 256 << 20,
        });
        this.#hasJoined = true;
        this.#session = session;
        if (this.#isStopping || this.#membership.isStale) session.end();
        this.#options.onNotice({ kind: 'assigned', partitions: session.partitions });
        return session;
      } catch (error) {
        // The group changed before this member could start: it joins again.
        if (hasGoneOn(error)) continue;
        const found = kafkaError(error, `joining the group ${this.#options.group}`);
        if (!this.#hasJoined) throw found;
        this.#options.onNotice({ kind: 'retrying', message: found.message });
        await pause({ firstMs: 200, mostMs: 5_000 }, attempt);
      }
    }
    return undefined;
  }

  /**
   * Keeps the ends of partitions that this member has. Where the group gave them to others meanwhile it does nothing:
   * they read again what was done here, and find it done. Throws TransientError where the offsets can't be kept.
   */
  async commit(ends: readonly PartitionEnd[]): Promise<void> {
    const own = this.#session?.ownEnds(ends) ?? [];
    if (own.length === 0) return;
    try {
      const keeper = { group: this.#options.group, ...this.#membership.identity };
      await keepOffsets(this.#membership.coordinator, keeper, own);
      this.#session?.noteKept(own);
    } catch (error) {
      if (!hasGoneOn(error)) throw kafkaError(error, `keeping offsets of the group ${this.#options.group}`);
      this.#membership.markStale();
    }
  }

  /** How far each partition that this member has is behind its last record, in records and holes. */
  lag(): readonly PartitionLag[] {
    return this.#session?.lag() ?? [];
  }

  /** Bytes of events that wait to be taken. */
  waitingBytes(): number {
    return this.#session?.waitingBytes() ?? 0;
  }

  /** Ends `batches` after the batch that is under way; `onRevoked` is called once more, then the group is left. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#session?.end();
  }

  async #close(): Promise<void> {
    this.#session = undefined;
    await this.#membership.leave();
    await Promise.allSettled([this.#group.close(), this.#fetching.close()]);
  }
}

/** Whether the group has gone on without this member. */
function hasGoneOn(error: unknown): boolean {
  const names = protocolErrors(error);
  return ['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'REBALANCE_IN_PROGRESS', 'FENCED_INSTANCE_ID'].some(
    (name) => names.has(name),
  );
}
