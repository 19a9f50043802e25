import type { heartbeatV4, joinGroupV9, leaveGroupV5, syncGroupV5 } from '@platformatic/kafka';
import { TransientError } from '../../etl/errors.ts';
import {
  type Assignment,
  assign,
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
  type Member,
} from './assignment.ts';
import type { Cluster, Topic } from './cluster.ts';
import { GroupCoordinator } from './group-coordinator.ts';
import { isAnswer, protocolErrors } from './kafka-error.ts';

/** How a member takes part in its group. */
export interface MembershipOptions {
  readonly group: string;
  readonly topics: readonly string[];
  /** A member that isn't heard of for so long has lost its partitions. */
  readonly sessionTimeoutMs: number;
  /** So long the others wait for a member to give its partitions back. */
  readonly rebalanceTimeoutMs: number;
  readonly heartbeatMs: number;
  /** Where each partition starts that the group has no offset for, by `topic:partition`; asked of the leader alone. */
  readonly startsOf: (counts: ReadonlyMap<string, number>) => Promise<Readonly<Record<string, number>>>;
}

/** How Kafka's own consumers name the way in which partitions are given. */
const ROUND_ROBIN = 'roundrobin';
/** As often as that a join is begun anew when the group changes under it. */
const MOST_JOINS = 50;

/**
 * A member of a consumer group (the classic protocol, which brokers of every age know). The library's own consumer
 * joins anew as soon as a rebalance begins; this one joins when it is told to, so that what is under way is finished
 * and kept before its partitions move.
 */
export class Membership {
  readonly #cluster: Cluster;
  readonly #options: MembershipOptions;
  readonly coordinator: GroupCoordinator;
  readonly #onStale: () => void;
  #memberId = '';
  #generation = -1;
  #timer: NodeJS.Timeout | undefined;
  #heardAt = 0;
  #isStale = true;
  #watched: ReadonlyMap<string, Topic | undefined> = new Map();

  /** `onStale` is called when the partitions have to be given back: join again, then. */
  constructor(cluster: Cluster, options: MembershipOptions, onStale: () => void) {
    this.#cluster = cluster;
    this.#options = options;
    this.#onStale = onStale;
    this.coordinator = new GroupCoordinator(cluster, options.group);
  }

  /** Whether the partitions have to be given back. */
  get isStale(): boolean {
    return this.#isStale;
  }

  /** Where this member leads the group: the topics as they were when it gave out their partitions. Else none. */
  get watched(): ReadonlyMap<string, Topic | undefined> {
    return this.#watched;
  }

