import { Buffer } from 'node:buffer';
import type { RandomAccess } from '../archives/random-access.ts';
import type { CsvDialect } from '../contract/csv-dialect.ts';
import { MAX_FIELDS } from '../csv/layout.ts';
import type { Scratch, ScratchFile } from '../ports.ts';
import { readRows, type SheetNotes, type SheetRow } from './sheet-rows.ts';
import { type SheetFormulas, unsavedInWords } from './unsaved-formulas.ts';
import { openWorkbook, type Sheet, type Workbook } from './workbook.ts';

/** Which sheet of a workbook is read, and the signs that it is written in. */
export interface SheetFormat extends Pick<CsvDialect, 'delimiter' | 'quote' | 'escape'> {
  /** The first that is not hidden, where none is named. */
  readonly sheet?: string | undefined;
  /** The sign in the numbers of cells. */
  readonly decimal: '.' | ',';
  /** Why cells can't be written so that the contract reads them as they are. */
  readonly refused?: string | undefined;
  readonly maxUnpackedBytes: number;
}

/** A sheet as CSV: a line for each of its rows up to the last with anything in it, all of one width. */
export interface SheetText {
  readonly bytes: AsyncIterable<Uint8Array>;
  /** What a reader of the records should know; absent where there is nothing. */
  readonly note?: string;
  /** Its formulas without a value, whose cells are empty here. */
  readonly unsaved: SheetFormulas;
}

/** Where the text is written first. */
export interface SheetScratch {
  readonly scratch: Scratch;
  readonly name: string;
}

/** Writes a sheet of a workbook as CSV. Throws a RangeError, its message the second half of a sentence, where it can't be read. */
export async function sheetText(
  file: RandomAccess,
  format: SheetFormat,
  { scratch, name }: SheetScratch,
): Promise<SheetText> {
  if (format.refused !== undefined) throw new RangeError(format.refused);
  const workbook = await openWorkbook(file, format.maxUnpackedBytes);
  const sheet = chooseSheet(workbook, format.sheet);
  const written = await scratch.create(`${name}.rows`);
  const lines = new LineWriter(written, format);
  let notes: SheetNotes;
  try {
    notes = await readRows({ ...workbook, decimal: format.decimal }, sheet, lines);
  } finally {
    await written.close();
  }
  const note = noteOf(workbook, sheet, notes);
  lines.refuseTooMuch();
  const unsaved = { sheet: sheet.name, columns: notes.unsaved };
  return { bytes: lines.padded(scratch.read(written.path)), unsaved, ...(note === '' ? {} : { note }) };
}

function chooseSheet({ sheets }: Workbook, wanted: string | undefined): Sheet {
  const found =
    wanted === undefined
      ? (sheets.find(({ isHidden }) => !isHidden) ?? sheets[0])
      : sheets.find(({ name }) => name.trim().toLowerCase() === wanted.trim().toLowerCase());
  if (found !== undefined) return found;
  const names = sheets.map(({ name }) => `'${name}'`).join(', ');
  throw new RangeError(
    wanted === undefined
      ? 'it has no sheet with cells'
      : `it has no sheet '${wanted}', but ${names}: see assay.xlsx`,
  );
}

const several = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;

function noteOf({ sheets, isUncalculated }: Workbook, sheet: Sheet, notes: SheetNotes): string {
  const others = sheets.filter((one) => one !== sheet).map(({ name }) => `'${name}'`);
  return [
    ...(sheet.isHidden ? [`its sheet '${sheet.name}' is hidden, and was read`] : []),
    ...(others.length === 0 ? [] : [`only its sheet '${sheet.name}' was read, not ${others.join(', ')}`]),
    ...(notes.hiddenRows === 0
      ? []
      : [
          `${several(notes.hiddenRows, 'row')} that it hides ${notes.hiddenRows === 1 ? 'was' : 'were'} read, the first is row ${notes.firstHidden}`,
        ]),
    ...(notes.errors === 0
      ? []
      : [`${several(notes.errors, 'cell')} of it hold an error: ${notes.firstError}`]),
    ...(notes.mergedRanges === 0
      ? []
      : [`of ${several(notes.mergedRanges, 'range')} of merged cells only the first cell has a value`]),
    ...(notes.unsaved.size === 0
      ? []
      : [unsavedInWords({ sheet: sheet.name, columns: [...notes.unsaved.values()] })]),
    ...(notes.formulas === 0 || !isUncalculated
      ? []
      : [
          `${several(notes.formulas, 'cell')} of it hold a formula, and the program that wrote it left calculating them to who opens it: their values were read as it saved them`,
        ]),
  ].join('; ');
}

