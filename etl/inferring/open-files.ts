import { Buffer } from 'node:buffer';
import { normaliseHeader } from '../contract/header.ts';
import { notOfFormat, otherKind } from '../csv/file-kind.ts';
import { DataError } from '../errors.ts';
import type { Scratch } from '../ports.ts';
import { findFooter } from './find-footer.ts';
import { type FoundHeader, findHeader } from './find-header.ts';
import { isJsonLines, openJsonFiles } from './json-files.ts';
import { counted, type Note, review, seen, several } from './notes.ts';
import type { OpenedFile, OpenedFiles } from './opened-files.ts';
import { type Signs, type SniffedDialect, sniffDialect, tryDialect, worth } from './sniff-dialect.ts';
import { stretchesOf, wholeLines } from './stretches.ts';
import { tableAbove } from './table-above.ts';
import { headOf, openTextFile, type SourceFile, type TextFile } from './text-file.ts';
import { unpackArchives } from './unpack-archives.ts';

/** What is looked at to find a file's dialect and header. */
const HEAD_BYTES = 512 * 1024;
const LEAST_SHARE_BYTES = 64 * 1024;

/** Opens files and finds their dialect and headers; throws as `inferContract` says. */
export async function openFiles(
  files: readonly SourceFile[],
  { scratch, sampleBytes }: { readonly scratch: Scratch; readonly sampleBytes: number },
): Promise<OpenedFiles> {
  const unpacked = await unpackArchives(files, scratch);
  const limitBytes = Math.max(LEAST_SHARE_BYTES, Math.floor(sampleBytes / unpacked.files.length));
  const looked: LookedAt[] = [];
  const json: TextFile[] = [];
  const skipped = [...unpacked.skipped];
  for (const [index, source] of unpacked.files.entries()) {
    const file = await openTextFile(source, { scratch, limitBytes, index });
    const head = await headOf(file, HEAD_BYTES, file.text.start);
    const other = otherKind(head, 'any');
    if (other !== undefined) throw unreadable(file, notOfFormat(other, undefined));
    const isWhole = file.text.start + head.length >= file.text.end;
    if (otherKind(head) !== undefined && !isJsonLines(head, isWhole))
      throw unreadable(
        file,
        'it is JSON, and no JSON Lines: write each record as an object on a line of its own',
      );
    if (otherKind(head) !== undefined) {
      json.push(file);
      continue;
    }
    if (head.includes(0)) throw unreadable(file, 'it is not text: it holds NUL bytes');
    const dialect = sniffDialect(head, isWhole);
    if (dialect.records === 0) skipped.push(`${file.name} is empty.`);
    else looked.push({ file, head, isWhole, dialect });
  }
  if (json.length > 0) {
    refuseBeside(json, looked);
    return { ...(await openJsonFiles(json, limitBytes)), skipped };
  }
  const signs = commonSigns(looked);
  const found = looked.map((one) => ({ ...one, header: findHeaderOf(one, signs) }));
  const below = found.flatMap(({ header }) => (header.kind === 'none' ? (header.below ?? []) : []))[0];
  const opened: OpenedFile[] = [];
  for (const { file, head, header } of found) {
    if (header.sample.length === 0) {
      skipped.push(`${file.name} has a header and no record.`);
      continue;
    }
    const names = header.kind === 'header' ? header.names : placeNames(file, header, below?.names);
    refuseRepeats(file, names);
    const startByte = header.kind === 'header' ? header.startByte : 0;
    const whole = { start: file.text.start + startByte, end: file.text.end };
    const stretches = stretchesOf(whole.start, whole.end, limitBytes);
    const readBytes = stretches.reduce((sum, { start, end }) => sum + end - start, 0);
    opened.push({
      file,
      names,
      hasHeader: header.kind === 'header',
      ...(header.kind === 'none' && header.below !== undefined ? { headerRecord: header.below.record } : {}),
      isHeaderUtf8: header.kind !== 'header' || header.isUtf8,
      sample: header.sample,
      footer: file.isCut
        ? { file: file.name, lines: 0, wellFormed: 0 }
        : await findFooter(file, header.sample, { signs, names }),
      stream: () => {
        const lines = wholeLines((range) => file.read(range), stretches, whole);
        return header.kind === 'header' ? lines : under(headerLine(names, signs, head), lines);
      },
      report: {
        sizeBytes: file.sizeBytes,
        readBytes,
        isSampled: file.isCut || stretches.length > 1,
        packing: file.packing,
        preambleLines: header.preambleLines,
      },
    });
  }
  if (opened.length === 0) throw noRecords(skipped);
  refuseMixed(opened);
  return { opened, skipped, dialect: { signs, notes: [dialectNote(looked, signs)] } };
}

