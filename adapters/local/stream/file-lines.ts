import { Buffer } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { DataError } from '../../../etl/errors.ts';
import { guarded, hasCode } from '../file-errors.ts';

/** A line of a file, counted from 1, without its end. */
export interface FileLine {
  readonly number: number;
  readonly bytes: Buffer;
}

/** Brokers take messages of a megabyte unless told otherwise. */
const MOST_LINE_BYTES = 64 * 1024 * 1024;

/** The lines of a file, also one with `.gz`, that have more than blanks; DataError `LINE_TOO_LONG` for one of more than 64 MiB. */
export async function* fileLines(file: string): AsyncGenerator<FileLine> {
  let number = 0;
  let held: Buffer[] = [];
  let heldBytes = 0;
  for await (const piece of piecesOf(file)) {
    let at = 0;
    for (let end = piece.indexOf(LF); end >= 0; end = piece.indexOf(LF, at)) {
      number++;
      const bytes = withoutReturn(Buffer.concat([...held, piece.subarray(at, end)]));
      [held, heldBytes, at] = [[], 0, end + 1];
      if (!isBlank(bytes)) yield { number, bytes };
    }
    // A copy: the stream may use the piece again.
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

async function* piecesOf(file: string): AsyncGenerator<Buffer> {
  const source = createReadStream(file);
  const unpacked = /\.gz$/i.test(file) ? source.pipe(createGunzip()) : source;
  if (unpacked !== source) source.on('error', (error) => unpacked.destroy(error));
  const iterator = unpacked.iterator({ destroyOnReturn: true });
  try {
    for (;;) {
      const { done, value } = await guarded(`reading ${file}`, () => nextOf(iterator, file));
      if (done === true) return;
      yield value;
    }
  } finally {
    source.destroy();
    unpacked.destroy();
  }
}

async function nextOf(iterator: AsyncIterator<Buffer>, file: string): Promise<IteratorResult<Buffer>> {
  try {
    return await iterator.next();
  } catch (error) {
    if (!hasCode(error, 'Z_DATA_ERROR', 'Z_BUF_ERROR')) throw error;
    throw new DataError('GZIP_DAMAGED', `${file} can't be unpacked: it is damaged or cut off.`, {
      context: { file },
      cause: error,
    });
  }
}

const LF = 10;

const withoutReturn = (line: Buffer): Buffer => (line.at(-1) === 13 ? line.subarray(0, -1) : line);

const isBlank = (line: Buffer): boolean => line.every((byte) => byte === 32 || byte === 9 || byte === 13);
