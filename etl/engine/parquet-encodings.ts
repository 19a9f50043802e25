import { DataError } from '../errors.ts';
import type { DataStore, Scratch } from '../ports.ts';
import type { DataFile } from '../table/schema.ts';
import { type Engine, textOf } from './engine.ts';
import { literal } from './sql.ts';

/** A Parquet file ends with its footer, the footer's length in four bytes, and this. */
const MAGIC = 'PAR1';
const TRAILER_BYTES = 8;

/** Read of a file's end at first: the footers of most files are smaller. */
const TAIL_BYTES = 64 * 1024;

/** Files looked at together. */
const BATCH = 64;

/** What looking takes. */
export interface FooterReader {
  readonly engine: Engine;
  readonly data: Pick<DataStore, 'stream'>;
  readonly scratch: Scratch;
}

/**
 * Those of the files that hold pages in an encoding of Parquet's version 2, which not every engine reads
 * (https://parquet.apache.org/docs/file-format/data-pages/encodings/). Only the footers are read. Throws DataError
 * `PARQUET_DAMAGED` where a file has none.
 */
export async function filesInVersion2(files: readonly DataFile[], reader: FooterReader): Promise<DataFile[]> {
  const found: DataFile[] = [];
  for (let first = 0; first < files.length; first += BATCH)
    found.push(...(await batchInVersion2(files.slice(first, first + BATCH), reader)));
  return found;
}

async function batchInVersion2(
  files: readonly DataFile[],
  { engine, data, scratch }: FooterReader,
): Promise<DataFile[]> {
  const paths = await Promise.all(
    files.map(async (file, n) => {
      const copy = await scratch.create(`footer-${n}.parquet`);
      await copy.write(await footerOf(file, data));
      await copy.close();
      return copy.path;
    }),
  );
  const rows = await engine.rows(
    `SELECT DISTINCT file_name FROM parquet_metadata([${paths.map(literal).join(', ')}])
     WHERE encodings LIKE '%DELTA%' OR encodings LIKE '%BYTE_STREAM_SPLIT%'`,
  );
  const hits = new Set(rows.map((row) => textOf(row, 'file_name')));
  await Promise.all(paths.map((path) => scratch.remove(path)));
  return files.filter((_, n) => hits.has(paths[n] ?? ''));
}

/** A file's footer as a Parquet file of its own, in which DuckDB finds what it says of the file. */
async function footerOf(file: DataFile, data: FooterReader['data']): Promise<Uint8Array> {
  const tail = await tailOf(file, TAIL_BYTES, data);
  if (tail.length < TRAILER_BYTES || tail.toString('latin1', tail.length - MAGIC.length) !== MAGIC)
    throw new DataError(
      'PARQUET_DAMAGED',
      `${file.key} doesn't end as a Parquet file does: 'assay audit' says what else is wrong.`,
      { context: { key: file.key } },
    );
  const needed = tail.readUInt32LE(tail.length - TRAILER_BYTES) + TRAILER_BYTES;
  const footer = needed <= tail.length ? tail.subarray(-needed) : await tailOf(file, needed, data);
  return Buffer.concat([Buffer.from(MAGIC), footer]);
}

async function tailOf(
  { key, sizeBytes }: DataFile,
  bytes: number,
  data: FooterReader['data'],
): Promise<Buffer> {
  const pieces: Buffer[] = [];
  // A piece is good only until the next is asked for.
  for await (const piece of data.stream(key, { start: Math.max(0, sizeBytes - bytes) }))
    pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}
