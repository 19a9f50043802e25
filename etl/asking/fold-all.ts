import type { Engine } from '../engine/engine.ts';
import type { EventContract } from '../eventstore/event-order.ts';
import { foldBatches, orderEvents } from '../projecting/fold-batches.ts';
import type { FoldedStream, FoldWorker } from '../projecting/fold-runner.ts';

/** Folds the events of all streams of a SELECT; a stream is given once, with all of its events. */
export async function* foldAll(
  engine: Engine,
  worker: FoldWorker,
  { contract, events }: { readonly contract: EventContract; readonly events: string },
): AsyncGenerator<readonly FoldedStream[]> {
  await orderEvents(engine, contract, events);
  for await (const { streams } of foldBatches({ engine, source: contract, worker, goesOn: false }))
    yield streams;
}