/** JSON Lines and CSV are read by contracts of their own. */
function refuseBeside([json]: readonly TextFile[], [csv]: readonly LookedAt[]): void {
  if (json === undefined || csv === undefined) return;
  throw new DataError(
    'DIALECTS_DIFFER',
    `${json.name} is JSON Lines, and ${csv.file.name} is CSV: a contract has one format. Infer a contract for each kind.`,
    { context: { file: json.name } },
  );
}

/** No file has a record; says of each why. */
export function noRecords(why: readonly string[]): DataError {
  return new DataError('NO_RECORDS', `There is nothing to infer a contract from. ${why.join(' ')}`.trim());
}

/** A file, the beginning of its text, and the dialect that this alone suggests. */
interface LookedAt {
  readonly file: TextFile;
  readonly head: Uint8Array;
  readonly isWhole: boolean;
  readonly dialect: SniffedDialect;
}

/** How much worse the common signs may fit a file than its own. */
const TOLERANCE = 0.1;

/** Of the signs that some file suggests, those that fit all of them best: a file without quotes fits any. */
function commonSigns(looked: readonly LookedAt[]): Signs {
  const fitnessOf = (signs: Signs): number =>
    looked.reduce((sum, { head, isWhole }) => sum + worth(tryDialect(head, isWhole, signs)), 0);
  const offered = new Map(looked.map(({ dialect: { signs } }) => [JSON.stringify(signs), signs]));
  const ranked = [...offered.values()].map((signs) => ({
    signs,
    fitness: offered.size === 1 ? 1 : fitnessOf(signs),
  }));
  const [best] = ranked.sort((a, b) => b.fitness - a.fitness);
  return best?.signs ?? { delimiter: ',', quote: '"', escape: '"' };
}

function otherDialect(file: TextFile, own: Signs, common: Signs): DataError {
  const keys = ['delimiter', 'quote', 'escape'] as const;
  const key = keys.find((one) => own[one] !== common[one]) ?? 'delimiter';
  return new DataError(
    'DIALECTS_DIFFER',
    `${file.name} has the ${key} ${shown(own[key])}, and other files ${shown(common[key])}: a contract has one. Infer a contract for each kind.`,
    { context: { file: file.name } },
  );
}

function dialectNote(looked: readonly LookedAt[], signs: Signs): Note {
  const fits = looked.map(({ head, isWhole }) => tryDialect(head, isWhole, signs));
  const records = fits.reduce((sum, one) => sum + one.records, 0);
  const regular = fits.reduce((sum, one) => sum + one.regular, 0);
  const text = `With ${shown(signs.delimiter)} and ${shown(signs.quote)}, ${counted(regular)} of the first ${several(records, 'record')} are regular.`;
  return regular === records ? seen(text) : review(text);
}

const shown = (sign: string): string => (sign === '\t' ? 'a tab' : `'${sign}'`);

