import { randomUUID } from 'node:crypto';
import { KafkaSource, type KafkaSourceOptions } from '../../../adapters/kafka/kafka-source.ts';
import type { SourceNotice } from '../../../adapters/kafka/source-notice.ts';
import { TransientError } from '../../../etl/errors.ts';
import type { ObservedEvent, Partition } from '../../../stream/event.ts';
import type { EventBatch } from '../../../stream/ports.ts';

/** A source for tests, which tells quickly when a member died, and what it told. */
export function testSource(
  bootstrap: string,
  topics: readonly string[],
  options: Partial<KafkaSourceOptions> = {},
): { source: KafkaSource; notices: SourceNotice[] } {
  const notices: SourceNotice[] = [];
  const source = new KafkaSource({
    settings: { bootstrap: [bootstrap], clientId: 'assay-test' },
    group: `group-${randomUUID()}`,
    topics,
    isFromStart: true,
    sessionTimeoutMs: 6_000,
    rebalanceTimeoutMs: 10_000,
    heartbeatMs: 300,
    onNotice: (notice) => notices.push(notice),
    ...options,
  });
  return { source, notices };
}

/** An event with where it lies. */
export interface Taken extends ObservedEvent {
  readonly partition: Partition;
}

/** How a source is read to some end. */
export interface Reading {
  /** Whether it is enough. */
  readonly isEnough: (taken: readonly Taken[]) => boolean;
  readonly isCommitting?: boolean;
  readonly onRevoked?: (partitions: readonly Partition[]) => Promise<void>;
  readonly onBatch?: (batch: EventBatch) => Promise<void>;
}

/** Takes events until it is enough, then stops the source. */
export async function takeFrom(
  source: KafkaSource,
  {
    isEnough,
    isCommitting = true,
    onRevoked = async () => undefined,
    onBatch = async () => undefined,
  }: Reading,
): Promise<Taken[]> {
  const taken: Taken[] = [];
  for await (const batch of source.batches(onRevoked)) {
    taken.push(...batch.events.map((event) => ({ ...event, partition: batch.partition })));
    await onBatch(batch);
    if (isCommitting) await commitAgain(source, batch);
    if (isEnough(taken)) await source.stop();
  }
  return taken;
}

/** Keeps a batch's end, as the enforcer does: again while the broker is away. */
async function commitAgain(source: KafkaSource, batch: EventBatch): Promise<void> {
  for (;;) {
    try {
      await source.commit([batch]);
      return;
    } catch (error) {
      if (!(error instanceof TransientError)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
