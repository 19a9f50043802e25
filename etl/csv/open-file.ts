import { type Member, memberBytes } from '../archives/member-bytes.ts';
import { misreadDates } from '../contract/cell-dates.ts';
import type { SourceContract } from '../contract/contract.ts';
import type { CsvDialect, Encoding } from '../contract/csv-dialect.ts';
import { acceptingRescued, openJson, withOwnFields } from '../jsonl/open-json.ts';
import { isSealed } from '../naming/bronze.ts';
import { retryOf } from '../naming/decisions.ts';
import { isEventFile } from '../naming/streams.ts';
import type { DataStore, Scratch } from '../ports.ts';
import { refusedFormulas, type SheetFormulas, unsavedInWords } from '../xlsx/unsaved-formulas.ts';
import { type HeaderResult, headerless, readHeader } from './header.ts';
import { type Layout, matchHeader } from './layout.ts';
import type { Opened, Unopened } from './opened.ts';
import type { StartPosition } from './piece.ts';
import { recordFormat } from './record-format.ts';
import { repeatedHeader } from './repeated-header.ts';
import { retryDialect, sheetDialect } from './retry-dialect.ts';
import { plainSigns } from './rewrite.ts';
import { type Passed, SameHeader } from './same-header.ts';
import { sealedDialect, sealedRecordBytes } from './sealed-dialect.ts';
import { openText, type UnpackOptions, unpackFirst } from './text.ts';
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
  /** Where it lies, if it is a file in an archive: then it can only be read from its beginning. */
  readonly member?: Member;
  /** Set where nobody has read that file to its end yet: it may be damaged. */
  readonly isUnproven?: true;
  /** Why it isn't read. */
  readonly refused?: string;
  /** The records to be read; all of them where it is absent. */
  readonly span?: Span;
}

/** What opening needs beside the file. */
export interface OpenOptions {
  readonly contract: SourceContract;
  readonly data: Pick<DataStore, 'stream'>;
  readonly scratch: Scratch;
  /** The header of the file before; absent where files are opened one by one. */
  readonly header?: SameHeader;
}

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
  { contract, data, scratch, header = new SameHeader() }: OpenOptions,
): Promise<Opened | Unopened> {
  if (file.refused !== undefined) return { kind: 'rejected', why: file.refused };
  const isRetry = retryOf(contract.dataset, file.key) !== undefined;
  const isProtected = isSealed(file.key);
  const isJson = contract.csv.format === 'jsonl' && !isRetry && !isProtected;
  const unpacking = {
    scratch,
    name: `file-${file.index}`,
    maxUnpackedBytes: contract.limits.maxUnpackedBytes,
    encodings: isProtected ? UTF_8 : contract.csv.encodings,
    sheet: sheetFormat(contract),
    ...(isJson ? { format: 'jsonl' as const } : {}),
  };
  const stream = bytesOf(file, data);
  const whole = file.isUnproven === true ? await unpackFirst(stream, unpacking) : stream;
  const text = 'kind' in whole ? whole : await openText(whole, unpacking);
  if (text.kind === 'unreadable') return { kind: 'rejected', why: text.why };
  if (isJson) return await openJson(text.bytes, contract, isEventFile(file.key));
  const written = text.sheet === undefined ? contract.csv : sheetDialect(contract.csv);
  const csv = isRetry ? retryDialect(contract.csv) : isProtected ? sealedDialect(contract.csv) : written;
  const dialect = { ...csv, encodings: encodingsOf(csv, text) };
  const window = new ByteWindow(text.bytes);
  const hasCells = isRetry || text.sheet !== undefined;
  const isOurs = isRetry || isProtected;
  const known = isOurs ? acceptingRescued(isProtected ? withSealedLimits(contract) : contract) : contract;
  const pass = () => passHeader(window, dialect, known);
  const readBy = JSON.stringify([isRetry, isProtected, hasCells, dialect.encodings]);
  // A file without a header ends its lines as its first record does.
  const passing = dialect.columns === undefined ? header.pass(window, readBy, pass) : pass();
  const passed = await passing.catch(async (error: unknown) => {
    await window.close();
    throw error;
  });
  const { note, unsaved } = text.sheet ?? {};
  const opened = unsaved === undefined ? passed : (refusedSheet(unsaved, passed) ?? passed);
  if (opened.kind !== 'open') {
    await window.close();
    return opened;
  }
  const read = isOurs ? withOwnFields(opened.layout, contract) : opened.layout;
  const layout = hasCells ? { ...read, hasCells: true as const } : read;
  const format = isProtected ? { ...opened.format, isSealed: true as const } : opened.format;
  return { ...opened, layout, format, window, ...(note === undefined ? {} : { note }) };
}

/** What a protected file is in, whatever its source was. */
const UTF_8: readonly Encoding[] = ['utf-8'];

/** Envelopes make records longer than their source's. */
const withSealedLimits = (contract: SourceContract): SourceContract => ({
  ...contract,
  limits: { ...contract.limits, maxRecordBytes: sealedRecordBytes(contract) },
});

/** Set where formulas without a value are why nothing is read from a sheet, or may be: then they are told beside the other reason. */
function refusedSheet(
  unsaved: SheetFormulas,
  opened: Omit<Opened, 'window'> | Unopened,
): Extract<Unopened, { kind: 'rejected' }> | undefined {
  if (unsaved.columns.size === 0) return undefined;
  const all = unsavedInWords({ ...unsaved, columns: [...unsaved.columns.values()] });
  if (opened.kind === 'empty') return { kind: 'rejected', why: all };
  if (opened.kind === 'rejected') return { kind: 'rejected', why: `${opened.why}; ${all}` };
  const why = refusedFormulas(unsaved, opened.layout, opened.first.line);
  return why === undefined ? undefined : { kind: 'rejected', why };
}

