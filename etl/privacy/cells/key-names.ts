import { Buffer } from 'node:buffer';
import { type CellBytes, newCellBytes } from '../cell-bytes.ts';
import { SeenCells } from '../seen-cells.ts';
import type { ProtectedColumn, SubjectKeyName, Vault, VaultPeriod } from '../vault.ts';
import { COLUMN_AT, hasHeader, PERIOD_AT, SUBJECT_AT } from './envelope-bytes.ts';

/** What opening needs of a vault. */
export type VaultOfKeys = Pick<Vault, 'columns' | 'subjectKeys' | 'periodKeys'>;

/** Digits of a column's id, and of a reference. */
const [COLUMN_LENGTH, REFERENCE_LENGTH] = [8, 26];

/** Cells of one column, as far as they name keys. */
interface SeenColumn {
  readonly id: string;
  readonly column: ProtectedColumn;
  readonly subjects: SubjectsOfGroup;
  /** Numbers of periods by year and month. */
  readonly periods: Map<number, number>;
}

/** The keys that cells need, each once, and by cell the numbers of its keys; -1 for none. */
export class KeyNames {
  readonly #columns: ReadonlyMap<string, ProtectedColumn>;
  /** Those of a dataset are few. */
  readonly #seen: SeenColumn[] = [];
  readonly #byGroup = new Map<string, SubjectsOfGroup>();
  readonly #subjectNames: SubjectKeyName[] = [];
  readonly #periodNames: VaultPeriod[] = [];
  readonly subjects: Int32Array;
  readonly periods: Int32Array;
  #cells = 0;

  constructor(columns: ReadonlyMap<string, ProtectedColumn>, cells: number) {
    this.#columns = columns;
    this.subjects = new Int32Array(cells).fill(-1);
    this.periods = new Int32Array(cells).fill(-1);
  }

  add({ bytes, start, end }: CellBytes): void {
    const seen = hasHeader(bytes, start, end) ? this.#columnAt(bytes, start + COLUMN_AT) : undefined;
    const cell = this.#cells++;
    if (seen === undefined) return;
    const { dataset, group } = seen.column;
    this.subjects[cell] = this.#subjectAt(bytes, start + SUBJECT_AT, seen.subjects);
    const month = monthAt(bytes, start + PERIOD_AT);
    let period = seen.periods.get(month);
    if (period === undefined) {
      period = this.#periodNames.push({ dataset, group, period: String(month).padStart(6, '0') }) - 1;
      seen.periods.set(month, period);
    }
    this.periods[cell] = period;
  }

  /** The number of a subject; that of the cell before where it is the same, as most of a record are. */
  #subjectAt(bytes: Uint8Array, at: number, of: SubjectsOfGroup): number {
    const last = this.#last;
    if (last.of === of && isSameReference(last, bytes, at)) return last.number;
    last.of = of;
    last.bytes = bytes;
    last.start = at;
    last.end = at + REFERENCE_LENGTH;
    const number = of.seen.find(last) ?? this.#numberOf(latin1(bytes, at, last.end), of);
    last.number = number;
    return number;
  }
  readonly #last: LastSubject = { ...newCellBytes(), of: undefined, number: -1 };

  /** The number of a subject whose reference is the text of the last cell's. */
  #numberOf(reference: string, { group, numbers, seen }: SubjectsOfGroup): number {
    const known = numbers.get(reference);
    const number = known ?? this.#subjectNames.push({ reference, group }) - 1;
    if (known === undefined) numbers.set(reference, number);
    seen.add(this.#last, number);
    return number;
  }

  async keys(vault: VaultOfKeys): Promise<Keys> {
    return {
      subjects: await vault.subjectKeys(this.#subjectNames),
      periods: await vault.periodKeys(this.#periodNames, 'leave'),
    };
  }

  /** The column of an id; undefined for one that the vault doesn't know. */
  #columnAt(bytes: Uint8Array, at: number): SeenColumn | undefined {
    for (const seen of this.#seen) if (isAt(seen.id, bytes, at)) return seen;
    const id = latin1(bytes, at, at + COLUMN_LENGTH);
    const column = this.#columns.get(id);
    if (column === undefined) return undefined;
    const { group } = column;
    const subjects = this.#byGroup.get(group) ?? { group, numbers: new Map(), seen: new SeenCells() };
    this.#byGroup.set(group, subjects);
    const seen = { id, column, subjects, periods: new Map<number, number>() };
    this.#seen.push(seen);
    return seen;
  }
}

/** A data group, and the numbers of its subjects, shared by all of its columns. */
interface SubjectsOfGroup {
  readonly group: string;
  /** By reference. */
  readonly numbers: Map<string, number>;
  /** The same of some, found without making a text. */
  readonly seen: SeenCells<number>;
}

/** Where the reference of the last subject stands, its group, and its number. */
interface LastSubject extends CellBytes {
  of: SubjectsOfGroup | undefined;
  number: number;
}

function isSameReference(last: CellBytes, bytes: Uint8Array, at: number): boolean {
  for (let n = 0; n < REFERENCE_LENGTH; n++) if (last.bytes[last.start + n] !== bytes[at + n]) return false;
  return true;
}

const latin1 = (bytes: Uint8Array, start: number, end: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');

function isAt(text: string, bytes: Uint8Array, at: number): boolean {
  for (let n = 0; n < text.length; n++) if (text.charCodeAt(n) !== bytes[at + n]) return false;
  return true;
}

/** By number; undefined where one is no more. */
export interface Keys {
  readonly subjects: readonly (Uint8Array | undefined)[];
  readonly periods: readonly (Uint8Array | undefined)[];
}

/** `202611` as a number. */
function monthAt(bytes: Uint8Array, at: number): number {
  let month = 0;
  for (let n = at; n < at + 6; n++) month = month * 10 + (bytes[n] ?? 0) - 0x30;
  return month;
}
