import type { SourceContract } from '../../etl/contract/contract.ts';
import { ConfigError } from '../../etl/errors.ts';
import { partitionWord } from '../../etl/naming/streams.ts';
import type { Partition } from '../event.ts';
import type { Evidence } from '../evidence/evidence.ts';
import type { ReadyContracts } from '../gates/contract.ts';
import type { GateState } from '../gates/gate.ts';
import type { EventBatch, PartitionEnd } from '../ports.ts';
import {
  type Claim,
  type ClaimedFile,
  claimedStarts,
  findClaim,
  landedFile,
  lineDigests,
  makeClaim,
  noteLanded,
  runsOf,
} from './claim.ts';
import { gateReasonsOf, withFailed } from './failed-member.ts';
import { addLanded, type Landed, landedOf, NOTHING_LANDED } from './landed.ts';
import { digestOfLines, shortDigest } from './line-digests.ts';
import { offsetsBetween, offsetsReused } from './offset-errors.ts';
import { fileKeyOf, type LandingEffects, putFile } from './put-file.ts';

/** How much of a partition lands together. */
export interface LandingLimits {
  readonly maxEvents: number;
  readonly maxBytes: number;
  /** How long an event waits at most for others. */
  readonly maxAgeMs: number;
  /** How much waits at most of all partitions together. */
  readonly maxTotalBytes: number;
}

/** What landing is done with. */
export interface LanderParts {
  readonly effects: LandingEffects;
  readonly contracts: ReadyContracts;
  readonly limits: LandingLimits;
  /**
   * Set where an offset always holds the same event, so that other events in the place of landed ones are a mistake:
   * ConfigError `OFFSETS_REUSED`. A compacted topic may lack events that it had.
   */
  readonly isFixed?: true;
  /** Secret that keys digests of lines which may hold personal data. */
  readonly digestKey: () => string;
}

/** An event that waits to land: its line, and the dataset whose contract takes it. */
interface Waiting {
  readonly offset: number;
  readonly line: Uint8Array;
  readonly dataset: string | undefined;
  /** Why it failed at gates other than its contract. */
  readonly failed: readonly string[];
}

type LineAt = Pick<Waiting, 'offset' | 'line'>;

const lineAt = (state: GateState): LineAt => ({ offset: state.event.offset, line: state.line });

interface Queue {
  readonly partition: Partition;
  /** Where the next link of the chain begins. */
  start: number;
  /** Behind the last event that came. */
  end: number;
  waiting: Waiting[];
  bytes: number;
  sinceMs: number;
  /** Starts of links that are there, in order, where any may be. */
  readonly starts: readonly number[];
  /** The link before `start`, where that is landed and may reach further than what had come. */
  landed: Claim | undefined;
  /** Links that are there and were looked at, by where they begin; undefined where one isn't landed. */
  readonly ahead: Map<number, Claim | undefined>;
}

/**
 * Lands events in Bronze, each once. The events of a partition are cut into a chain of links; before a link is written, a
 * claim says which events it has and which files they go to, and whoever finds a claim there keeps to it. So whatever dies
 * in between, the same events make the same files.
 */
export class Lander {
  readonly #parts: LanderParts;
  readonly #queues = new Map<string, Queue>();
  /** Events that had landed before and were never queued, and that nobody was told of yet. */
  #passed = 0;

  constructor(parts: LanderParts) {
    this.#parts = parts;
  }

  /**
   * Those events of a batch that have not landed yet: what has landed has its evidence. ConfigError `OFFSETS_REUSED` where
   * others landed in their place, `OFFSETS_BETWEEN` where they were holes then.
   */
  async unlanded(batch: EventBatch, states: readonly GateState[]): Promise<readonly GateState[]> {
    const queue = await this.#queueOf(batch);
    const claims = await this.#landedUpTo(queue, batch.endOffset);
    const isLanded = ({ event: { offset } }: GateState): boolean =>
      claims.some(({ start, end }) => offset >= start && offset < end);
    for (const claim of claims) {
      const own = states.filter(({ event: { offset } }) => offset >= claim.start && offset < claim.end);
      this.#requireLanded(queue, claim, own.map(lineAt));
    }
    return states.filter((state) => !isLanded(state));
  }

