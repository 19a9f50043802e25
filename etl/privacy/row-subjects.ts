import { createHash } from 'node:crypto';
import { fittingSubjectId } from './fitting-id.ts';
import type { PlannedSubject, ProtectionPlan, Row, Rows } from './protection-plan.ts';
import { Recent } from './recent.ts';
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
  readonly #known = new Map<string, Recent<{ known?: KnownSubject }>>();

  constructor(asked: RowsAsked) {
    this.#asked = asked;
  }

  /** `visit` is shown each row, once it was looked at. */
  async of(rows: Rows, visit: (row: Row) => void): Promise<SubjectsOfRows> {
    const { plan } = this.#asked;
    const { length: perRow } = plan.subjects;
    const batch = new Batch(rows.count * perRow);
    for (let n = 0; n < rows.count; n++) {
      const row = rows.row(n);
      const datedMs = this.#datedMsOf(row);
      for (const [s, subject] of plan.subjects.entries())
        if (hasCellsOf(row, plan, s)) batch.add(n * perRow + s, namedSubject(row, subject, datedMs));
      visit(row);
    }
    await this.#find(batch);
    return (n, subject) => batch.subjectOf(n * perRow + subject);
  }

  async #find(batch: Batch): Promise<void> {
    const { vault, groups } = this.#asked;
    const people = batch.people.filter((person) => {
      person.known = this.#knownOf(person)?.found;
      return person.known === undefined;
    });
    const found = await vault.subjects(people.map(oldestOf), groups);
    for (const [n, person] of people.entries()) {
      person.known = found[n];
      if (found[n]?.kind === 'known')
        this.#slotOf(person).known = { found: found[n], datedMs: person.oldestMs };
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
    const { known } = this.#slotOf(person);
    return known !== undefined && known.datedMs <= person.oldestMs ? known : undefined;
  }

  #slotOf({ kind, id }: BatchPerson): { known?: KnownSubject } {
    const ofKind = this.#known.get(kind) ?? new Recent<{ known?: KnownSubject }>(KEPT);
    this.#known.set(kind, ofKind);
    return ofKind.get(id, () => ({}));
  }

  /** A row of the future is one of today; one without a time may be of any, and is taken as old: it brings nobody back. */
  #datedMsOf(row: Row): number {
    const { plan, arrived } = this.#asked;
    return Math.min(plan.datedOf(row)?.getTime() ?? EPOCH_MS, arrived.getTime());
  }
}

const EPOCH_MS = 0;

/** Somebody whom rows of a batch name. */
interface BatchPerson {
  readonly kind: string;
  readonly id: string;
  oldestMs: number;
  known?: FoundSubject | undefined;
  /** What rows of somebody known have of them. */
  subject?: RowSubject;
  /** Of somebody forgotten, what the vault has by the times of records. */
  single?: Map<number, FoundSubject | undefined>;
}

/** Whom a row names, and its time. */
type NamedAt = Pick<NamedSubject, 'kind' | 'id'> & { readonly datedMs: number };

const oldestOf = ({ kind, id, oldestMs }: BatchPerson): NamedSubject => ({
  kind,
  id,
  dated: new Date(oldestMs),
});

/** Whom the rows of a batch name, each once. */
class Batch {
  readonly #byKind = new Map<string, Map<string, BatchPerson>>();
  readonly people: BatchPerson[] = [];
  /** By place, a subject of a row: whom it names, and the row's time. */
  readonly #named: (BatchPerson | undefined)[];
  readonly #datedMs: Float64Array;

  constructor(places: number) {
    this.#named = Array.from({ length: places });
    this.#datedMs = new Float64Array(places);
  }

  add(place: number, { kind, id, datedMs }: NamedAt): void {
    const ofKind = this.#byKind.get(kind) ?? new Map<string, BatchPerson>();
    this.#byKind.set(kind, ofKind);
    let person = ofKind.get(id);
    if (person === undefined) {
      person = { kind, id, oldestMs: datedMs };
      ofKind.set(id, person);
      this.people.push(person);
    }
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

const hasCellsOf = (row: Row, { cells }: ProtectionPlan, subject: number): boolean =>
  cells.some((cell) => {
    const text = row[cell.place];
    return cell.subject === subject && text !== undefined && !cell.isNull(text);
  });

function namedSubject(row: Row, { kind, place, column }: PlannedSubject, datedMs: number): NamedAt {
  const id = fittingSubjectId(row[place] ?? '', column);
  if (id !== undefined) return { kind, id, datedMs };
  const own = ownSubject(row);
  return { ...own, datedMs: own.dated.getTime() };
}

/** Whoever a row is of that names nobody: found by its cells. Once destroyed, the same row never comes back. */
export function ownSubject(row: Row): NamedSubject {
  const id = createHash('sha256').update(JSON.stringify(row)).digest('hex');
  return { kind: OWN_KIND, id, dated: new Date(EPOCH_MS) };
}
