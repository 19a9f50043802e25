import { Buffer } from 'node:buffer';
import type { Piece } from '../csv/piece.ts';

/** What protecting needs of a piece. */
export type PieceToProtect = Pick<Piece, 'bytes' | 'rows' | 'broken'>;

/**
 * Consecutive pieces put together, each of at least so many bytes but the last: what is asked for each piece is asked less
 * often.
 */
export async function* joinedPieces(
  pieces: AsyncIterable<PieceToProtect>,
  atLeastBytes: number,
): AsyncGenerator<PieceToProtect> {
  let parts: PieceToProtect[] = [];
  let bytes = 0;
  for await (const { rows, broken, ...piece } of pieces) {
    // The piece is good until the next is asked for.
    parts.push({ bytes: Buffer.from(piece.bytes), rows, broken });
    bytes += piece.bytes.length;
    if (bytes < atLeastBytes) continue;
    yield joined(parts);
    [parts, bytes] = [[], 0];
  }
  if (parts.length > 0) yield joined(parts);
}

const joined = (parts: readonly PieceToProtect[]): PieceToProtect => ({
  bytes: Buffer.concat(parts.map((part) => part.bytes)),
  rows: parts.reduce((sum, part) => sum + part.rows, 0),
  broken: parts.flatMap((part) => part.broken),
});
