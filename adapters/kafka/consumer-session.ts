import type { API } from '@platformatic/kafka';
import { type AssayError, ConfigError, DataError } from '../../etl/errors.ts';
import type { Partition } from '../../stream/event.ts';
import type { EventBatch, PartitionEnd } from '../../stream/ports.ts';
import type { Assignment } from './assignment.ts';
import { pause } from './backoff.ts';
import type { Cluster } from './cluster.ts';
import { findGap } from './expired-records.ts';
import { type FetchLimits, fetchApi, fetchRecords, type PartitionAnswer } from './fetch-api.ts';
import { keepOffsets, type OffsetToKeep } from './group-offsets.ts';
import { kafkaError } from './kafka-error.ts';
import type { Membership } from './membership.ts';
import { openTracks, type Track } from './open-tracks.ts';
import { committedEvents } from './read-committed.ts';
import type { SourceNotice } from './source-notice.ts';
import { hasMoved, leadersOf } from './topic-changes.ts';

/** What a member has been given, and how it reads it. */
export interface SessionOptions {
  readonly cluster: Cluster;
  readonly membership: Membership;
  readonly group: string;
  readonly assignment: Assignment;
  readonly onNotice: (notice: SourceNotice) => void;
  readonly maxWaitingBytes: number;
  readonly maxBatchBytes: number;
}

/** How many records and holes a partition has that aren't done. */
export interface PartitionLag {
  readonly partition: Partition;
  readonly lag: number;
}

const WATCH_MS = 5_000;
const MAX_BYTES = 16 << 20;
const MAX_PARTITION_BYTES = 4 << 20;

/** One assignment of partitions: they are fetched from their leaders, a batch ahead, until the group changes. */
export class ConsumerSession {
  readonly #options: SessionOptions;
  readonly #tracks: readonly Track[];
  readonly #api: API<unknown[], readonly PartitionAnswer[]>;
  readonly #loops = new Set<number>();
  #waiters: (() => void)[] = [];
  #turn = 0;
  #isOver = false;
  #failure: AssayError | undefined;
  #watch: NodeJS.Timeout | undefined;
  #refreshing: Promise<void> | undefined;

  private constructor(
    options: SessionOptions,
    tracks: readonly Track[],
    api: API<unknown[], readonly PartitionAnswer[]>,
  ) {
    this.#options = options;
    this.#tracks = tracks;
    this.#api = api;
  }

  /** Finds where to start, keeps that, and starts to fetch. */
  static async open(options: SessionOptions): Promise<ConsumerSession> {
    const { cluster, membership, group, assignment } = options;
    const { tracks, unkept } = await openTracks(
      { cluster, coordinator: membership.coordinator, group },
      assignment,
    );
    // Kept before anything is read: who dies now starts here again, and not where the end is by then.
    if (unkept.length > 0)
      await keepOffsets(membership.coordinator, { group, ...membership.identity }, unkept);
    const session = new ConsumerSession(options, tracks, await fetchApi(cluster));
    session.#startLoops();
    session.#watchLater();
    return session;
  }

  /** What this member has. */
  get partitions(): readonly Partition[] {
    return this.#tracks.map(({ partition }) => partition);
  }

