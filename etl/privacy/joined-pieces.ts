import { Buffer } from 'node:buffer';
import type { BrokenRecord } from '../csv/broken-record.ts';
import type { Piece } from '../csv/piece.ts';

/** What protecting needs of a piece. */
export type PieceToProtect = Pick<Piece, 'bytes' | 'rows' | 'broken'>;

/**
 * Consecutive pieces put together, each of at least so many bytes but the last: what is asked for each piece is asked less
 * often. They lie in memory that threads have in common, and each is good until the one after the next is asked for.
 */
export async function* joinedPieces(
  pieces: AsyncIterable<PieceToProtect>,
  atLeastBytes: number,
): AsyncGenerator<PieceToProtect> {
  let [joining, other] = [new Joining(atLeastBytes), new Joining(atLeastBytes)];
  for await (const piece of pieces) {
    // The piece is good until the next is asked for.
    joining.add(piece);
    if (joining.length < atLeastBytes) continue;
    yield joining.joined();
    [joining, other] = [other, joining];
    joining.begin();
  }
  if (joining.length > 0) yield joining.joined();
}

/** Pieces that are put together, each copied once, in memory that is used again. */
class Joining {
  #bytes: Buffer = Buffer.alloc(0);
  readonly #usualBytes: number;
  #broken: BrokenRecord[] = [];
  #rows = 0;
  length = 0;

  constructor(atLeastBytes: number) {
    this.#usualBytes = atLeastBytes + Math.floor(atLeastBytes / 8);
  }

  /** Begins anew, with nothing. */
  begin(): void {
    this.#broken = [];
    this.#rows = 0;
    this.length = 0;
  }

  add({ bytes, rows, broken }: PieceToProtect): void {
    const end = this.length + bytes.length;
    if (end > this.#bytes.length) {
      // Memory that isn't written costs little, and to grow costs a copy.
      const room = Math.max(end, 2 * this.#bytes.length, this.#usualBytes);
      const larger = Buffer.from(new SharedArrayBuffer(room));
      this.#bytes.copy(larger, 0, 0, this.length);
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.length);
    this.length = end;
    this.#rows += rows;
    for (const one of broken) this.#broken.push(one);
  }

  joined(): PieceToProtect {
    return { bytes: this.#bytes.subarray(0, this.length), rows: this.#rows, broken: this.#broken };
  }
}
