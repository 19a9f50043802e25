import { Buffer } from 'node:buffer';
import type { Effects } from '../ports.ts';

/** The lines of a protected file in Bronze, in pieces of whole lines put apart; a record with a line end in a cell is several. */
export async function* recordsIn({ data }: Pick<Effects, 'data'>, key: string): AsyncGenerator<string> {
  let held: Buffer = Buffer.alloc(0);
  for await (const piece of data.stream(key)) {
    const bytes = Buffer.concat([held, piece]);
    const end = bytes.lastIndexOf(10) + 1;
    yield* bytes
      .toString('utf8', 0, end)
      .split('\n')
      .filter((line) => line.trim() !== '');
    held = Buffer.from(bytes.subarray(end));
  }
  if (held.length > 0) yield held.toString('utf8');
}
