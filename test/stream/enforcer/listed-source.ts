import { partitionWord } from '../../../etl/naming/streams.ts';
import type { ObservedEvent, Partition } from '../../../stream/event.ts';
import type { EventBatch, EventSource, PartitionEnd } from '../../../stream/ports.ts';

/** A topic's partition with events; offsets that are missing are holes. */
export interface Listed {
  readonly partition: Partition;
  readonly events: readonly ObservedEvent[];
}

/** Committed offsets, which outlive whoever consumes. */
export type Commits = Map<string, number>;

/**
 * Events of a list, given out as a consumer group gives them: from what was committed on, in batches, one partition after
 * the other.
 */
export function listedSource(
  topics: readonly Listed[],
  commits: Commits,
  {
    batch,
    onCommit,
  }: { readonly batch: number; readonly onCommit?: (ends: readonly PartitionEnd[]) => void },
): EventSource {
  let isStopped = false;
  return {
    async *batches() {
      const left = topics.map(({ partition, events }) => {
        const start = commits.get(partitionWord(partition)) ?? 0;
        return { partition, start, events: events.filter(({ offset }) => offset >= start) };
      });
      while (left.some(({ events }) => events.length > 0)) {
        for (const one of left) {
          if (isStopped) return;
          if (one.events.length === 0) continue;
          const events = one.events.slice(0, batch);
          one.events = one.events.slice(batch);
          const endOffset = (events.at(-1)?.offset ?? 0) + 1;
          yield { partition: one.partition, events, startOffset: one.start, endOffset } satisfies EventBatch;
          one.start = endOffset;
        }
      }
    },
    async commit(ends) {
      onCommit?.(ends);
      for (const { partition, endOffset } of ends) commits.set(partitionWord(partition), endOffset);
    },
    async stop() {
      isStopped = true;
    },
  };
}