/** How a sheet's rows are written under a contract. Numbers in cells have the decimal sign that the contract reads. */
function sheetFormat(contract: SourceContract): NonNullable<UnpackOptions['sheet']> {
  const { csv, columns } = contract;
  const { delimiter, quote, escape: escaping } = sheetDialect(csv);
  const signs = new Set(columns.flatMap(({ type, number }) => (isNumber(type.kind) ? [number.decimal] : [])));
  return {
    delimiter,
    quote,
    escape: escaping,
    sheet: csv.sheet,
    decimal: signs.size === 1 && signs.has(',') ? ',' : '.',
    refused: signs.size > 1 ? BOTH_SIGNS : misreadText(contract),
  };
}

const BOTH_SIGNS =
  "the contract reads some numbers with '.' and others with ',' (assay.number), and a cell's number has no sign: write one for all";

function misreadText(contract: SourceContract): string | undefined {
  const found = misreadDates(contract);
  return found === undefined
    ? undefined
    : `the contract reads '${found.name}' as ${found.format} (assay.formats), and would take a cell's day, which is given as yyyy-MM-dd, for another one: write yyyy-MM-dd`;
}

const isNumber = (kind: string): boolean => ['int', 'long', 'double', 'decimal'].includes(kind);

function bytesOf({ key, member }: FileToRead, data: OpenOptions['data']): AsyncIterable<Uint8Array> {
  if (member === undefined) return data.stream(key);
  return memberBytes(member, (range) => data.stream(member.archive, range));
}

/** What a file's records may be in, in the order in which it is tried. */
function encodingsOf({ encodings }: CsvDialect, text: { readonly isMarkedUtf8: boolean }): Encoding[] {
  const bytewise = encodings.filter((name) => !name.startsWith('utf-16'));
  if (!text.isMarkedUtf8) return bytewise;
  return ['utf-8', ...bytewise.filter((name) => name !== 'utf-8')];
}

/** Finds the header behind which a file's records begin, or why it can't be read. */
async function passHeader(
  window: ByteWindow,
  dialect: CsvDialect,
  contract: SourceContract,
): Promise<Passed> {
  const { columns } = dialect;
  const found =
    columns === undefined
      ? await findHeader(window, dialect, contract)
      : await nameColumns(window, columns, dialect, contract);
  if (found.kind !== 'found') return found;
  const { layout, names, firstDataLine } = found;
  const records = recordFormat(dialect, layout.fields, contract.limits.maxRecordBytes);
  const again = repeatedHeader({ names, layout, format: records, dialect, contract });
  const format = {
    ...records,
    encodings: dialect.encodings,
    newline: layout.newline,
    plain: plainSigns(dialect),
    ...(again === undefined ? {} : { repeatedHeader: again }),
  };
  return { kind: 'open', layout, format, first: { row: 1, line: firstDataLine } };
}

type Found =
  | {
      readonly kind: 'found';
      readonly layout: Layout;
      readonly names: readonly string[];
      readonly firstDataLine: number;
    }
  | Unopened;

/** The first of the file's first records that is a header of the contract; only as many are tried as may stand before it. */
async function findHeader(window: ByteWindow, dialect: CsvDialect, contract: SourceContract): Promise<Found> {
  const { preambleLines = 0 } = dialect;
  let line = 1;
  let nearest = { fields: 0, why: '' };
  for (let tried = 0; tried <= preambleLines; tried++) {
    const header = await readHeader(window, dialect, contract.limits.maxRecordBytes, line);
    const found = matched(header, contract);
    if (found.kind === 'found' || (found.kind === 'empty' && tried === 0)) return found;
    if (header.kind === 'empty' || found.kind === 'empty') break;
    const fields = header.kind === 'header' ? header.header.names.length : 0;
    if (tried === 0 || fields > nearest.fields) nearest = { fields, why: found.why };
    const next = header.kind === 'header' ? header.header.firstDataLine : header.nextLine;
    if (next === undefined) break;
    line = next;
  }
  if (preambleLines === 0) return { kind: 'rejected', why: nearest.why };
  const lines = preambleLines + 1;
  return {
    kind: 'rejected',
    why: `none of its first ${lines} lines is its header; of the widest, ${nearest.why}`,
  };
}

/** The contract's own names as the header. */
async function nameColumns(
  window: ByteWindow,
  names: readonly string[],
  dialect: CsvDialect,
  contract: SourceContract,
): Promise<Found> {
  const { skipLines = 0 } = dialect;
  const header = await headerless(window, { names, skipLines }, dialect, contract.limits.maxRecordBytes);
  return matched(header, contract);
}

/** What a header comes to under a contract. */
function matched(result: HeaderResult, contract: SourceContract): Found {
  if (result.kind === 'empty') return result;
  if (result.kind === 'unreadable') return { kind: 'rejected', why: result.why };
  const { header } = result;
  const layout = matchHeader(header, contract);
  return layout.kind === 'rejected'
    ? layout
    : { kind: 'found', layout: layout.layout, names: header.names, firstDataLine: header.firstDataLine };
}
