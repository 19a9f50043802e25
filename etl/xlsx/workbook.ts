import { memberBytes } from '../archives/member-bytes.ts';
import type { RandomAccess } from '../archives/random-access.ts';
import { readZip, type ZipEntry } from '../archives/zip-entries.ts';
import { type NumberKind, numberKind } from './cell-text.ts';
import { isTrue, readXml, spreadsheetText, type XmlListener } from './xml.ts';

/** A sheet of a workbook. */
export interface Sheet {
  readonly name: string;
  /** Name of its part in the archive. */
  readonly part: string;
  readonly isHidden: boolean;
}

/** What the cells of all sheets of a workbook share. */
export interface Workbook {
  readonly sheets: readonly Sheet[];
  readonly is1904: boolean;
  /** Whether whoever opens it shall calculate its formulas: a library wrote it, and their values may be none of theirs. */
  readonly isUncalculated: boolean;
  readonly strings: readonly string[];
  /** What each cell style shows a number as. */
  readonly styles: readonly NumberKind[];
  /** Reads a part as XML. */
  read(part: string, listener: XmlListener): Promise<void>;
}

/** Texts that cells share stay in memory: so many characters in all, each text counted with what it takes beside them. */
const MOST_SHARED = 192 * 1024 * 1024;
const TEXT_COST = 16;

/** A cell has 32,767 characters at most. */
const MOST_CHARACTERS = 1024 * 1024;

/** Elements of the parts that are kept whole: sheets, relations and styles, of which Excel has 65,490 at most. */
const MOST_ELEMENTS = 500_000;

/** Opens a workbook (ECMA-376), macros and all else left alone. Throws a RangeError, its message the second half of a sentence, where it is none that can be read. */
export async function openWorkbook(file: RandomAccess, maxUnpackedBytes: number): Promise<Workbook> {
  const zip = await readZip(file);
  if (zip.kind === 'refused') throw new RangeError(zip.why);
  const parts = new Map(zip.entries.map((entry) => [entry.name, entry]));
  const total = zip.entries.reduce((sum, entry) => sum + entry.sizeBytes, 0);
  if (total > maxUnpackedBytes)
    throw new RangeError(
      `it unpacks to ${total} bytes, more than the ${maxUnpackedBytes} that the contract sets (maxUnpackedBytes)`,
    );
  const read = async (part: string, listener: XmlListener): Promise<void> => {
    const entry = parts.get(part);
    if (entry !== undefined) await readXml(bytesOf(file, entry), listener);
  };
  const readKept: ReadPart = async (part, listener) => {
    const entry = parts.get(part);
    if (entry !== undefined) await readXml(bytesOf(file, entry), listener, MOST_ELEMENTS);
  };
  const roots = await relations(readKept, '_rels/.rels', '');
  const book = [...roots.values()].find(({ type }) => type.endsWith('/officeDocument'))?.target ?? '';
  if (!parts.has(book) || book.endsWith('.bin')) throw new RangeError(notWorkbook(parts));
  const folder = book.slice(0, book.lastIndexOf('/') + 1);
  const rels = await relations(readKept, `${folder}_rels/${book.slice(folder.length)}.rels`, folder);
  const partOf = (type: string): string =>
    [...rels.values()].find((one) => one.type.endsWith(`/${type}`))?.target ?? '';
  const about = await readBook(readKept, book, rels);
  const strings = await readStrings(read, partOf('sharedStrings'));
  return { ...about, strings, styles: await readStyles(readKept, partOf('styles')), read };
}

function notWorkbook(parts: ReadonlyMap<string, unknown>): string {
  if ([...parts.keys()].some((name) => name.endsWith('workbook.bin')))
    return 'it is a binary workbook (XLSB): save it as XLSX';
  if (parts.has('mimetype')) return 'it is an OpenDocument file: save it as XLSX, or as CSV';
  return 'it is a zip archive and no workbook: under a name that ends in .zip its files are read';
}

