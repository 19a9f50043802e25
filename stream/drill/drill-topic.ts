import type { Dice } from '../../etl/drill/dice.ts';
import { partitionWord } from '../../etl/naming/streams.ts';
import type { ObservedEvent, Partition } from '../event.ts';
import type { EventBatch, EventSource, PartitionEnd } from '../ports.ts';
import { DRILL_TOPIC } from './drill-contract.ts';
import { type DrawnEvent, drawEvent } from './drill-events.ts';

/** A partition and its records; `next` is the offset of the record to come. */
interface DrillPartition {
  readonly partition: Partition;
  readonly events: DrawnEvent[];
  next: number;
}

/** Commits offsets for a process. */
type Committing = (ends: readonly PartitionEnd[], commit: () => void) => Promise<void>;

/** A topic in memory, with the offsets that its group has kept. */
export class DrillTopic {
  readonly #dice: Dice;
  readonly #partitions: readonly DrillPartition[];
  readonly #kept = new Map<string, number>();

  constructor(topicId: string, partitions: number, dice: Dice) {
    this.#dice = dice;
    this.#partitions = Array.from({ length: partitions }, (_, partition) => ({
      partition: { cluster: 'drill', topic: DRILL_TOPIC, topicId, partition },
      events: [],
      next: dice.int(0, 50),
    }));
    for (const { partition, next } of this.#partitions) this.#kept.set(partitionWord(partition), next);
  }

  /** Every committed record so far. */
  get events(): readonly (DrawnEvent & { readonly partition: number })[] {
    return this.#partitions.flatMap(({ partition, events }) =>
      events.map((one) => ({ ...one, partition: partition.partition })),
    );
  }

  /** Producers write some more; now and then an offset is one of an aborted transaction. */
  write(most: number): void {
    for (const one of this.#partitions)
      for (let left = this.#dice.int(0, most); left > 0; left--) {
        if (this.#dice.chance(0.1)) one.next++;
        one.events.push(drawEvent(this.#dice, { partition: one.partition.partition, offset: one.next++ }));
      }
  }

  /** How many events wait behind what the group has kept. */
  get waiting(): number {
    return this.#partitions.reduce((sum, one) => sum + this.#behind(one).length, 0);
  }

  #behind({ partition, events }: DrillPartition): readonly ObservedEvent[] {
    const kept = this.#kept.get(partitionWord(partition)) ?? 0;
    return events.map(({ event }) => event).filter(({ offset }) => offset >= kept);
  }

  /** The topic as a consumer reads it, up to its end now. Now and then a partition is taken away and given back. */
  source(committing: Committing, dice: Dice): EventSource {
    let isStopped = false;
    const kept = this.#kept;
    const partitions = this.#partitions;
    const behind = (one: DrillPartition) => this.#behind(one);
    return {
      async *batches(onRevoked) {
        const left = partitions.map((one) => queueOf(one.partition, kept, behind(one)));
        for (let taken = 0; left.some(({ events }) => events.length > 0); taken++) {
          const open = left.filter(({ events }) => events.length > 0);
          const at = dice.int(0, open.length - 1);
          const one = open[at];
          if (isStopped || one === undefined) return;
          yield batchOf(one, dice.int(1, 7));
          if (taken === 100 || !dice.chance(0.08)) continue;
          await onRevoked([one.partition]);
          const again = partitions.find(({ partition }) => partition === one.partition);
          if (again !== undefined) Object.assign(one, queueOf(one.partition, kept, behind(again)));
        }
      },
      commit: (ends) =>
        committing(ends, () => {
          for (const { partition, endOffset } of ends) kept.set(partitionWord(partition), endOffset);
        }),
      async stop() {
        isStopped = true;
      },
    };
  }
}

interface Queue {
  readonly partition: Partition;
  start: number;
  events: readonly ObservedEvent[];
}

const queueOf = (
  partition: Partition,
  kept: ReadonlyMap<string, number>,
  events: readonly ObservedEvent[],
): Queue => ({
  partition,
  start: kept.get(partitionWord(partition)) ?? 0,
  events,
});

function batchOf(queue: Queue, most: number): EventBatch {
  const events = queue.events.slice(0, most);
  const [startOffset, endOffset] = [queue.start, (events.at(-1)?.offset ?? 0) + 1];
  queue.events = queue.events.slice(most);
  queue.start = endOffset;
  return { partition: queue.partition, events, startOffset, endOffset };
}
