import { DataError } from '../errors.ts';
import type { ByteRange } from '../ports.ts';
import { type FileToRead, type OpenOptions, openFile } from './open-file.ts';
import { passLine } from './pass-line.ts';
import type { PieceFormat } from './piece.ts';
import { isBlank, readRecord } from './record.ts';
import { newScan } from './record-format.ts';
import { headBytes, textStart } from './text.ts';
import { ByteWindow } from './window.ts';

/**
 * How a large file is cut into ranges of bytes that begin and end with whole records, without anybody reading all of
 * it. Where a record begins depends on all the bytes before it: a range may begin inside a quoted value. So each range
 * is surveyed on its own, from where a record seems to begin, and the surveys are joined in order: one whose guess the
 * range before it confirms holds as it is; another's records are counted anew, up to where both agree, which in
 * practice is a few records on. However it is cut, each record begins where it would if the file were read from its
 * beginning.
 */

/** A place in a file at which a record begins, or its end: how many bytes, records and physical lines lie before it. */
export interface Mark {
  readonly byte: number;
  readonly records: number;
  readonly lines: number;
}

/** What lies in a range of a file, as far as it can be known from there. */
export type Survey =
  /** The file can only be read from its beginning, or has no records. */
  | { readonly kind: 'whole' }
  /** No record seems to begin where the range does. */
  | { readonly kind: 'unknown' }
  /**
   * Records that begin in the range, a mark about every MiB, and the first that doesn't. In a file's first range the
   * marks count from its beginning, in another from the first of them.
   */
  | { readonly kind: 'marked'; readonly marks: readonly Mark[]; readonly end: Mark };

/** A range of a file, and what its survey found. */
export interface SurveyedRange {
  readonly start: number;
  readonly end: number;
  readonly survey: Survey;
}

/** What surveying needs. */
export interface SurveyOptions extends OpenOptions {
  /** How far two marks are apart at least; 1 MiB unless said. */
  readonly markBytes?: number;
}

const MARK_BYTES = 1024 * 1024;

/** In how many bytes a beginning is looked for, and how many records that follow must be well-formed. */
const GUESS_BYTES = 256 * 1024;
const GUESS_RECORDS = 8;
const GUESS_LINES = 64;

/** Surveys the records that begin in a range of a file. */
export async function surveyRange(
  file: FileToRead,
  range: Required<ByteRange>,
  options: SurveyOptions,
): Promise<Survey> {
  if (file.member !== undefined) return { kind: 'whole' };
  const textAt = textStart(await readHead(file, options), options.contract.csv.encodings);
  if (textAt === undefined) return { kind: 'whole' };
  const opened = await openFile(file, options);
  if (opened.kind !== 'open') return { kind: 'whole' };
  return await closing(opened.window, async ({ position }) => {
    const { window, format, first } = opened;
    if (range.start > 0) return await surveyFromGuess(file, range, { format, options });
    const from = { byte: textAt + position, records: 0, lines: first.line - 1 };
    return await markRecords(window, format, { from, until: range.end, ...options });
  });
}

async function surveyFromGuess(
  file: FileToRead,
  { start, end }: Required<ByteRange>,
  { format, options }: { readonly format: PieceFormat; readonly options: SurveyOptions },
): Promise<Survey> {
  // One byte more: if it ends a line, this range's very first byte may begin a record.
  const origin = start - 1;
  return await closing(new ByteWindow(options.data.stream(file.key, { start: origin })), async (window) => {
    const skipped = await guessStart(window, format, Math.min(GUESS_BYTES, end - origin));
    if (skipped === undefined) return { kind: 'unknown' };
    window.start += skipped;
    const from = { byte: origin + skipped, records: 0, lines: 0 };
    return await markRecords(window, format, { from, until: end, ...options });
  });
}

/** Works with a window, and closes it whatever happens. */
async function closing<T>(window: ByteWindow, work: (window: ByteWindow) => Promise<T>): Promise<T> {
  try {
    return await work(window);
  } finally {
    await window.close();
  }
}

/**
 * Joins the surveys of a file's ranges, in order. Gives each range's records as marks: the first of them, and the place
 * behind the last. Undefined where the file is read whole.
 */
export async function joinSurveys(
  file: FileToRead,
  ranges: readonly SurveyedRange[],
  options: OpenOptions,
): Promise<{ readonly from: Mark; readonly to: Mark }[] | undefined> {
  const first = ranges[0]?.survey;
  let at = first?.kind === 'marked' ? first.marks[0] : undefined;
  if (at === undefined) return undefined;
  const joined: { from: Mark; to: Mark }[] = [];
  for (const range of ranges) {
    const from: Mark = at;
    if (from.byte < range.end) at = await endOfRange(file, range, { from, options });
    joined.push({ from, to: at });
  }
  return joined;
}

