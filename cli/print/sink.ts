import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { finished } from 'node:stream/promises';
import { guarded } from '../../adapters/local/file-errors.ts';
import type { Io } from '../io.ts';

/** Where an answer goes, line by line. */
export interface Sink {
  line(text: string): void;
  drained(): Promise<void>;
}

/** Prints to stdout. */
export function terminalSink(io: Io): Sink {
  return { line: io.out, drained: io.drained };
}

/** Gives `write` a temporary path beside `file`, and the file its name when all is written. */
export async function writeWhole(file: string, write: (temp: string) => Promise<void>): Promise<void> {
  const temp = `${file}.${process.pid}.part`;
  await guarded(`writing ${file}`, async () => {
    await mkdir(path.dirname(file), { recursive: true });
    try {
      await write(temp);
      await rename(temp, file);
    } finally {
      await rm(temp, { force: true });
    }
  });
}

/** Writes lines to a file; it has its name only once they are all there. */
export async function toFile(file: string, print: (sink: Sink) => Promise<void>): Promise<void> {
  await writeWhole(file, async (temp) => {
    const stream = createWriteStream(temp);
    const done = finished(stream);
    // Awaited below; until then a failure must not count as unhandled.
    done.catch(() => undefined);
    await print({
      line: (text) => void stream.write(`${text}\n`),
      drained: async () => {
        if (!stream.writableNeedDrain) return;
        await Promise.race([new Promise<void>((resolve) => stream.once('drain', () => resolve())), done]);
      },
    });
    stream.end();
    await done;
  });
}