/** Where a file's header stands by the common signs; throws where there is none to be found, or two tables. */
function findHeaderOf(
  { file, head, isWhole, dialect }: LookedAt,
  signs: Signs,
): Exclude<FoundHeader, { kind: 'empty' }> {
  const own = tryDialect(head, isWhole, signs);
  if (worth(own) < worth(dialect) - TOLERANCE) throw otherDialect(file, dialect.signs, signs);
  const header = findHeader(head, isWhole, own);
  if (header.kind === 'empty') throw unreadable(file, 'no record of it can be parsed');
  const other = tableAbove(header.above);
  if (other === undefined) return header;
  const width = header.kind === 'header' ? header.names.length : (header.sample[0]?.length ?? 0);
  throw new DataError(
    'TWO_TABLES',
    `${file.name} holds two tables: ${several(other.lines, 'line')} of ${several(other.fields, 'field')} stand above records of ${width}, the first of which is its record ${header.preambleLines + 1}. A contract is of one table: split the file there, and infer a contract for each part. If the lines above are no records, infer from a copy without them, and write preambleLines.`,
    { context: { file: file.name } },
  );
}

/** Names for the columns of a file without a header: those of a header line further down, else by their places. */
function placeNames(
  file: TextFile,
  { preambleLines, sample }: { readonly preambleLines: number; readonly sample: OpenedFile['sample'] },
  below: readonly string[] | undefined,
): readonly string[] {
  const width = sample[0]?.length;
  if (preambleLines === 0 && below !== undefined && below.length === width) return below;
  if (preambleLines === 0) return (sample[0] ?? []).map((_, n) => `column_${n + 1}`);
  throw noHeader(file, `has ${several(preambleLines, 'line')} above its records that are no header`);
}

/** A header line as the rest of the file is written. */
function headerLine(names: readonly string[], { delimiter }: Signs, head: Uint8Array): Uint8Array {
  const end = head.indexOf(LF);
  const newline = end > 0 && head[end - 1] === CR ? '\r\n' : '\n';
  return Buffer.from(names.join(delimiter) + newline);
}

const [LF, CR] = [10, 13];

async function* under(first: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  yield* rest;
}

/** Files without a header go together only where all are of one width. */
function refuseMixed(opened: readonly OpenedFile[]): void {
  const [first, ...others] = opened;
  const other = others.find(
    ({ hasHeader, names }) =>
      hasHeader !== first?.hasHeader || (!hasHeader && names.length !== first.names.length),
  );
  if (first === undefined || other === undefined) return;
  const [without, beside] = first.hasHeader ? [other, first] : [first, other];
  const what = beside.hasHeader
    ? `, and ${beside.file.name} has one`
    : ` and ${several(without.names.length, 'column')}, and ${beside.file.name} has ${beside.names.length}`;
  const advice = beside.hasHeader
    ? ', or from those without, and set repeatedHeader: skip beside columns in assay.csv: headers are passed over then'
    : '';
  throw noHeader(without.file, `has no header${what}`, advice);
}

function noHeader(file: TextFile, what: string, advice = ''): DataError {
  return new DataError(
    'NO_HEADER',
    `${file.name} ${what}. Assay finds columns by their headers, or in files that have none by their places: infer a contract for each kind of file${advice}.`,
    { context: { file: file.name } },
  );
}

function unreadable(file: TextFile, why: string): DataError {
  return new DataError('UNREADABLE', `${file.name} can't be read: ${why}.`, { context: { file: file.name } });
}

function refuseRepeats(file: TextFile, names: readonly string[]): void {
  const keys = names.map(normaliseHeader);
  const at = keys.findIndex((key, n) => key !== '' && keys.indexOf(key) < n);
  if (at === -1) return;
  const first = keys.indexOf(keys[at] ?? '');
  const [one = '', other = ''] = [names[first], names[at]];
  throw new DataError(
    'REPEATED_HEADER',
    `${file.name} has two columns, '${one.trim()}' (field ${first + 1}) and '${other.trim()}' (field ${at + 1}), whose headers say the same: Assay finds columns by their headers; give each its own. Where the source can't, infer from a copy of the file that has them, and have the contract name the columns by their places (columns and skipLines in assay.csv).`,
    { context: { file: file.name } },
  );
}
