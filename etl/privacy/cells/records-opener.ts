import { Buffer } from 'node:buffer';
import type { ProtectedColumn, SubjectKeyName, Vault, VaultPeriod } from '../vault.ts';
import type { OpeningJob, PackedTexts } from './cell-job.ts';
import type { CellWorkers } from './cell-work.ts';
import { COLUMN_AT, hasHeader, PERIOD_AT, SUBJECT_AT } from './envelope-bytes.ts';
import { keysOf } from './sealing-batch.ts';

/** What opening needs of a vault. */
type VaultOfKeys = Pick<Vault, 'columns' | 'subjectKeys' | 'periodKeys'>;

/** Digits of a column's id, and of a reference. */
const [COLUMN_LENGTH, REFERENCE_LENGTH] = [8, 26];

/** Records of one job. */
const JOB_RECORDS = 8_192;

/** Opens the sealed cells of many records. */
export interface RecordsOpener {
  /**
   * By field what stands in its cells, with a separator between two: the values, or one of UNOPENED; of a cell that doesn't
   * begin with `~` nothing. The cells come by field too, with a NUL between two, as many in each.
   */
  open(fields: readonly Buffer[], separator: string): Promise<readonly string[]>;
}

/** What opens records with the keys of a vault, which is asked once a call. Not to be kept longer than the work on one chunk. */
export async function openRecords(
  vault: VaultOfKeys,
  work: Pick<CellWorkers, 'work'>,
): Promise<RecordsOpener> {
  const columns = await vault.columns();
  return {
    async open(fields, separator) {
      const ends = fields.map(endsOf);
      const records = ends[0]?.length ?? 0;
      const names = new KeyNames(columns, records * fields.length);
      if (ends.some(({ length }) => length !== records)) throw new RangeError('a field has fewer cells');
      for (let record = 0; record < records; record++)
        for (const [n, bytes] of fields.entries()) {
          const own = ends[n];
          names.add(bytes, record === 0 ? 0 : (own?.[record - 1] ?? 0) + 1, own?.[record] ?? 0);
        }
      const keys = await names.keys(vault);
      const jobs: Promise<readonly Uint8Array[]>[] = [];
      for (let first = 0; first < records; first += JOB_RECORDS) {
        const cut = { first, end: Math.min(first + JOB_RECORDS, records) };
        const packed = fields.map((bytes, n) => packedTexts(bytes, ends[n] ?? new Uint32Array(), cut));
        const cells = { first: cut.first * fields.length, end: cut.end * fields.length };
        const job: OpeningJob = {
          ...{ kind: 'open', fields: packed, separator: new Uint8Array(Buffer.from(separator)) },
          secrets: secretsOf(names, keys, cells),
        };
        const begun = work.work(job);
        begun.catch(() => undefined);
        jobs.push(begun);
      }
      const opened = await Promise.all(jobs);
      return fields.map((_, n) =>
        opened.map((texts) => Buffer.from(texts[n] ?? []).toString('utf8')).join(separator),
      );
    },
  };
}

/** Where each of the texts ends that have a NUL between two. */
function endsOf(bytes: Buffer): Uint32Array<ArrayBuffer> {
  let ends = new Uint32Array(1024);
  let count = 0;
  for (let end = bytes.indexOf(0); ; end = bytes.indexOf(0, end + 1)) {
    if (count === ends.length) {
      const larger = new Uint32Array(2 * count);
      larger.set(ends);
      ends = larger;
    }
    ends[count++] = end < 0 ? bytes.length : end;
    if (end < 0) return ends.subarray(0, count);
  }
}

/** Some of many. */
interface Cut {
  readonly first: number;
  readonly end: number;
}

/** Some of the texts, with what stands between them. */
function packedTexts(bytes: Buffer, ends: Uint32Array, { first, end }: Cut): PackedTexts {
  const start = first === 0 ? 0 : (ends[first - 1] ?? 0) + 1;
  const own = ends.slice(first, end);
  for (let n = 0; n < own.length; n++) own[n] = (own[n] ?? 0) - start;
  return { bytes: new Uint8Array(bytes.subarray(start, ends[end - 1] ?? 0)), ends: own };
}

/** Cells of one column, as far as they name keys. */
interface SeenColumn {
  readonly id: string;
  readonly column: ProtectedColumn;
  /** Numbers of subjects by their references, shared by all columns of the group. */
  readonly subjects: Map<string, number>;
  /** Numbers of periods by year and month. */
  readonly periods: Map<number, number>;
}

/** The keys that cells need, each once, and by cell the numbers of its keys; -1 for none. */
class KeyNames {
  readonly #columns: ReadonlyMap<string, ProtectedColumn>;
  /** Those of a dataset are few. */
  readonly #seen: SeenColumn[] = [];
  readonly #byGroup = new Map<string, Map<string, number>>();
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

