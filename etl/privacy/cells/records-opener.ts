import { Buffer } from 'node:buffer';
import type { ProtectedColumn, SubjectKeyName, Vault, VaultPeriod } from '../vault.ts';
import { type OpeningJob, type PackedTexts, SECRET_BYTES } from './cell-job.ts';
import type { CellWorkers } from './cell-work.ts';
import { COLUMN_AT, hasHeader, PERIOD_AT, SUBJECT_AT } from './envelope-bytes.ts';

/** What opening needs of a vault. */
type VaultOfKeys = Pick<Vault, 'columns' | 'subjectKeys' | 'periodKeys'>;

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
      const names = new KeyNames(columns);
      const records = ends[0]?.length ?? 0;
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
        const packed = fields.map((bytes, n) => packedTexts(bytes, ends[n] ?? [], cut));
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
function endsOf(bytes: Buffer): number[] {
  const ends: number[] = [];
  for (let end = bytes.indexOf(0); end >= 0; end = bytes.indexOf(0, end + 1)) ends.push(end);
  ends.push(bytes.length);
  return ends;
}

/** Some of many. */
interface Cut {
  readonly first: number;
  readonly end: number;
}

/** Some of the texts, without what stands between them. */
function packedTexts(bytes: Buffer, ends: readonly number[], { first, end }: Cut): PackedTexts {
  const start = first === 0 ? 0 : (ends[first - 1] ?? 0) + 1;
  const packed = new Uint8Array(Math.max((ends[end - 1] ?? 0) - start, 0));
  const packedEnds = new Uint32Array(end - first);
  let at = 0;
  for (let n = first, from = start; n < end; n++) {
    const to = ends[n] ?? 0;
    for (; from < to; from++) packed[at++] = bytes[from] ?? 0;
    from = to + 1;
    packedEnds[n - first] = at;
  }
  return { bytes: packed.subarray(0, at), ends: packedEnds };
}

/** Cells of one column, as far as they name keys. */
interface SeenColumn {
  readonly id: string;
  /** Undefined for one that the vault doesn't know. */
  readonly column: ProtectedColumn | undefined;
  /** Numbers of subjects by their references, shared by all columns of the group. */
  readonly subjects: Map<string, number>;
  /** Numbers of periods by year and month. */
  readonly periods: Map<number, number>;
}

/** The keys that cells need, each once, and by cell the numbers of its keys; -1 for none. */
class KeyNames {
  readonly #columns: ReadonlyMap<string, ProtectedColumn>;
  readonly #seen = new Map<string, SeenColumn>();
  readonly #byGroup = new Map<string, Map<string, number>>();
  readonly #subjectNames: SubjectKeyName[] = [];
  readonly #periodNames: VaultPeriod[] = [];
  readonly subjects: number[] = [];
  readonly periods: number[] = [];

  constructor(columns: ReadonlyMap<string, ProtectedColumn>) {
    this.#columns = columns;
  }

  add(bytes: Buffer, start: number, end: number): void {
    const seen = hasHeader(bytes, start, end)
      ? this.#columnOf(bytes.toString('latin1', start + COLUMN_AT, start + COLUMN_AT + 8))
      : undefined;
    if (seen?.column === undefined) {
      this.subjects.push(-1);
      this.periods.push(-1);
      return;
    }
    const { dataset, group } = seen.column;
    const reference = bytes.toString('latin1', start + SUBJECT_AT, start + SUBJECT_AT + 26);
    let subject = seen.subjects.get(reference);
    if (subject === undefined) {
      subject = this.#subjectNames.push({ reference, group }) - 1;
      seen.subjects.set(reference, subject);
    }
    const month = monthAt(bytes, start + PERIOD_AT);
    let period = seen.periods.get(month);
    if (period === undefined) {
      period = this.#periodNames.push({ dataset, group, period: String(month).padStart(6, '0') }) - 1;
      seen.periods.set(month, period);
    }
    this.subjects.push(subject);
    this.periods.push(period);
  }

  async keys(vault: VaultOfKeys): Promise<Keys> {
    return {
      subjects: await vault.subjectKeys(this.#subjectNames),
      periods: await vault.periodKeys(this.#periodNames, 'leave'),
    };
  }

  #columnOf(id: string): SeenColumn {
    const known = this.#seen.get(id);
    if (known !== undefined) return known;
    const column = this.#columns.get(id);
    const group = column?.group ?? '';
    const subjects = this.#byGroup.get(group) ?? new Map<string, number>();
    this.#byGroup.set(group, subjects);
    const seen = { id, column, subjects, periods: new Map<number, number>() };
    this.#seen.set(id, seen);
    return seen;
  }
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
  numbers: readonly number[],
  keys: readonly (Uint8Array | undefined)[],
  { first, end }: Cut,
): Numbered {
  const own = new Map<number, number>();
  const renumbered = new Int32Array(end - first);
  for (let cell = first; cell < end; cell++) {
    const number = numbers[cell] ?? -1;
    const isThere = number >= 0 && keys[number] !== undefined;
    const known = isThere ? (own.get(number) ?? own.size) : -1;
    if (isThere) own.set(number, known);
    renumbered[cell - first] = known;
  }
  const packed = new Uint8Array(own.size * SECRET_BYTES);
  for (const [number, n] of own) packed.set(keys[number] ?? [], n * SECRET_BYTES);
  return { keys: packed, numbers: renumbered };
}

/** `202611` as a number. */
function monthAt(bytes: Uint8Array, at: number): number {
  let month = 0;
  for (let n = at; n < at + 6; n++) month = month * 10 + (bytes[n] ?? 0) - 0x30;
  return month;
}
