import { numberText } from './cell-text.ts';
import { longer, type Sheet, stringCollector, type Workbook } from './workbook.ts';
import { isTrue, spreadsheetText } from './xml.ts';

/** A row of a sheet with anything in it: its number, from 1, and its cells as text from the first column on. */
export interface SheetRow {
  readonly number: number;
  readonly cells: readonly string[];
}

/** What to report of a sheet beside its rows. */
export interface SheetNotes {
  hiddenRows: number;
  firstHidden: number;
  errors: number;
  firstError: string;
  mergedRanges: number;
  /** Formulas that were saved with a value. */
  formulas: number;
  /** Formulas without one, by their columns, from 0. */
  readonly unsaved: Map<number, UnsavedFormulas>;
}

/** Formulas of a column that were saved without a value: a library wrote them, and no spreadsheet has calculated them. */
export interface UnsavedFormulas {
  cells: number;
  /** The first of them, as `D2`, and its row. */
  readonly first: string;
  readonly firstRow: number;
  lastRow: number;
}

/** A sheet has no more. */
const MOST_COLUMNS = 16_384;
const MOST_ROWS = 1_048_576;

/** Of one row, whose cells are in memory together. */
const MOST_CHARACTERS = 16 * 1024 * 1024;

/** A workbook, and the decimal sign that its numbers are written with. */
interface SheetSource extends Workbook {
  readonly decimal: '.' | ',';
}

/** Who is given a sheet's rows. */
export interface RowTaker {
  take(row: SheetRow): void;
  /** Called now and then; no row comes before it returns. */
  flush(): Promise<void>;
}

/** Reads a sheet's rows in their order; the taker is given each that has anything in it. */
export async function readRows(workbook: SheetSource, sheet: Sheet, taker: RowTaker): Promise<SheetNotes> {
  const reader = new RowReader(workbook, taker);
  await workbook.read(sheet.part, reader);
  return reader.notes;
}

/** A cell that is being read. */
interface Cell {
  readonly type: string;
  readonly style: number;
  readonly reference: string;
  value: string;
  isFormula: boolean;
  /** Whether it has an element for its value, which may be empty. */
  hasValue: boolean;
}

class RowReader {
  readonly notes: SheetNotes = {
    ...{ hiddenRows: 0, firstHidden: 0, errors: 0, firstError: '', mergedRanges: 0, formulas: 0 },
    unsaved: new Map(),
  };
  readonly #workbook: SheetSource;
  readonly #taker: RowTaker;
  readonly #inline: ReturnType<typeof stringCollector>;
  #row = 0;
  #characters = 0;
  #isHidden = false;
  #cells: string[] = [];
  #column = 0;
  #cell: Cell | undefined;
  #isValue = false;

  constructor(workbook: SheetSource, taker: RowTaker) {
    this.#workbook = workbook;
    this.#taker = taker;
    this.#inline = stringCollector((text) => {
      if (this.#cell !== undefined) this.#cell.value = text;
    }, 'is');
  }

  open(name: string, attributes: Readonly<Record<string, string>>): void {
    this.#inline.open(name, attributes);
    if (name === 'row') this.#startRow(attributes);
    else if (name === 'c') this.#startCell(attributes);
    else if (this.#cell !== undefined) this.#openInCell(this.#cell, name);
    else if (name === 'mergeCell') this.notes.mergedRanges++;
  }

  text(piece: string): void {
    this.#inline.text(piece);
    if (this.#isValue && this.#cell !== undefined) this.#cell.value = longer(this.#cell.value, piece);
  }

  close(name: string): void {
    this.#inline.close(name);
    if (name === 'v') this.#isValue = false;
    else if (name === 'c') this.#finishCell();
    else if (name === 'row') this.#finishRow();
  }

  flush(): Promise<void> {
    return this.#taker.flush();
  }

  #openInCell(cell: Cell, name: string): void {
    if (name === 'f') cell.isFormula = true;
    if (name === 'v') this.#isValue = true;
    if (name === 'v' || name === 'is') cell.hasValue = true;
  }

  #startRow({ r, hidden }: Readonly<Record<string, string>>): void {
    const number = r === undefined ? this.#row + 1 : Number(r);
    if (!Number.isInteger(number) || number <= this.#row)
      throw new RangeError(`its rows are in no order: '${r}' follows ${this.#row}`);
    if (number > MOST_ROWS)
      throw new RangeError(`it has a row ${number}, and no sheet has more than ${MOST_ROWS}`);
    this.#row = number;
    this.#characters = 0;
    this.#isHidden = isTrue(hidden);
    this.#cells = [];
    this.#column = 0;
  }

  #startCell({ r = '', t = 'n', s = '0' }: Readonly<Record<string, string>>): void {
    const letters = /^[A-Z]+/.exec(r)?.[0];
    this.#column = letters === undefined ? this.#column + 1 : columnOf(letters);
    if (this.#column > MOST_COLUMNS)
      throw new RangeError(
        `its row ${this.#row} has a cell in column ${this.#column}, and no sheet has more than ${MOST_COLUMNS}`,
      );
    this.#cell = { type: t, style: Number(s), reference: r, value: '', isFormula: false, hasValue: false };
  }

  #finishCell(): void {
    const cell = this.#cell;
    this.#cell = undefined;
    if (cell === undefined) return;
    if (cell.isFormula) this.#noteFormula(cell);
    const text = this.#textOf(cell);
    if (text === '') return;
    this.#characters += text.length;
    if (this.#characters > MOST_CHARACTERS) throw new RangeError(`its row ${this.#row} is too long`);
    while (this.#cells.length < this.#column - 1) this.#cells.push('');
    this.#cells[this.#column - 1] = text;
  }

  /** A formula may come to no text, which is saved as an empty value of type `str`; what libraries leave out has no type. */
  #noteFormula({ type, reference, value, hasValue }: Cell): void {
    const isSaved = value !== '' || (hasValue && type !== 'n');
    const known = this.notes.unsaved.get(this.#column - 1);
    if (isSaved) this.notes.formulas++;
    else if (known === undefined) {
      const first = reference === '' ? `row ${this.#row}, column ${this.#column}` : reference;
      const cells = { cells: 1, first, firstRow: this.#row, lastRow: this.#row };
      this.notes.unsaved.set(this.#column - 1, cells);
    } else {
      known.cells++;
      known.lastRow = this.#row;
    }
  }

  #finishRow(): void {
    if (this.#cells.length === 0) return;
    if (this.#isHidden) {
      this.notes.firstHidden ||= this.#row;
      this.notes.hiddenRows++;
    }
    this.#taker.take({ number: this.#row, cells: this.#cells });
  }

  #textOf({ type, style, reference, value }: Cell): string {
    const { strings, styles, is1904, decimal } = this.#workbook;
    if (value === '') return '';
    if (type === 's') {
      const text = strings[Number(value)];
      if (text === undefined) throw new RangeError(`${reference} names a text that is not there`);
      return text;
    }
    if (type === 'b') return isTrue(value) ? 'true' : 'false';
    if (type === 'e') {
      this.notes.firstError ||= `${value} in ${reference}`;
      this.notes.errors++;
    }
    if (type === 'str') return spreadsheetText(value);
    if (type !== 'n') return value;
    const kind = styles[style] ?? 'number';
    const number = numberText(value, kind, is1904);
    return kind === 'number' && decimal === ',' ? number.replace('.', ',') : number;
  }
}

/** `AB` → 28. */
function columnOf(letters: string): number {
  let column = 0;
  for (const letter of letters) column = column * 26 + letter.charCodeAt(0) - 64;
  return column;
}
