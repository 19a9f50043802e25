import { createHash } from 'node:crypto';
import { type CellBytes, hasPlainEnds, newCellBytes } from './cell-bytes.ts';
import { fittingSubjectId } from './fitting-id.ts';
import type { PlannedCell, PlannedSubject, ProtectionPlan, Row, Rows } from './protection-plan.ts';
import { Recent } from './recent.ts';
import { RowMoments } from './row-moments.ts';
import { SeenCells } from './seen-cells.ts';
import type { FoundSubject, NamedSubject, Vault } from './vault.ts';

/** The kind of a row that names no subject: it has a key of its own. No contract can name it, for its point. */
const OWN_KIND = 'assay.record';

/** A subject of a row, and what the vault has of it. */
export interface RowSubject {
  readonly found: FoundSubject;
  /** Whether the row named nobody, and has a key of its own instead. */
  readonly isOwn: boolean;
}

/** The subject of the n-th row by its number in the plan; undefined where nothing of theirs is in the row. */
export type SubjectsOfRows = (n: number, subject: number) => RowSubject | undefined;

/** What rows are asked about. */
export interface RowsAsked {
  readonly plan: ProtectionPlan;
  readonly groups: readonly string[];
  readonly vault: Vault;
  readonly arrived: Date;
}

/** So many subjects are kept from one batch to the next, at most twice as many. */
const KEPT = 20_000;

/** What the vault has of somebody, of whom a record of that time is not forgotten: nor is any that is newer. */
interface KnownSubject {
  readonly found: FoundSubject;
  readonly datedMs: number;
}

/**
 * Finds the subjects of rows, batch by batch, and keeps those that it found: not to live longer than the work on one
 * file. The vault is asked
 * once a batch for each subject, and once more for each record of somebody who was forgotten.
 */
export class RowSubjects {
  readonly #asked: RowsAsked;
  /** By kind, and then by id: a text made of both would be made for each row that is asked about. */
  readonly #known = new Map<string, Recent<KnownSubject>>();
  readonly #moments: RowMoments;
  readonly #subjects: readonly SubjectInRows[];
  readonly #cell = newCellBytes();
  #batches = 0;

