import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { Reason } from './row-checks.ts';

/** A record that failed: its fields as far as they could be parsed, and every reason. */
export interface Reject {
  readonly fields: readonly string[];
  readonly reasons: readonly Reason[];
  /** Absent where the record has no five values to hash. */
  readonly rowHash?: string;
}

/** Writes rejects to a file, one JSON document a line. */
export interface Rejects {
  add(reject: Reject): void;
  /** Rejects added so far. */
  count(): number;
  close(): Promise<void>;
}

/** Starts the file anew. Nothing waits for the disk before `close`: rejects are few. */
export function createRejects(path: string): Rejects {
  const stream = createWriteStream(path);
  let count = 0;
  return {
    add: (reject) => {
      count++;
      stream.write(`${JSON.stringify(reject)}\n`);
    },
    count: () => count,
    close: async () => {
      stream.end();
      await once(stream, 'close');
    },
  };
}
