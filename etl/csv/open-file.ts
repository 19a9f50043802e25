import type { Encoding, SourceContract } from '../contract/contract.ts';
import type { DataStore, Scratch } from '../ports.ts';
import { readHeader, recordFormat } from './header.ts';
import { type Layout, matchHeader } from './layout.ts';
import type { PieceFormat, StartPosition } from './pieces.ts';
import { openText } from './text.ts';
import { ByteWindow } from './window.ts';

/** Consecutive records of a file: its bytes from `start` up to, not including, `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
  /** Where the first of them stands in the file. */
  readonly first: StartPosition;
  readonly records: number;
}

/** A source file to be read: its key in Bronze and its number in the run. */
export interface FileToRead {
  readonly index: number;
  readonly key: string;
  /** The records to be read; all of them where it is absent. */
  readonly span?: Span;
}

/** What opening needs beside the file. */
export interface OpenOptions {
  readonly contract: SourceContract;
  readonly data: DataStore;
  readonly scratch: Scratch;
}

/** A file whose records can be read. */
export interface Opened {
  readonly kind: 'open';
  /** Stands at the first record; whoever opened the file closes it. */
  readonly window: ByteWindow;
  readonly layout: Layout;
  readonly format: PieceFormat;
  /** Where that record stands in the file. */
  readonly first: StartPosition;
}

/** Why a file has no records to be read. */
export type Unopened = { readonly kind: 'empty' } | { readonly kind: 'rejected'; readonly why: string };

/** Opens a file at its first record, or at the first of its span. */
export async function openFile(file: FileToRead, options: OpenOptions): Promise<Opened | Unopened> {
  const opened = await openAtHeader(file, options);
  if (file.span === undefined || opened.kind !== 'open') return opened;
  await opened.window.close();
  const { start, end, first } = file.span;
  return { ...opened, window: new ByteWindow(options.data.stream(file.key, { start, end })), first };
}

async function openAtHeader(
  file: FileToRead,
  { contract, data, scratch }: OpenOptions,
): Promise<Opened | Unopened> {
  const text = await openText(data.stream(file.key), {
    scratch,
    name: `file-${file.index}`,
    maxUnpackedBytes: contract.limits.maxUnpackedBytes,
  });
  if (text.kind === 'unreadable') return { kind: 'rejected', why: text.why };
  const window = new ByteWindow(text.bytes);
  const opened = await passHeader(window, text.isMarkedUtf8, contract).catch(async (error: unknown) => {
    await window.close();
    throw error;
  });
  if (opened.kind === 'open') return { ...opened, window };
  await window.close();
  return opened;
}

/** Reads the header behind which a file's records begin, or why it can't be read. */
async function passHeader(
  window: ByteWindow,
  isMarkedUtf8: boolean,
  contract: SourceContract,
): Promise<Omit<Opened, 'window'> | Unopened> {
  const { csv, limits } = contract;
  const others = csv.encodings.filter((encoding) => encoding !== 'utf-8');
  const encodings: readonly Encoding[] = isMarkedUtf8 ? ['utf-8', ...others] : csv.encodings;
  const found = await readHeader(window, { ...csv, encodings }, limits.maxRecordBytes);
  if (found.kind === 'empty') return found;
  if (found.kind === 'unreadable') return { kind: 'rejected', why: found.why };
  const matched = matchHeader(found.header, contract);
  if (matched.kind === 'rejected') return matched;
  const { layout } = matched;
  const format = {
    ...recordFormat(csv, layout.fields, limits.maxRecordBytes),
    encodings,
    newline: layout.newline,
  };
  return { kind: 'open', layout, format, first: { row: 1, line: found.header.firstDataLine } };
}