  add(bytes: Buffer, start: number, end: number): void {
    const seen = hasHeader(bytes, start, end) ? this.#columnAt(bytes, start + COLUMN_AT) : undefined;
    const cell = this.#cells++;
    if (seen === undefined) return;
    const { dataset, group } = seen.column;
    this.subjects[cell] = this.#subjectAt(bytes, start + SUBJECT_AT, { group, subjects: seen.subjects });
    const month = monthAt(bytes, start + PERIOD_AT);
    let period = seen.periods.get(month);
    if (period === undefined) {
      period = this.#periodNames.push({ dataset, group, period: String(month).padStart(6, '0') }) - 1;
      seen.periods.set(month, period);
    }
    this.periods[cell] = period;
  }

  /** The number of a subject; that of the cell before where it is the same, as most of a record are. */
  #subjectAt(bytes: Buffer, at: number, { group, subjects }: SubjectsOfGroup): number {
    const last = this.#last;
    if (last?.subjects === subjects && isSameReference(last, bytes, at)) return last.number;
    const reference = bytes.toString('latin1', at, at + REFERENCE_LENGTH);
    let number = subjects.get(reference);
    if (number === undefined) {
      number = this.#subjectNames.push({ reference, group }) - 1;
      subjects.set(reference, number);
    }
    this.#last = { bytes, at, subjects, number };
    return number;
  }
  #last: LastSubject | undefined;

  async keys(vault: VaultOfKeys): Promise<Keys> {
    return {
      subjects: await vault.subjectKeys(this.#subjectNames),
      periods: await vault.periodKeys(this.#periodNames, 'leave'),
    };
  }

  /** The column of an id; undefined for one that the vault doesn't know. */
  #columnAt(bytes: Buffer, at: number): SeenColumn | undefined {
    for (const seen of this.#seen) if (isAt(seen.id, bytes, at)) return seen;
    const id = bytes.toString('latin1', at, at + COLUMN_LENGTH);
    const column = this.#columns.get(id);
    if (column === undefined) return undefined;
    const subjects = this.#byGroup.get(column.group) ?? new Map<string, number>();
    this.#byGroup.set(column.group, subjects);
    const seen = { id, column, subjects, periods: new Map<number, number>() };
    this.#seen.push(seen);
    return seen;
  }
}

/** A data group, and the numbers of its subjects. */
interface SubjectsOfGroup {
  readonly group: string;
  readonly subjects: Map<string, number>;
}

/** Where the reference of the last subject stands, and its number among those of its group. */
interface LastSubject {
  readonly bytes: Buffer;
  readonly at: number;
  readonly subjects: Map<string, number>;
  readonly number: number;
}

function isSameReference(last: LastSubject, bytes: Buffer, at: number): boolean {
  for (let n = 0; n < REFERENCE_LENGTH; n++) if (last.bytes[last.at + n] !== bytes[at + n]) return false;
  return true;
}

function isAt(text: string, bytes: Buffer, at: number): boolean {
  for (let n = 0; n < text.length; n++) if (text.charCodeAt(n) !== bytes[at + n]) return false;
  return true;
}

/** By number; undefined where one is no more. */
interface Keys {
  readonly subjects: readonly (Uint8Array | undefined)[];
  readonly periods: readonly (Uint8Array | undefined)[];
}

/** The secrets of some cells: of all that were seen those that they need. */
function secretsOf(names: KeyNames, keys: Keys, { first, end }: Cut): OpeningJob['secrets'] {
  const subjects = numbered(names.subjects, keys.subjects, { first, end });
  const periods = numbered(names.periods, keys.periods, { first, end });
  return {
    ...{ subjectKeys: subjects.keys, subjects: subjects.numbers },
    ...{ periodKeys: periods.keys, periods: periods.numbers },
  };
}

interface Numbered {
  readonly keys: Uint8Array<ArrayBuffer>;
  readonly numbers: Int32Array<ArrayBuffer>;
}

/** Keys that some cells need, numbered anew; -1 where one is no more. */
function numbered(
  numbers: Int32Array,
  keys: readonly (Uint8Array | undefined)[],
  { first, end }: Cut,
): Numbered {
  const own = new Int32Array(keys.length).fill(-1);
  const used: Uint8Array[] = [];
  const renumbered = new Int32Array(end - first);
  for (let cell = first; cell < end; cell++) {
    const number = numbers[cell] ?? -1;
    const key = number < 0 ? undefined : keys[number];
    if (key === undefined) renumbered[cell - first] = -1;
    else {
      if ((own[number] ?? -1) < 0) own[number] = used.push(key) - 1;
      renumbered[cell - first] = own[number] ?? -1;
    }
  }
  return { keys: keysOf(used), numbers: renumbered };
}

/** `202611` as a number. */
function monthAt(bytes: Uint8Array, at: number): number {
  let month = 0;
  for (let n = at; n < at + 6; n++) month = month * 10 + (bytes[n] ?? 0) - 0x30;
  return month;
}
