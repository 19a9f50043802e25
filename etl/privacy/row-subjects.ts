import { createHash } from 'node:crypto';
import { fittingSubjectId } from './fitting-id.ts';
import type { PlannedSubject, ProtectionPlan, Row } from './protection-plan.ts';

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
const KEPT = 50_000;

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
  readonly #known = new Recent<{ known?: KnownSubject }>(KEPT);

  constructor(asked: RowsAsked) {
    this.#asked = asked;
  }

  async of(rows: readonly Row[]): Promise<SubjectsOfRows> {
    const { plan } = this.#asked;
    const batch = new Batch();
    const named = rows.map((row) => {
      const dated = this.#datedOf(row);
      return plan.subjects.map((subject, n) =>
        hasCellsOf(row, plan, n) ? batch.add(namedSubject(row, subject, dated)) : undefined,
      );
    });
    await this.#find(batch);
    return (n, subject) => {
      const one = named[n]?.[subject];
      return one && { found: batch.foundOf(one), isOwn: one.isOwn };
    };
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
    const again = people
      .filter(({ known }) => known?.kind === 'forgotten')
      .flatMap((person) => batch.each(person));
    if (again.length === 0) return;
    const ofEach = await vault.subjects(
      again.map(({ named }) => named),
      groups,
    );
    for (const [n, { name }] of again.entries()) batch.single.set(name, ofEach[n] as FoundSubject);
  }

  #knownOf(person: BatchPerson): KnownSubject | undefined {
    const { known } = this.#slotOf(person);
    return known !== undefined && known.datedMs <= person.oldestMs ? known : undefined;
  }

  #slotOf({ kind, id }: BatchPerson): { known?: KnownSubject } {
    return this.#known.get(`${kind} ${id}`, () => ({}));
  }

  /** A row of the future is one of today; one without a time may be of any, and is taken as old: it brings nobody back. */
  #datedOf(row: Row): Date {
    const { plan, arrived } = this.#asked;
    const dated = plan.datedOf(row) ?? EPOCH;
    return new Date(Math.min(dated.getTime(), arrived.getTime()));
  }
}

const EPOCH = new Date(0);

/** Somebody whom rows of a batch name. */
interface BatchPerson {
  readonly kind: string;
  readonly id: string;
  oldestMs: number;
  /** Times of the records; absent as long as all of them have the same. */
  times?: Set<number>;
  known?: FoundSubject | undefined;
}

/** Whom one row names. */
interface BatchName {
  readonly person: BatchPerson;
  readonly datedMs: number;
  readonly isOwn: boolean;
}

const oldestOf = ({ kind, id, oldestMs }: BatchPerson): NamedSubject => ({
  kind,
  id,
  dated: new Date(oldestMs),
});

/** Whom the rows of a batch name, each once. */
class Batch {
  readonly #byKind = new Map<string, Map<string, BatchPerson>>();
  readonly people: BatchPerson[] = [];
  /** Of records of somebody forgotten, by person and time. */
  readonly single = new Map<string, FoundSubject>();

  add({ kind, id, dated }: NamedSubject): BatchName {
    const datedMs = dated.getTime();
    const ofKind = this.#byKind.get(kind) ?? new Map<string, BatchPerson>();
    this.#byKind.set(kind, ofKind);
    let person = ofKind.get(id);
    if (person === undefined) {
      person = { kind, id, oldestMs: datedMs };
      ofKind.set(id, person);
      this.people.push(person);
    }
    if (person.times !== undefined || datedMs !== person.oldestMs) {
      person.times ??= new Set([person.oldestMs]);
      person.times.add(datedMs);
    }
    if (datedMs < person.oldestMs) person.oldestMs = datedMs;
    return { person, datedMs, isOwn: kind === OWN_KIND };
  }

  /** Each record of a person, by the times that differ. */
  each(person: BatchPerson): { readonly name: string; readonly named: NamedSubject }[] {
    const { kind, id, oldestMs, times = [oldestMs] } = person;
    return [...times].map((ms) => ({ name: nameOf(person, ms), named: { kind, id, dated: new Date(ms) } }));
  }

  foundOf({ person, datedMs }: BatchName): FoundSubject {
    if (person.known?.kind === 'known') return person.known;
    return this.single.get(nameOf(person, datedMs)) ?? { kind: 'forgotten' };
  }
}

const nameOf = ({ kind, id }: BatchPerson, datedMs: number): string => `${datedMs} ${kind} ${id}`;

const hasCellsOf = (row: Row, { cells }: ProtectionPlan, subject: number): boolean =>
  cells.some((cell) => {
    const text = row[cell.place];
    return cell.subject === subject && text !== undefined && !cell.isNull(text);
  });

function namedSubject(row: Row, { kind, place, column }: PlannedSubject, dated: Date): NamedSubject {
  const id = fittingSubjectId(row[place] ?? '', column);
  return id === undefined ? ownSubject(row) : { kind, id, dated };
}

/** Whoever a row is of that names nobody: found by its cells. Once destroyed, the same row never comes back. */
export function ownSubject(row: Row): NamedSubject {
  const id = createHash('sha256').update(JSON.stringify(row)).digest('hex');
  return { kind: OWN_KIND, id, dated: EPOCH };
}
