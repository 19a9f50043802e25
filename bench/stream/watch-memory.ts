import type { EventBatch } from '../../stream/ports.ts';

/** Prints what memory a process has while batches pass. */
export interface MemoryWatch {
  each(batches: Iterable<EventBatch>): Iterable<EventBatch>;
  /** Prints the last figures. */
  end(): void;
}

/** A line at each twentieth of the events: resident memory, and the heap behind a collection where one can be had. */
export function watchMemory(events: number): MemoryWatch {
  let [passed, next] = [0, events / 20];
  const start = performance.now();
  const print = (): void => {
    globalThis.gc?.();
    const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
    const mb = [rss, heapUsed, arrayBuffers].map((bytes) => Math.round(bytes / 1e6));
    const seconds = Math.round((performance.now() - start) / 1000);
    console.log(`| ${passed.toLocaleString('en')} | ${mb.join(' | ')} | ${seconds} |`);
  };
  console.log('| events | resident MB | heap MB | buffers MB | s |\n| ---: | ---: | ---: | ---: | ---: |');
  return {
    *each(batches) {
      for (const batch of batches) {
        yield batch;
        passed += batch.events.length;
        if (passed < next) continue;
        next += events / 20;
        print();
      }
    },
    end: print,
  };
}