  /** Links of a chain that landed before, from the one before a queue's start up to an offset. */
  async #landedUpTo(queue: Queue, end: number): Promise<readonly Claim[]> {
    const { objects } = this.#parts.effects;
    for (const start of queue.ahead.keys()) if (start < queue.start) queue.ahead.delete(start);
    for (const start of queue.starts) {
      if (start < queue.start || start >= end || queue.ahead.has(start)) continue;
      const claim = await findClaim(objects, queue.partition, start);
      queue.ahead.set(start, claim !== undefined && (await this.#isLanded(claim)) ? claim : undefined);
    }
    return [queue.landed, ...queue.ahead.values()].filter((claim) => claim !== undefined);
  }

  async #queueOf({ partition, startOffset }: EventBatch): Promise<Queue> {
    const word = partitionWord(partition);
    const queue = this.#queues.get(word) ?? (await this.#openQueue(partition, startOffset));
    this.#queues.set(word, queue);
    return queue;
  }

  /** Takes the events of a batch with the evidence that stands of them, durable. Takes all of them, or throws and takes none. */
  async add(batch: EventBatch, states: readonly GateState[], evidence: readonly Evidence[]): Promise<void> {
    const queue = await this.#queueOf(batch);
    const datasets = new Map<string | undefined, string | undefined>();
    for (const { dataset } of states)
      if (!datasets.has(dataset)) datasets.set(dataset, await this.#takenBy(dataset));
    if (queue.waiting.length === 0) queue.sinceMs = this.#parts.effects.clock.now().getTime();
    const landed = states.filter(({ event }) => event.offset < queue.start);
    if (queue.landed !== undefined) this.#requireLanded(queue, queue.landed, landed.map(lineAt));
    this.#passed += landed.length;
    for (const [n, state] of states.entries()) {
      if (n < landed.length) continue;
      const { offset } = state.event;
      const { line } = state;
      const stands = evidence[n];
      const failed = stands === undefined ? [] : gateReasonsOf(stands);
      queue.waiting.push({ offset, line, failed, dataset: datasets.get(state.dataset) });
      queue.bytes += line.length;
    }
    queue.end = Math.max(queue.end, batch.endOffset);
  }

  /** Lands what is due: large enough, or waiting for long enough. */
  async landDue(): Promise<Landed> {
    const { limits, effects } = this.#parts;
    const nowMs = effects.clock.now().getTime();
    const queues = [...this.#queues.values()];
    const isFull = queues.reduce((sum, { bytes }) => sum + bytes, 0) >= limits.maxTotalBytes;
    return await this.#land(
      queues.filter(
        ({ waiting, bytes, sinceMs }) =>
          isFull ||
          waiting.length >= limits.maxEvents ||
          bytes >= limits.maxBytes ||
          nowMs - sinceMs >= limits.maxAgeMs,
      ),
    );
  }

  /** Lands everything that waits: of some partitions where they are named. */
  async landAll(partitions?: readonly Partition[]): Promise<Landed> {
    const words = partitions?.map(partitionWord) ?? [...this.#queues.keys()];
    return await this.#land(words.flatMap((word) => this.#queues.get(word) ?? []));
  }

  /** Forgets partitions that others get. */
  forget(partitions: readonly Partition[]): void {
    for (const partition of partitions) this.#queues.delete(partitionWord(partition));
  }

  /** The dataset where its contract takes events. Throws where the events may be personal and nothing says so any more. */
  async #takenBy(dataset: string | undefined): Promise<string | undefined> {
    if (dataset === undefined) return undefined;
    const ready = await this.#parts.contracts.of(dataset);
    if (ready.kind === 'ready') return dataset;
    const { vault } = this.#parts.effects;
    const columns = await vault?.columns().catch((error: unknown) => {
      if (error instanceof ConfigError) return undefined;
      throw error;
    });
    if (columns !== undefined && [...columns.values()].some((column) => column.dataset === dataset))
      throw new ConfigError(
        'PROTECTED_WITHOUT_CONTRACT',
        `Events of ${dataset} can't land: it is protected, and its contract can't be used (${ready.reason}). Nothing of them is stored or committed; mend the contract (assay contracts check), then start again.`,
        { context: { dataset } },
      );
    return undefined;
  }

  async #land(queues: readonly Queue[]): Promise<Landed> {
    const ends = new Map<string, PartitionEnd>();
    let landed = NOTHING_LANDED;
    for (const queue of queues) {
      while (queue.end > queue.start) {
        const link = await this.#landLink(queue);
        if (link === undefined) break;
        ends.set(partitionWord(queue.partition), { partition: queue.partition, endOffset: queue.start });
        landed = addLanded(landed, link);
      }
    }
    const repeated = landed.repeated + this.#passed;
    this.#passed = 0;
    return { ...landed, repeated, ends: [...ends.values()] };
  }