  constructor(asked: RowsAsked) {
    this.#asked = asked;
    const { subjects, cells } = asked.plan;
    this.#moments = new RowMoments(asked.plan, asked.arrived);
    this.#subjects = subjects.map((subject, s) => ({
      subject,
      cells: cells.filter((cell) => cell.subject === s),
      seen: new SeenCells<SeenId>(),
    }));
  }

  /** `visit` is told the period of each row, in their order. */
  async of(rows: Rows, visit: (period: string) => void): Promise<SubjectsOfRows> {
    const { length: perRow } = this.#subjects;
    const batch = new Batch(rows.count * perRow, ++this.#batches);
    for (let n = 0; n < rows.count; n++) {
      this.#moments.read(rows, n);
      for (let s = 0; s < perRow; s++) {
        const one = this.#subjects[s];
        if (one !== undefined && this.#hasValue(rows, n, one)) this.#name(rows, n, { batch, s, one });
      }
      visit(this.#moments.period);
    }
    await this.#find(batch);
    return (n, subject) => batch.subjectOf(n * perRow + subject);
  }

  #hasValue(rows: Rows, n: number, { cells }: SubjectInRows): boolean {
    for (const cell of cells) if (isValue(rows, n, { cell, bytes: this.#cell })) return true;
    return false;
  }

  /** Notes whom a row names. */
  #name(rows: Rows, n: number, { batch, s, one }: Naming): void {
    const { subject, seen } = one;
    const { datedMs } = this.#moments;
    const place = n * this.#subjects.length + s;
    const cell = rows.find(n, subject.place, this.#cell) ? this.#cell : undefined;
    let known = cell && seen.find(cell);
    if (known === undefined) {
      known = { id: fittingSubjectId(rows.cell(n, subject.place) ?? '', subject.column) };
      if (cell !== undefined) seen.add(cell, known);
    }
    if (known.id === undefined) {
      const own = ownSubject(rows.row(n));
      batch.note(place, batch.personOf(own.kind, own.id), own.dated.getTime());
      return;
    }
    if (known.person === undefined || known.batch !== batch.number) {
      known.person = batch.personOf(subject.kind, known.id);
      known.batch = batch.number;
    }
    batch.note(place, known.person, datedMs);
  }

  async #find(batch: Batch): Promise<void> {
    const { vault, groups } = this.#asked;
    const people = batch.people.filter((person) => {
      person.known = this.#knownOf(person)?.found;
      return person.known === undefined;
    });
    const found = await vault.subjects(people, groups);
    for (const [n, person] of people.entries()) {
      person.known = found[n];
      // Of more than are kept, to keep the last would let go of each before it is met again.
      if (n < KEPT) this.#keep(person, found[n]);
    }
    // Of somebody forgotten, newer records are another person's.
    const again = batch.ofForgotten();
    if (again.length === 0) return;
    const ofEach = await vault.subjects(
      again.map(({ person: { kind, id }, datedMs }) => ({ kind, id, dated: new Date(datedMs) })),
      groups,
    );
    for (const [n, { person, datedMs }] of again.entries())
      person.single?.set(datedMs, ofEach[n] as FoundSubject);
  }

  #knownOf(person: BatchPerson): KnownSubject | undefined {
    const known = this.#known.get(person.kind)?.find(person.id);
    return known !== undefined && known.datedMs <= person.oldestMs ? known : undefined;
  }

  #keep({ kind, id, oldestMs }: BatchPerson, found: FoundSubject | undefined): void {
    if (found?.kind !== 'known') return;
    const ofKind = this.#known.get(kind) ?? new Recent<KnownSubject>(KEPT);
    this.#known.set(kind, ofKind);
    ofKind.add(id, { found, datedMs: oldestMs });
  }
}

/** A subject of the plan in all rows. */
interface SubjectInRows {
  readonly subject: PlannedSubject;
  /** What is of them. */
  readonly cells: readonly PlannedCell[];
  /** Ids by the cells that name them. */
  readonly seen: SeenCells<SeenId>;
}

/** The id that a cell names, and whom it was in the batch that met it last. */
interface SeenId {
  readonly id: string | undefined;
  person?: BatchPerson;
  batch?: number;
}

interface Naming {
  readonly batch: Batch;
  /** The subject, and its number. */
  readonly one: SubjectInRows;
  readonly s: number;
}

/** A cell of the plan, and where its bytes are put. */
interface CellAsked {
  readonly cell: Pick<PlannedCell, 'place' | 'isNull' | 'longestNullBytes'>;
  readonly bytes: CellBytes;
}

/** Whether a row has a value in a cell, whose bytes are found then. */
export function isValue(rows: Rows, n: number, { cell, bytes }: CellAsked): boolean {
  if (!rows.find(n, cell.place, bytes)) return false;
  if (bytes.end - bytes.start > (cell.longestNullBytes ?? Number.POSITIVE_INFINITY) && hasPlainEnds(bytes))
    return true;
  return !cell.isNull(rows.cell(n, cell.place) ?? '');
}

const EPOCH_MS = 0;

/** Somebody whom rows of a batch name; as the vault is asked, by the oldest of these. */
class BatchPerson implements NamedSubject {
  readonly kind: string;
  readonly id: string;
  oldestMs = Number.POSITIVE_INFINITY;
  known: FoundSubject | undefined;
  /** What rows of somebody known have of them. */
  subject: RowSubject | undefined;
  /** Of somebody forgotten, what the vault has by the times of records. */
  single: Map<number, FoundSubject | undefined> | undefined;

  constructor(kind: string, id: string) {
    this.kind = kind;
    this.id = id;
  }

  get dated(): Date {
    return new Date(this.oldestMs);
  }
}

/** Whom the rows of a batch name, each once. */
class Batch {
  readonly #byKind = new Map<string, Map<string, BatchPerson>>();
  readonly people: BatchPerson[] = [];
  /** By place, a subject of a row: whom it names, and the row's time. */
  readonly #named: (BatchPerson | undefined)[];
  readonly #datedMs: Float64Array;

  /** Tells batches of one file apart. */
  readonly number: number;

  constructor(places: number, number: number) {
    this.number = number;
    this.#named = Array.from({ length: places });
    this.#datedMs = new Float64Array(places);
  }

  /** Somebody of the batch, once for each id. */
  personOf(kind: string, id: string): BatchPerson {
    const ofKind = this.#byKind.get(kind) ?? new Map<string, BatchPerson>();
    this.#byKind.set(kind, ofKind);
    let person = ofKind.get(id);
    if (person === undefined) {
      person = new BatchPerson(kind, id);
      ofKind.set(id, person);
      this.people.push(person);
    }
    return person;
  }

  /** Notes whom a row names, and its time. */
  note(place: number, person: BatchPerson, datedMs: number): void {
    if (datedMs < person.oldestMs) person.oldestMs = datedMs;
    this.#named[place] = person;
    this.#datedMs[place] = datedMs;
  }

  /** Each record of somebody forgotten, by the times that differ. */
  ofForgotten(): { readonly person: BatchPerson; readonly datedMs: number }[] {
    const again: { readonly person: BatchPerson; readonly datedMs: number }[] = [];
    if (this.people.every(({ known }) => known?.kind !== 'forgotten')) return again;
    for (const [place, person] of this.#named.entries()) {
      if (person?.known?.kind !== 'forgotten') continue;
      const datedMs = this.#datedMs[place] ?? 0;
      person.single ??= new Map();
      if (person.single.has(datedMs)) continue;
      person.single.set(datedMs, undefined);
      again.push({ person, datedMs });
    }
    return again;
  }

  subjectOf(place: number): RowSubject | undefined {
    const person = this.#named[place];
    if (person === undefined) return undefined;
    if (person.subject !== undefined) return person.subject;
    const isOwn = person.kind === OWN_KIND;
    if (person.known?.kind === 'known') {
      person.subject = { found: person.known, isOwn };
      return person.subject;
    }
    return { found: person.single?.get(this.#datedMs[place] ?? 0) ?? { kind: 'forgotten' }, isOwn };
  }
}

/** Whoever a row is of that names nobody: found by its cells. Once destroyed, the same row never comes back. */
export function ownSubject(row: Row): NamedSubject {
  const id = createHash('sha256').update(JSON.stringify(row)).digest('hex');
  return { kind: OWN_KIND, id, dated: new Date(EPOCH_MS) };
}
