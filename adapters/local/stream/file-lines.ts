import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { DataError } from '../../../etl/errors.ts';
import { eventText } from './event-text.ts';

/** A line of a file, counted from 1, without its end. */
export interface FileLine {
  readonly number: number;
  readonly bytes: Buffer;
}

/** Brokers take messages of a megabyte unless told otherwise. */
const MOST_LINE_BYTES = 64 * 1024 * 1024;

/**
 * The lines of a file's `eventText` that have more than blanks; DataError `LINE_TOO_LONG` for one of more than 64 MiB.
 * `onPiece` is given all of the text.
 */
export async function* fileLines(
  file: string,
  onPiece?: (piece: Uint8Array) => void,
): AsyncGenerator<FileLine> {
  let number = 0;
  let held: Buffer[] = [];
  let heldBytes = 0;
  for await (const bytes of eventText(file)) {
    onPiece?.(bytes);
    const piece = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = 0;
    for (let end = piece.indexOf(LF); end >= 0; end = piece.indexOf(LF, at)) {
      number++;
      const line = withoutReturn(Buffer.concat([...held, piece.subarray(at, end)]));
      [held, heldBytes, at] = [[], 0, end + 1];
      if (!isBlank(line)) yield { number, bytes: line };
    }
    // A copy: the piece is used again.
    held.push(Buffer.from(piece.subarray(at)));
    heldBytes += piece.length - at;
    if (heldBytes > MOST_LINE_BYTES)
      throw new DataError(
        'LINE_TOO_LONG',
        `Line ${number + 1} of ${file} has more than 64 MiB: cut the file into lines.`,
        {
          context: { file, line: number + 1 },
        },
      );
  }
  const bytes = withoutReturn(Buffer.concat(held));
  if (!isBlank(bytes)) yield { number: number + 1, bytes };
}

const LF = 10;

const withoutReturn = (line: Buffer): Buffer => (line.at(-1) === 13 ? line.subarray(0, -1) : line);

const isBlank = (line: Buffer): boolean => line.every((byte) => byte === 32 || byte === 9 || byte === 13);

/** SHA-256 of a file's text, 64 lower-case hex digits. */
export async function digestOfText(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const _line of fileLines(file, (piece) => hash.update(piece)));
  return hash.digest('hex');
}