function bytesOf(
  file: RandomAccess,
  { start, end, method, sizeBytes, crc32 }: ZipEntry,
): AsyncIterable<Uint8Array> {
  if (method !== 0 && method !== 8) throw new RangeError('it is packed by a method that is not read');
  return memberBytes({ archive: 'the workbook', start, end, method, sizeBytes, crc32 }, (range) =>
    file.read(range),
  );
}

type ReadPart = Workbook['read'];
type Relations = ReadonlyMap<string, { readonly type: string; readonly target: string }>;

async function relations(read: ReadPart, part: string, folder: string): Promise<Relations> {
  const found = new Map<string, { type: string; target: string }>();
  await read(part, {
    open(name, { Id = '', Type = '', Target = '' }) {
      if (name !== 'Relationship') return;
      found.set(Id, {
        type: Type,
        target: Target.startsWith('/') ? Target.slice(1) : resolved(folder + Target),
      });
    },
  });
  return found;
}

/** `xl/../docProps/app.xml` → `docProps/app.xml`. */
function resolved(path: string): string {
  const steps: string[] = [];
  for (const step of path.split('/')) {
    if (step === '..') steps.pop();
    else if (step !== '.') steps.push(step);
  }
  return steps.join('/');
}

async function readBook(
  read: ReadPart,
  part: string,
  rels: Relations,
): Promise<Pick<Workbook, 'sheets' | 'is1904' | 'isUncalculated'>> {
  const sheets: Sheet[] = [];
  let [is1904, isUncalculated] = [false, false];
  await read(part, {
    open(name, attributes) {
      if (name === 'workbookPr') is1904 = isTrue(attributes.date1904);
      if (name === 'calcPr') isUncalculated = isTrue(attributes.fullCalcOnLoad);
      // `r:id`, whose prefix is gone; sheetId is another.
      const target = rels.get(attributes.id ?? '');
      if (name !== 'sheet' || target === undefined || !target.type.endsWith('/worksheet')) return;
      const isHidden = (attributes.state ?? 'visible') !== 'visible';
      sheets.push({ name: spreadsheetText(attributes.name ?? ''), part: target.target, isHidden });
    },
  });
  return { sheets, is1904, isUncalculated };
}

async function readStrings(read: ReadPart, part: string): Promise<string[]> {
  const strings: string[] = [];
  let total = 0;
  const collect = stringCollector((text) => {
    strings.push(text);
    total += text.length + TEXT_COST;
    if (total > MOST_SHARED)
      throw new RangeError('the texts that its cells share are too many to keep: save the sheet as CSV');
  }, 'si');
  await read(part, collect);
  return strings;
}

/** A cell's text with what comes next of it. */
export function longer(text: string, piece: string): string {
  if (text.length + piece.length > MOST_CHARACTERS) throw new RangeError('a text in it is too long');
  return text + piece;
}

/** Puts together the text of each element of a name: that of `t` in it, rich text too, without what tells how to say it. */
export function stringCollector(
  take: (text: string) => void,
  element: string,
): Required<Omit<XmlListener, 'flush'>> {
  let text = '';
  let isWithin = false;
  let isText = false;
  let phonetic = 0;
  return {
    open(name) {
      if (name === element) {
        text = '';
        isWithin = true;
      } else if (name === 'rPh') phonetic++;
      else if (name === 't') isText = isWithin && phonetic === 0;
    },
    text(piece) {
      if (isText) text = longer(text, piece);
    },
    close(name) {
      if (name === 't') isText = false;
      else if (name === 'rPh') phonetic--;
      else if (name === element) {
        isWithin = false;
        take(spreadsheetText(text));
      }
    },
  };
}

async function readStyles(read: ReadPart, part: string): Promise<NumberKind[]> {
  const codes = new Map<number, string>();
  const ids: number[] = [];
  let isWithin = false;
  await read(part, {
    open(name, { numFmtId = '0', formatCode = '' }) {
      if (name === 'numFmt') codes.set(Number(numFmtId), formatCode);
      else if (name === 'cellXfs') isWithin = true;
      else if (name === 'xf' && isWithin) ids.push(Number(numFmtId));
    },
    close(name) {
      if (name === 'cellXfs') isWithin = false;
    },
  });
  return ids.map((id) => numberKind(id, codes.get(id)));
}