/** The first record past a range, where a record is known to begin in it. */
async function endOfRange(
  file: FileToRead,
  { survey, end }: SurveyedRange,
  { from, options }: { readonly from: Mark; readonly options: OpenOptions },
): Promise<Mark> {
  const surveyed = survey.kind === 'marked' ? survey : { marks: [], end: from };
  const rest = (met: Mark, known: Mark): Mark => ({
    byte: surveyed.end.byte,
    records: met.records + surveyed.end.records - known.records,
    lines: met.lines + surveyed.end.lines - known.lines,
  });
  const [guessed] = surveyed.marks;
  if (guessed?.byte === from.byte) return rest(from, guessed);
  const format = await formatOf(file, options);
  const coming = surveyed.marks.values();
  let known = coming.next().value;
  const look = (mark: Mark): number | undefined => {
    while (known !== undefined && known.byte < mark.byte) known = coming.next().value;
    if (mark.byte >= end || known?.byte === mark.byte) return undefined;
    return known?.byte ?? end;
  };
  const window = new ByteWindow(options.data.stream(file.key, { start: from.byte }));
  const met = await closing(window, () => walk(window, format, { from, look }));
  return met.byte < end && known?.byte === met.byte ? rest(met, known) : met;
}

async function formatOf(file: FileToRead, options: OpenOptions): Promise<PieceFormat> {
  const opened = await openFile(file, options);
  if (opened.kind !== 'open')
    throw new DataError('SOURCE_CHANGED', `${file.key} was surveyed, but can't be read now.`);
  await opened.window.close();
  return opened.format;
}

async function readHead(file: FileToRead, { data, contract }: OpenOptions): Promise<Uint8Array> {
  const end = headBytes(contract.csv.encodings);
  const head: number[] = [];
  for await (const piece of data.stream(file.key, { start: 0, end })) head.push(...piece);
  return Uint8Array.from(head);
}

/** Where marking begins, and the byte past which it ends. */
interface Marking {
  readonly from: Mark;
  readonly until: number;
  readonly markBytes?: number;
}

async function markRecords(
  window: ByteWindow,
  format: PieceFormat,
  { from, until, markBytes = MARK_BYTES }: Marking,
): Promise<Survey> {
  const marks: Mark[] = [];
  const look = (mark: Mark): number | undefined => {
    if (mark.byte >= until && marks.length > 0) return undefined;
    marks.push(mark);
    return mark.byte >= until ? undefined : Math.min(until, mark.byte + markBytes);
  };
  const end = await walk(window, format, { from, look });
  return { kind: 'marked', marks, end };
}

/** Where walking begins, and what stops it. */
interface Walk {
  readonly from: Mark;
  /** Called with the first record, then with the first at or past the byte that it returned last; stops it by undefined. */
  readonly look: (mark: Mark) => number | undefined;
}

/** Walks from record to record; returns where it was stopped, or the end of the file. */
async function walk(window: ByteWindow, format: PieceFormat, { from, look }: Walk): Promise<Mark> {
  const scan = newScan();
  const offset = from.byte - window.position;
  let { records, lines } = from;
  let next: number | undefined = from.byte;
  for (;;) {
    const { bytes, limit, final } = window;
    const base = offset + window.position - window.start;
    let at = window.start;
    for (;;) {
      if (base + at >= next) {
        next = look({ byte: base + at, records, lines });
        if (next === undefined) return { byte: base + at, records, lines };
      }
      if (at >= limit || !readRecord(bytes, at, limit, final, format, scan) || scan.goesOn) break;
      records++;
      lines += 1 + scan.quotedNewlines;
      at = scan.next;
    }
    window.start = at;
    if (at < limit && scan.goesOn) {
      await passLine(window, undefined, format);
      records++;
      lines++;
    } else if (final) return { byte: base + at, records, lines };
    else await window.fillMore();
  }
}

/**
 * How many bytes of a window lie before what seems to be a record's beginning: the first line from which some
 * well-formed records follow one another, else the first. Undefined where no line begins; looks at so many bytes or a
 * few more.
 */
async function guessStart(
  window: ByteWindow,
  format: PieceFormat,
  withinBytes: number,
): Promise<number | undefined> {
  while (!window.final && window.limit < withinBytes) await window.fill();
  const text = window.bytes.subarray(0, window.limit);
  const starts = lineStarts(text, format);
  return starts.find((start) => areWellFormed(text, start, format)) ?? starts[0];
}

function lineStarts(text: Uint8Array, { isJson }: PieceFormat): number[] {
  const starts: number[] = [];
  for (let at = 0; at < text.length && starts.length < GUESS_LINES; at++) {
    const isReturn = !isJson && text[at] === 13 && at + 1 < text.length && text[at + 1] !== 10;
    if (text[at] === 10 || isReturn) starts.push(at + 1);
  }
  return starts;
}

/** Whether the records from there on are well-formed, as far as the text goes. */
function areWellFormed(text: Uint8Array, start: number, format: PieceFormat): boolean {
  const scan = newScan();
  let at = start;
  for (let n = 0; n < GUESS_RECORDS && at < text.length; n++) {
    if (!readRecord(text, at, text.length, false, format, scan)) return n > 0;
    if (scan.problem !== undefined && !isBlank(text, at, scan.end, format)) return false;
    at = scan.next;
  }
  return true;
}
