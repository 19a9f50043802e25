import type { ObservedEvent } from '../../stream/event.ts';
import { isAbort, readBatches, recordsOf } from './record-batch.ts';

/** A transaction that was aborted, by its producer and the offset of its first record. */
export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: number;
}

/** What was fetched of a partition, and from which offset. */
export interface FetchedRecords {
  readonly fromOffset: number;
  /** Record batches as they lie in the log. */
  readonly bytes: Buffer;
  /** Those that reach into what was fetched; their ends may lie behind it. */
  readonly aborted: readonly AbortedTransaction[];
  /** How many bytes a batch may unpack to. */
  readonly maxBatchBytes: number;
}

/** Events that are committed, and where to go on. */
export interface CommittedEvents {
  readonly events: readonly ObservedEvent[];
  readonly endOffset: number;
}

/**
 * What a read-committed consumer is given: no control records and none of aborted transactions, by the rule of Kafka's
 * own consumer. A transaction counts as aborted from its first record to its marker, wherever that is: the library's
 * filter hands out records whose marker was not in the same answer, and those of all but the last aborted transaction.
 */
export function committedEvents({
  fromOffset,
  bytes,
  aborted,
  maxBatchBytes,
}: FetchedRecords): CommittedEvents {
  const waiting = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset);
  const aborting = new Set<bigint>();
  const events: ObservedEvent[] = [];
  let endOffset = fromOffset;
  for (const batch of readBatches(bytes)) {
    while (waiting[0] !== undefined && waiting[0].firstOffset < batch.endOffset)
      aborting.add((waiting.shift() as AbortedTransaction).producerId);
    if (batch.isControl) {
      if (isAbort(batch)) aborting.delete(batch.producerId);
    } else if (!(batch.isTransactional && aborting.has(batch.producerId)))
      for (const record of recordsOf(batch, maxBatchBytes))
        if (record.offset >= fromOffset) events.push(record);
    endOffset = Math.max(endOffset, batch.endOffset);
  }
  return { events, endOffset };
}