  /** Who commits: a member in its generation. */
  get identity(): { readonly memberId: string; readonly generation: number } {
    return { memberId: this.#memberId, generation: this.#generation };
  }

  /** Joins the group, or joins it again, and returns what it is given. What it had before belongs to others then. */
  async join(): Promise<Assignment> {
    clearTimeout(this.#timer);
    for (let attempt = 0; attempt < MOST_JOINS; attempt++) {
      const assignment = await this.#tryJoin();
      if (assignment === undefined) continue;
      this.#isStale = false;
      this.#heardAt = Date.now();
      this.#beatLater();
      return assignment;
    }
    throw new TransientError(
      'KAFKA_GROUP',
      `Group ${this.#options.group} changed ${MOST_JOINS} times while it was joined.`,
    );
  }

  /** One try; undefined where the group changed meanwhile. */
  async #tryJoin(): Promise<Assignment | undefined> {
    const { group, topics, sessionTimeoutMs, rebalanceTimeoutMs } = this.#options;
    const protocols = [{ name: ROUND_ROBIN, metadata: encodeSubscription(topics) }];
    try {
      const joined = await this.coordinator.call<joinGroupV9.JoinGroupRequest, joinGroupV9.JoinGroupResponse>(
        'JoinGroup',
        [group, sessionTimeoutMs, rebalanceTimeoutMs, this.#memberId, null, 'consumer', protocols, ''],
      );
      this.#memberId = joined.memberId ?? '';
      this.#generation = joined.generationId;
      this.#watched = new Map();
      const assignments = joined.leader === this.#memberId ? await this.#assignments(joined.members) : [];
      const synced = await this.coordinator.call<syncGroupV5.SyncGroupRequest, syncGroupV5.SyncGroupResponse>(
        'SyncGroup',
        [group, this.#generation, this.#memberId, null, 'consumer', joined.protocolName, assignments],
      );
      return decodeAssignment(synced.assignment);
    } catch (error) {
      if (!this.#mayJoinAgain(error)) throw error;
      return undefined;
    }
  }

  /** The coordinator gives a new member its id by an error, and forgets those it knows no more. */
  #mayJoinAgain(error: unknown): boolean {
    const names = protocolErrors(error);
    if (names.has('MEMBER_ID_REQUIRED')) {
      this.#memberId = (error as { response?: joinGroupV9.JoinGroupResponse }).response?.memberId ?? '';
      return true;
    }
    if (names.has('UNKNOWN_MEMBER_ID')) this.#memberId = '';
    return ['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'REBALANCE_IN_PROGRESS'].some((name) =>
      names.has(name),
    );
  }

  /** What the leader gives each. */
  async #assignments(
    members: readonly joinGroupV9.JoinGroupResponseMember[],
  ): Promise<syncGroupV5.SyncGroupRequestAssignment[]> {
    const readers: Member[] = members.map(({ memberId, metadata }) => ({
      memberId,
      topics: metadata === null ? [] : decodeSubscription(metadata),
    }));
    const names = new Set(readers.flatMap((reader) => reader.topics));
    const { topics } = await this.#cluster.state([...names]);
    this.#watched = new Map([...names].map((name) => [name, topics.get(name)]));
    const counts = new Map([...topics.values()].map(({ name, leaders }) => [name, leaders.length]));
    const starts = await this.#options.startsOf(counts);
    return [...assign(readers, counts)].map(([memberId, partitions]) => {
      const own = partitions.map(({ topic, partition }) => `${topic}:${partition}`);
      const ownStarts = Object.fromEntries(Object.entries(starts).filter(([key]) => own.includes(key)));
      return { memberId, assignment: encodeAssignment({ partitions, starts: ownStarts }) };
    });
  }

  /** The partitions are no longer as they were given: others are asked to join again as well. */
  markStale(): void {
    if (this.#isStale) return;
    this.#isStale = true;
    this.#onStale();
  }

  #beatLater(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#beat(), this.#options.heartbeatMs);
  }

  /** Says that this member lives, also while it finishes before a rebalance. */
  async #beat(): Promise<void> {
    const generation = this.#generation;
    try {
      await this.coordinator.call<heartbeatV4.HeartbeatRequest, heartbeatV4.HeartbeatResponse>('Heartbeat', [
        this.#options.group,
        generation,
        this.#memberId,
        null,
      ]);
      this.#heardAt = Date.now();
    } catch (error) {
      // It has joined again meanwhile: the answer is about what it was before.
      if (generation !== this.#generation) return;
      const names = protocolErrors(error);
      if (isAnswer(error) && LOST.some((name) => names.has(name))) {
        if (names.has('UNKNOWN_MEMBER_ID')) this.#memberId = '';
        this.markStale();
        return;
      }
      if (names.has('REBALANCE_IN_PROGRESS') || Date.now() - this.#heardAt > this.#options.sessionTimeoutMs)
        this.markStale();
    }
    if (this.#timer !== undefined) this.#beatLater();
  }

  /** Leaves the group, so that others have the partitions at once. Never throws: else they have them later. */
  async leave(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isStale = true;
    if (this.#memberId === '') return;
    const members = [{ memberId: this.#memberId, groupInstanceId: null, reason: null }];
    await this.coordinator
      .once<leaveGroupV5.LeaveGroupRequest, leaveGroupV5.LeaveGroupResponse>('LeaveGroup', [
        this.#options.group,
        members,
      ])
      .catch(() => undefined);
    this.#memberId = '';
  }
}

const LOST = ['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID'];