/** Writes rows as they come, without the empty fields at their ends, and knows how many those are. */
class LineWriter {
  readonly #file: ScratchFile;
  readonly #format: SheetFormat;
  #waiting: string[] = [];
  #row = 0;
  /** Bytes and fields of each line. */
  readonly #sizes: number[] = [];
  readonly #fields: number[] = [];
  #width = 0;

  constructor(file: ScratchFile, format: SheetFormat) {
    this.#file = file;
    this.#format = format;
  }

  take({ number, cells }: SheetRow): void {
    for (; this.#row < number - 1; this.#row++) this.#add('', 0);
    const { delimiter } = this.#format;
    this.#add(Array.from(cells, (cell) => this.#field(cell ?? '')).join(delimiter), cells.length);
    this.#row = number;
    this.#width = Math.max(this.#width, cells.length);
  }

  async flush(): Promise<void> {
    if (this.#waiting.length === 0) return;
    await this.#file.write(Buffer.from(this.#waiting.join('')));
    this.#waiting = [];
  }

  #add(line: string, fields: number): void {
    this.#waiting.push(line);
    this.#sizes.push(Buffer.byteLength(line));
    this.#fields.push(fields);
  }

  #field(text: string): string {
    const { delimiter, quote, escape: sign } = this.#format;
    const isPlain = !text.includes(delimiter) && !text.includes(quote) && !/[\r\n]|^\s|\s$/.test(text);
    if (isPlain) return text;
    const doubled = sign === quote ? text : text.replaceAll(sign, sign + sign);
    return quote + doubled.replaceAll(quote, sign + quote) + quote;
  }

  /** Throws where the lines are wider than any contract, or would become too much when all are as wide as the widest. */
  refuseTooMuch(): void {
    if (this.#width > MAX_FIELDS)
      throw new RangeError(
        `it has cells up to column ${this.#width}, and more than ${MAX_FIELDS} are not read`,
      );
    const fields = this.#fields.reduce((sum, count) => sum + (count === 0 ? 0 : this.#width - count), 0);
    const sizeBytes = this.#sizes.reduce(
      (sum, size) => sum + size + 1,
      fields * this.#format.delimiter.length,
    );
    const { maxUnpackedBytes } = this.#format;
    if (sizeBytes > maxUnpackedBytes)
      throw new RangeError(
        `its rows come to ${sizeBytes} bytes, more than the ${maxUnpackedBytes} that the contract sets (maxUnpackedBytes)`,
      );
  }

  /** The lines that were written, every one as wide as the widest. */
  async *padded(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const source = pieces[Symbol.asyncIterator]();
    let held = Buffer.alloc(0);
    let out: Uint8Array[] = [];
    let outBytes = 0;
    for (const [n, sizeBytes] of this.#sizes.entries()) {
      while (held.length < sizeBytes) {
        const next = await source.next();
        if (next.done === true) throw new RangeError('the text of its rows is cut short');
        held = Buffer.concat([held, next.value]);
      }
      const end = this.#end(this.#fields[n] ?? 0);
      out.push(held.subarray(0, sizeBytes), end);
      outBytes += sizeBytes + end.length;
      held = held.subarray(sizeBytes);
      if (outBytes < PIECE_BYTES) continue;
      yield Buffer.concat(out);
      [out, outBytes] = [[], 0];
    }
    await source.return?.();
    if (outBytes > 0) yield Buffer.concat(out);
  }

  /** What follows a line's fields; a row without any is a blank line. */
  #end(fields: number): Buffer {
    const missing = fields === 0 ? 0 : this.#width - fields;
    return Buffer.from(`${this.#format.delimiter.repeat(missing)}\n`);
  }
}

const PIECE_BYTES = 256 * 1024;
