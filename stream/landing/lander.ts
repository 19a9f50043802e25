import { createHash, createHmac } from 'node:crypto';
import type { SourceContract } from '../../etl/contract/contract.ts';
import { ConfigError } from '../../etl/errors.ts';
import { partitionWord } from '../../etl/naming/streams.ts';
import type { Partition } from '../event.ts';
import type { ReadyContracts } from '../gates/contract.ts';
import type { GateState } from '../gates/gate.ts';
import { lineOf } from '../gates/line-of.ts';
import type { EventBatch, PartitionEnd } from '../ports.ts';
import {
  type Claim,
  type ClaimedFile,
  claimedStarts,
  findClaim,
  landedFile,
  makeClaim,
  noteLanded,
  runsOf,
} from './claim.ts';
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

/** What became of the events that landed. */
export interface Landed {
  /** Up to where each partition is done: at an end of its chain. */
  readonly ends: readonly PartitionEnd[];
  /** Datasets that got files. */
  readonly datasets: ReadonlySet<string>;
  readonly files: number;
  readonly events: number;
  /** Events that had landed before. */
  readonly repeated: number;
  /** Events that no contract takes, whenever they landed, and the keys of the first of their files. */
  readonly apart: number;
  readonly apartKeys: readonly string[];
}

/** An event that waits to land: its line, and the dataset whose contract takes it. */
interface Waiting {
  readonly offset: number;
  readonly line: Uint8Array;
  readonly dataset: string | undefined;
}

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
}

/**
 * Lands events in Bronze, each once. The events of a partition are cut into a chain of links; before a link is written, a
 * claim says which events it has and which files they go to, and whoever finds a claim there keeps to it. So whatever dies
 * in between, the same events make the same files.
 */
export class Lander {
  readonly #parts: LanderParts;
  readonly #queues = new Map<string, Queue>();

  constructor(parts: LanderParts) {
    this.#parts = parts;
  }

  /** Takes the events of a batch, whose evidence is durable. Takes all of them, or throws and takes none. */
  async add({ partition, startOffset, endOffset }: EventBatch, states: readonly GateState[]): Promise<void> {
    const word = partitionWord(partition);
    const queue = this.#queues.get(word) ?? (await this.#openQueue(partition, startOffset));
    const datasets = new Map<string | undefined, string | undefined>();
    for (const { dataset } of states)
      if (!datasets.has(dataset)) datasets.set(dataset, await this.#takenBy(dataset));
    this.#queues.set(word, queue);
    if (queue.waiting.length === 0) queue.sinceMs = this.#parts.effects.clock.now().getTime();
    for (const state of states) {
      const { offset } = state.event;
      // It landed before, in a link that reaches further than what had come.
      if (offset < queue.start) continue;
      const line = lineOf(state);
      queue.waiting.push({ offset, line, dataset: datasets.get(state.dataset) });
      queue.bytes += line.length;
    }
    queue.end = Math.max(queue.end, endOffset);
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
    return { ...landed, ends: [...ends.values()] };
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
    if (!isMine && isWhole) await this.#requireSame(queue, claim, events);
    if (!isLanded) await this.#write(queue, claim, events);
    queue.waiting = queue.waiting.slice(events.length);
    queue.bytes = queue.waiting.reduce((sum, { line }) => sum + line.length, 0);
    queue.start = claim.end;
    queue.end = Math.max(queue.end, claim.end);
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
    if (await this.#isLanded(claim)) return newQueue(partition, claim.end, starts);
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
    return { format: 1, start, end, files, digest: this.#digest(waiting) };
  }

  /** Keyed: of an event with few possible values, a digest without a key says which it is. */
  #digest(events: readonly Waiting[]): string {
    const hash = createHmac('sha256', this.#parts.digestKey());
    for (const { line } of events) hash.update(createHash('sha256').update(line).digest());
    return hash.digest('hex');
  }

  async #requireSame({ partition }: Queue, claim: Claim, events: readonly Waiting[]): Promise<void> {
    if (this.#parts.isFixed !== true || this.#digest(events) === claim.digest) return;
    const { topic, partition: number } = partition;
    throw new ConfigError(
      'OFFSETS_REUSED',
      `Offsets ${claim.start} to ${claim.end - 1} of ${topic}, partition ${number}, landed before with other events: a topic that was made anew needs another topicId (or --cluster). Nothing was landed in their place.`,
      { context: { topic, partition: number, offset: claim.start } },
    );
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
      const lines = own.map(({ line }) => line);
      const contract = file.dataset === undefined ? undefined : await this.#contractOf(file.dataset);
      await putFile(file, { lines, contract }, effects);
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
});

/** Where nothing landed yet. */
export const NOTHING_LANDED: Landed = {
  ends: [],
  datasets: new Set(),
  files: 0,
  events: 0,
  repeated: 0,
  apart: 0,
  apartKeys: [],
};

function landedOf({ files }: Claim, events: number, isLanded: boolean): Landed {
  const apart = files.filter(({ dataset }) => dataset === undefined);
  return {
    ends: [],
    datasets: new Set(files.flatMap(({ dataset }) => (dataset === undefined ? [] : [dataset]))),
    files: isLanded ? 0 : files.length,
    events: isLanded ? 0 : events,
    repeated: isLanded ? events : 0,
    apart: apart.flatMap(({ runs }) => runs).reduce((sum, { start, end }) => sum + end - start, 0),
    apartKeys: apart.map(({ key }) => key),
  };
}

/** Two landings as one; the later ends hold. */
export const addLanded = (a: Landed, b: Landed): Landed => ({
  ends: b.ends,
  datasets: new Set([...a.datasets, ...b.datasets]),
  files: a.files + b.files,
  events: a.events + b.events,
  repeated: a.repeated + b.repeated,
  apart: a.apart + b.apart,
  apartKeys: [...a.apartKeys, ...b.apartKeys].slice(0, MOST_NAMED),
});

/** Files that lie apart are named for people, who need no more of them. */
const MOST_NAMED = 20;