  /** The next batch, of each partition in turn; undefined when the session is over. Throws where something can't be read. */
  async next(): Promise<EventBatch | undefined> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#isOver) return undefined;
      const count = this.#tracks.length;
      for (let step = 0; step < count; step++) {
        const track = this.#tracks[(this.#turn + step) % count];
        if (track?.waiting === undefined) continue;
        this.#turn = (this.#turn + step + 1) % count;
        return this.#hand(track, track.waiting);
      }
      await this.#changed();
    }
  }

  #hand(track: Track, batch: EventBatch): EventBatch {
    track.waiting = undefined;
    track.waitingBytes = 0;
    track.given = batch.endOffset;
    this.#wake();
    return batch;
  }

  /** Lets go of what waits; `next` returns undefined from now on. */
  end(): void {
    this.#isOver = true;
    clearTimeout(this.#watch);
    this.#wake();
  }

  /** Those of some ends that are of this session's partitions, as they are kept. */
  ownEnds(ends: readonly PartitionEnd[]): OffsetToKeep[] {
    return ends.flatMap(({ partition: { topic, topicId, partition }, endOffset }) => {
      const track = this.#trackOf(topicId, partition);
      return track === undefined ? [] : [{ topic, partition, offset: endOffset, topicId }];
    });
  }

  /** Notes what the group has kept. */
  noteKept(kept: readonly OffsetToKeep[]): void {
    for (const { topicId, partition, offset } of kept) {
      const track = this.#trackOf(topicId, partition);
      if (track !== undefined) track.kept = offset;
    }
  }

  #trackOf(topicId: string, partition: number): Track | undefined {
    return this.#tracks.find(
      (track) => track.partition.topicId === topicId && track.partition.partition === partition,
    );
  }

  /** How far each partition is behind; those that no broker has answered for yet are left out. */
  lag(): PartitionLag[] {
    return this.#tracks.flatMap(({ partition, highWatermark, kept, given, position, waiting }) => {
      if (highWatermark === undefined) return [];
      const done = kept >= given && waiting === undefined ? position : kept;
      return [{ partition, lag: Math.max(0, highWatermark - done) }];
    });
  }

  /** Bytes of events that wait to be taken. */
  waitingBytes(): number {
    return this.#tracks.reduce((sum, track) => sum + track.waitingBytes, 0);
  }

  #startLoops(): void {
    for (const { leader } of this.#tracks) {
      if (leader < 0 || this.#loops.has(leader)) continue;
      this.#loops.add(leader);
      void this.#fetchFrom(leader);
    }
  }

  /** Fetches what is wanted from one broker until the session is over. */
  async #fetchFrom(broker: number): Promise<void> {
    for (let failures = 0; !this.#isOver; ) {
      const wanted = this.#wantedOf(broker);
      if (wanted.length === 0) {
        await this.#changed();
        continue;
      }
      try {
        const request = { api: this.#api, broker, limits: this.#limits(wanted.length) };
        const answers = await fetchRecords(this.#options.cluster, request, wanted);
        for (const answer of this.#isOver ? [] : answers) await this.#take(answer);
        failures = 0;
      } catch (error) {
        if (this.#isOver) return;
        const found = kafkaError(error, 'fetching records');
        if (failures++ > 0) this.#options.onNotice({ kind: 'retrying', message: found.message });
        await pause({ firstMs: 100, mostMs: 2_000 }, failures);
        await this.#refresh();
      }
    }
  }

  /** With some partitions left out because their batches wait, a broker is asked for a moment only: those may be wanted soon. */
  #limits(wanted: number): FetchLimits {
    const isAll = wanted === this.#tracks.length;
    return {
      minBytes: isAll ? 64 << 10 : 1,
      maxWaitMs: isAll ? 400 : 100,
      maxBytes: MAX_BYTES,
      maxPartitionBytes: MAX_PARTITION_BYTES,
    };
  }

  #wantedOf(broker: number): { topicId: string; partition: number; offset: number }[] {
    if (this.waitingBytes() >= this.#options.maxWaitingBytes) return [];
    const now = Date.now();
    const wanted = this.#tracks.filter(
      (track) => track.leader === broker && track.waiting === undefined && track.notBefore <= now,
    );
    // Who was answered longest ago is first: a broker fills its answer in the order it is asked.
    wanted.sort((a, b) => a.answeredAt - b.answeredAt);
    return wanted.map(({ uuid, partition, position }) => ({
      topicId: uuid,
      partition: partition.partition,
      offset: position,
    }));
  }

  async #take(answer: PartitionAnswer): Promise<void> {
    const track = this.#tracks.find(
      ({ uuid, partition }) => uuid === answer.topicId && partition.partition === answer.partition,
    );
    if (track === undefined || track.waiting !== undefined) return;
    if (answer.errorCode !== 0) return await this.#takeError(track, answer.errorCode);
    track.highWatermark = answer.highWatermark;
    if (answer.bytes.length === 0) return;
    track.answeredAt = Date.now();
    try {
      this.#takeRecords(track, answer);
    } catch (error) {
      this.#fail(track, error);
    }
  }

  #takeRecords(track: Track, answer: PartitionAnswer): void {
    const { bytes, aborted } = answer;
    const fetched = {
      fromOffset: track.position,
      bytes,
      aborted,
      maxBatchBytes: this.#options.maxBatchBytes,
    };
    const { events, endOffset } = committedEvents(fetched);
    track.position = endOffset;
    // Where nothing was committed the next batch begins earlier: holes belong to it.
    if (events.length === 0) return;
    track.waiting = { partition: track.partition, events, startOffset: track.given, endOffset };
    track.waitingBytes = events.reduce(
      (sum, { key, value }) => sum + (key?.length ?? 0) + (value?.length ?? 0),
      0,
    );
    this.#wake();
  }

  #fail({ partition, position }: Track, error: unknown): void {
    const where = `${partition.topic}, partition ${partition.partition}, offset ${position}`;
    this.#failure =
      error instanceof DataError
        ? new DataError(
            error.code,
            `${where}: ${error.message} Pass over it by setting the group's offset behind it.`,
          )
        : kafkaError(error, `reading ${where}`);
    this.#wake();
  }

  async #takeError(track: Track, errorCode: number): Promise<void> {
    if (errorCode === OFFSET_OUT_OF_RANGE) {
      const gap = await findGap(this.#options.cluster, track);
      track.position = gap.to;
      track.given = Math.min(track.given, gap.to);
      if (gap.from === gap.to) track.notBefore = Date.now() + 200;
      else this.#options.onNotice({ kind: 'gap', partition: track.partition, from: gap.from, to: gap.to });
      return;
    }
    track.notBefore = Date.now() + (DENIED.has(errorCode) ? 5_000 : 200);
    setTimeout(() => this.#wake(), track.notBefore - Date.now() + 1).unref();
    if (DENIED.has(errorCode)) {
      const { topic } = track.partition;
      this.#options.onNotice({
        kind: 'retrying',
        message: `Kafka refuses to give records of ${topic}: check the ACLs.`,
      });
    } else await this.#refresh();
  }

  #watchLater(): void {
    this.#watch = setTimeout(async () => {
      await this.#refresh();
      if (!this.#isOver) this.#watchLater();
    }, WATCH_MS);
  }

  /** Follows leaders that moved, and has the group joined again where topics changed. */
  async #refresh(): Promise<void> {
    this.#refreshing ??= this.#refreshNow().finally(() => {
      this.#refreshing = undefined;
    });
    await this.#refreshing;
  }

  async #refreshNow(): Promise<void> {
    const { cluster, membership } = this.#options;
    const names = [
      ...new Set([...this.#tracks.map(({ partition }) => partition.topic), ...membership.watched.keys()]),
    ];
    try {
      const { topics } = await cluster.state(names);
      if (hasMoved(this.#tracks, membership.watched, topics)) membership.markStale();
      leadersOf(this.#tracks, topics);
      this.#startLoops();
      this.#wake();
    } catch (error) {
      if (error instanceof ConfigError) this.#failure = error;
    }
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter();
  }
}

const OFFSET_OUT_OF_RANGE = 1;
/** TOPIC_AUTHORIZATION_FAILED, CLUSTER_AUTHORIZATION_FAILED. */
const DENIED: ReadonlySet<number> = new Set([29, 31]);
