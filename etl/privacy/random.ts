import { Buffer } from 'node:buffer';
import { randomFillSync } from 'node:crypto';

/** The system is asked for so much at once: asking for each key costs ten times as much. */
const POOL_BYTES = 64 * 1024;

let pool = Buffer.alloc(0);
let used = 0;

/** Random bytes from the system, as a copy of their own; what was handed out is wiped here. */
export function randomPiece(bytes: number): Buffer {
  if (used + bytes > pool.length) {
    pool = randomFillSync(Buffer.alloc(POOL_BYTES));
    used = 0;
  }
  const piece = Buffer.from(pool.subarray(used, used + bytes));
  pool.fill(0, used, used + bytes);
  used += bytes;
  return piece;
}