  /** Lands the next link of a chain; undefined where it reaches further than what has come, and is not landed yet. */
  async #landLink(queue: Queue): Promise<Landed | undefined> {
    const { objects } = this.#parts.effects;
    const own = await this.#claimOf(queue);
    const { claim, isMine } = await makeClaim(objects, queue.partition, own);
    const isLanded = !isMine && (await this.#isLanded(claim));
    const isWhole = claim.end <= queue.end;
    if (!isWhole && !isLanded) return undefined;
    const events = queue.waiting.filter(({ offset }) => offset < claim.end);
    if (isLanded && claim.lines !== undefined) this.#requireLanded(queue, claim, events);
    else if (!isMine && isWhole && this.#digest(events) !== claim.digest) this.#refuse(queue, claim);
    if (!isLanded) await this.#write(queue, claim, events);
    queue.waiting = queue.waiting.slice(events.length);
    queue.bytes = queue.waiting.reduce((sum, { line }) => sum + line.length, 0);
    queue.start = claim.end;
    queue.end = Math.max(queue.end, claim.end);
    queue.landed = claim;
    return landedOf(claim, events.length, isLanded);
  }

  /**
   * The chain of a partition from an offset on. A topic is consumed from an end of its chain, unless somebody set the
   * position, and events out of files begin anywhere: then it goes on behind the link that they begin in.
   */
  async #openQueue(partition: Partition, startOffset: number): Promise<Queue> {
    const { effects, limits } = this.#parts;
    const { objects } = effects;
    // No link reaches further: so many events, and holes between them.
    const reach = 2 * limits.maxEvents + MOST_HOLES;
    const starts = await claimedStarts(objects, partition, startOffset - reach);
    const before = starts.filter((start) => start < startOffset).at(-1);
    const claim = before === undefined ? undefined : await findClaim(objects, partition, before);
    if (claim === undefined || claim.end <= startOffset) return newQueue(partition, startOffset, starts);
    if (await this.#isLanded(claim)) return { ...newQueue(partition, claim.end, starts), landed: claim };
    throw new ConfigError(
      'LINK_UNFINISHED',
      `Offsets ${claim.start} to ${claim.end - 1} of ${partition.topic}, partition ${partition.partition}, were being landed when a process died: have the events from ${claim.start} on enforced first.`,
      { context: { topic: partition.topic, partition: partition.partition, offset: claim.start } },
    );
  }

  /** The claim that this process makes of all that waits, up to the next link that is there. */
  async #claimOf({ partition, start, starts, ...queue }: Queue): Promise<Claim> {
    const { effects } = this.#parts;
    const end = Math.min(queue.end, starts.find((one) => one > start) ?? queue.end);
    const waiting = queue.waiting.filter(({ offset }) => offset < end);
    const date = effects.clock.now().toISOString().slice(0, 10);
    const files: ClaimedFile[] = [];
    for (const dataset of new Set(waiting.map((one) => one.dataset))) {
      const contract = dataset === undefined ? undefined : await this.#contractOf(dataset);
      const offsets = waiting.filter((one) => one.dataset === dataset).map(({ offset }) => offset);
      const key = await fileKeyOf({ place: partition, offset: start, date, contract }, effects);
      files.push({ ...(dataset === undefined ? {} : { dataset }), key, runs: runsOf(offsets) });
    }
    const lines =
      this.#parts.isFixed === true
        ? { lines: waiting.map(({ line }) => shortDigest(line, this.#parts.digestKey())) }
        : {};
    return { format: 1, start, end, files, digest: this.#digest(waiting), ...lines };
  }

  #digest(events: readonly LineAt[]): string {
    return digestOfLines(
      events.map(({ line }) => line),
      this.#parts.digestKey(),
    );
  }

  /** Events in a link that landed must be those that landed; some of them may be lacking. */
  #requireLanded(queue: Queue, claim: Claim, events: readonly LineAt[]): void {
    if (this.#parts.isFixed !== true || events.length === 0) return;
    const digests = lineDigests(claim);
    const isOther = (event: LineAt): boolean =>
      digests?.get(event.offset) !== shortDigest(event.line, this.#parts.digestKey());
    const other = digests === undefined ? undefined : events.find(isOther);
    if (other === undefined) return;
    if (digests?.has(other.offset) !== true) throw offsetsBetween(queue.partition, claim, other.offset);
    this.#refuse(queue, claim);
  }

  #refuse({ partition }: Queue, claim: Claim): void {
    if (this.#parts.isFixed === true) throw offsetsReused(partition, claim);
  }

  async #isLanded({ files }: Claim): Promise<boolean> {
    for (const { key } of files)
      if ((await landedFile(this.#parts.effects.objects, key)) === undefined) return false;
    return true;
  }

  async #write({ partition }: Queue, claim: Claim, events: readonly Waiting[]): Promise<void> {
    const { effects } = this.#parts;
    const byOffset = new Map(events.map((event) => [event.offset, event]));
    for (const file of claim.files) {
      // Some of what was claimed may be gone: a topic can be compacted.
      const own = file.runs.flatMap(({ start, end }) =>
        Array.from({ length: end - start }, (_, n) => byOffset.get(start + n) ?? []).flat(),
      );
      const lines = own.map(({ line, failed }) => withFailed(line, failed));
      const contract = file.dataset === undefined ? undefined : await this.#contractOf(file.dataset);
      await putFile(file, { place: partition, lines, contract }, effects);
      await noteLanded(effects.objects, partition, {
        ...file,
        runs: runsOf(own.map(({ offset }) => offset)),
      });
    }
  }

  async #contractOf(dataset: string): Promise<SourceContract> {
    const ready = await this.#parts.contracts.of(dataset);
    if (ready.kind === 'ready') return ready.contract;
    throw new ConfigError(
      'CONTRACT_GONE',
      `Events of ${dataset} wait to land, and its contract can't be used any more (${ready.reason}). Nothing of them is committed; mend the contract (assay contracts check), then start again.`,
      { context: { dataset } },
    );
  }
}

/** Offsets that aborted and compacted records may take in a link. */
const MOST_HOLES = 100_000;

const newQueue = (partition: Partition, start: number, starts: readonly number[]): Queue => ({
  partition,
  starts,
  start,
  end: start,
  waiting: [],
  bytes: 0,
  sinceMs: 0,
  landed: undefined,
  ahead: new Map(),
});
