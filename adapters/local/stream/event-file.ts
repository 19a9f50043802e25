import { createHash } from 'node:crypto';
import { DataError } from '../../../etl/errors.ts';
import { partitionWord, requireStreamId } from '../../../etl/naming/streams.ts';
import type { ObservedEvent, Partition } from '../../../stream/event.ts';
import { isLandedForm, readLanded } from '../../../stream/landing/read-landed.ts';
import type { EventBatch, EventSource } from '../../../stream/ports.ts';
import { type FileLine, fileLines } from './file-lines.ts';

/** A file of events, and what its lines don't say of themselves. */
export interface EventFile {
  /** Absolute path. */
  readonly file: string;
  /** Stands for its bytes; names the topic's life where each line is an event's payload. */
  readonly fileId: string;
  readonly cluster: string;
  readonly topic: string;
  readonly partition: number;
  /** When the file came first. */
  readonly arrivedMs: number;
  /** Events of a batch. */
  readonly maxEvents: number;
  /** Is told how many bytes of lines were read so far. */
  readonly onRead?: (bytes: number) => void;
}

/** Bytes of a batch, about. */
const BATCH_BYTES = 4 * 1024 * 1024;

/** So many bytes and events of all partitions wait for others of theirs. */
const [HELD_BYTES, HELD_EVENTS] = [4 * BATCH_BYTES, 20_000];

/**
 * Events out of a file: each line the payload of one, its offset the number of its line from 0 on; or, where the first
 * line is in the form in which events land, what each line says of itself. Those of a partition come in batches, though in
 * the file partitions take turns. The file has an end, so nothing is committed: the same events again are known by where
 * they stand.
 */
export function eventFile(from: EventFile): EventSource {
  requireStreamId(from.cluster, 'the name of a cluster');
  let isStopped = false;
  return {
    async *batches() {
      const open = new OpenBatches(from.maxEvents);
      const ends = new Map<string, number>();
      let failure: { readonly error: unknown } | undefined;
      try {
        for await (const { partition, event } of eventsOf(from)) {
          if (isStopped) break;
          const full = open.add(partition, event);
          if (full !== undefined) yield batchOf(full, ends);
        }
      } catch (error) {
        failure = { error };
      }
      // What stands before a line that is none is given out first.
      for (const batch of open.rest()) yield batchOf(batch, ends);
      if (failure !== undefined) throw failure.error;
    },
    commit: async () => undefined,
    async stop() {
      isStopped = true;
    },
  };
}

interface OpenBatch {
  readonly word: string;
  readonly partition: Partition;
  readonly events: ObservedEvent[];
  bytes: number;
}

/** Batches of several partitions, until each has enough. */
class OpenBatches {
  readonly #maxEvents: number;
  readonly #byPartition = new Map<string, OpenBatch>();
  #events = 0;
  #bytes = 0;

  constructor(maxEvents: number) {
    this.#maxEvents = maxEvents;
  }

  /** Adds an event, and returns a batch that is to be given out: its own where that is full, the largest where too much waits. */
  add(partition: Partition, event: ObservedEvent): OpenBatch | undefined {
    const word = partitionWord(partition);
    const batch = this.#byPartition.get(word) ?? { word, partition, events: [], bytes: 0 };
    this.#byPartition.set(word, batch);
    const bytes = event.value?.length ?? 0;
    batch.events.push(event);
    batch.bytes += bytes;
    this.#events += 1;
    this.#bytes += bytes;
    if (batch.events.length >= this.#maxEvents || batch.bytes >= BATCH_BYTES) return this.#take(batch);
    if (this.#bytes < HELD_BYTES && this.#events < HELD_EVENTS) return undefined;
    const all = [...this.#byPartition.values()];
    return this.#take(all.reduce((most, one) => (one.bytes > most.bytes ? one : most)));
  }

  /** All that are left, those first that were begun first. */
  rest(): readonly OpenBatch[] {
    return [...this.#byPartition.values()];
  }

  #take(batch: OpenBatch): OpenBatch {
    this.#byPartition.delete(batch.word);
    this.#events -= batch.events.length;
    this.#bytes -= batch.bytes;
    return batch;
  }
}

const plainPartition = ({ cluster, topic, fileId, partition }: EventFile): Partition => ({
  cluster,
  topic,
  topicId: fileId,
  partition,
});

function batchOf({ word, partition, events }: OpenBatch, ends: Map<string, number>): EventBatch {
  const [first, last] = [events[0]?.offset ?? 0, events.at(-1)?.offset ?? 0];
  const startOffset = ends.get(word) ?? first;
  ends.set(word, last + 1);
  return { partition, events, startOffset, endOffset: last + 1 };
}

interface PlacedEvent {
  readonly partition: Partition;
  readonly event: ObservedEvent;
}

async function* eventsOf(from: EventFile): AsyncGenerator<PlacedEvent> {
  let isLanded: boolean | undefined;
  const last = new Map<string, number>();
  let read = 0;
  for await (const line of fileLines(from.file)) {
    read += line.bytes.length + 1;
    from.onRead?.(read);
    isLanded ??= isFirstLanded(line, from);
    if (!isLanded) {
      yield { partition: plainPartition(from), event: plainEvent(line, from) };
      continue;
    }
    const placed = placedEvent(line, from);
    const word = partitionWord(placed.partition);
    const { offset } = placed.event;
    if (offset <= (last.get(word) ?? -1))
      throw broken(
        line,
        from,
        `offset ${offset} does not come behind ${last.get(word)}, the one before it in its partition`,
      );
    last.set(word, offset);
    yield placed;
  }
}

/** Whether a file's first line has the form in which events land. One that had it and was damaged is refused: all others would be taken for payloads. */
function isFirstLanded(line: FileLine, from: EventFile): boolean {
  if (isLandedForm(line.bytes)) return true;
  const text = line.bytes.toString('utf8');
  const hasMembers = ['topic', 'partition', 'offset'].every((name) => text.includes(`"${name}":`));
  if (hasMembers && !isJson(text)) throw broken(line, from, 'it has the members of one, and is no JSON');
  return false;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const plainEvent = ({ number, bytes }: FileLine, { arrivedMs }: EventFile): ObservedEvent => ({
  offset: number - 1,
  timestampMs: arrivedMs,
  key: null,
  headers: [],
  value: bytes,
});

function placedEvent(line: FileLine, from: EventFile): PlacedEvent {
  const read = readLanded(line.bytes, from.arrivedMs);
  if ('problem' in read) throw broken(line, from, read.problem);
  const { topic, partition, event } = read;
  const cluster = requireStreamId(read.cluster ?? from.cluster, 'the name of a cluster');
  const topicId = requireStreamId(read.topicId ?? idOf(topic), 'the id of a topic');
  return { partition: { cluster, topic, topicId, partition }, event };
}

/** Stands for a topic's name, which may be longer than an id and have dots. */
const idOf = (topic: string): string => createHash('sha256').update(topic).digest('base64url').slice(0, 22);

const broken = ({ number }: FileLine, { file }: EventFile, why: string): DataError =>
  new DataError(
    'EVENT_LINE',
    `Line ${number} of ${file} is no event in the form of its first line: ${why}. What stands before it is done; mend it and start again.`,
    { context: { file, line: number } },
  );
