import { FORGOTTEN_LINE } from '../csv/sealed-line.ts';
import { type CellBytes, isAscii, newCellBytes } from './cell-bytes.ts';
import { CellSealer } from './cell-sealer.ts';
import { type CellWorkers, workWith } from './cells/cell-work.ts';
import { type SealedCells, SealingBatch } from './cells/sealing-batch.ts';
import { type EnvelopeHeader, emptyEnvelope } from './envelope.ts';
import { readableUntil, sealingPeriod } from './period.ts';
import type { PlannedCell, ProtectionPlan, Row, Rows } from './protection-plan.ts';
import { isValue, ownSubject, type RowSubject, RowSubjects } from './row-subjects.ts';
import { textRows } from './rows.ts';
import type { Sodium } from './sodium.ts';
import type { Vault } from './vault.ts';

/** Stands in the place of each value of somebody who was forgotten, in a record that is older than the forgetting. */
export const FORGOTTEN = FORGOTTEN_LINE;

/** What rows are protected with. */
export interface ProtectorParts {
  readonly plan: ProtectionPlan;
  readonly vault: Vault;
  readonly sodium: Sodium;
  /** When the file came. */
  readonly arrived: Date;
  /** Who seals values; this thread unless said. Whoever opened it closes it. */
  readonly work?: Pick<CellWorkers, 'work'>;
}

/** Protects batch by batch. */
export interface RowProtector {
  /** Gets what rows need of the vault, and seals their values. */
  prepare(rows: readonly Row[]): Promise<PreparedRows>;
  /** Gets what rows need of the vault, and has their values being sealed. */
  begin(rows: Rows): Promise<BegunRows>;
  /** Envelopes of whole records that can't be parsed, each under a key of its own. */
  lines(texts: readonly string[]): Promise<readonly string[]>;
}

/** Rows whose values are being sealed. */
export interface BegunRows {
  /** The places of the cells of the n-th row that are others once it is protected, in their order. */
  places(n: number): readonly number[];
  /** The rows, once all is sealed. */
  prepared(): Promise<PreparedRows>;
}

/** Rows that can be protected one by one, without waiting. */
export interface PreparedRows {
  /** The cells of the n-th row that are others once it is protected, in the order of their places. */
  changes(n: number): readonly CellChange[];
  /** Hands on the same, one by one, without making a text of an envelope. */
  visit(n: number, visitor: ChangeVisitor): void;
}

/** Is told of the cells of a row that are others. */
export interface ChangeVisitor {
  text(place: number, text: string): void;
  /** An envelope, by its number. */
  sealed(place: number, cell: number, sealed: SealedCells): void;
}

/** Another text in the place of a cell. */
export type CellChange = readonly [place: number, text: string];

/** The data group of what the contract doesn't know: records that can't be parsed, and unknown columns. */
export const UNKNOWN_GROUP = 'assay.unknown';
/** Stands for the column of whole records. No contract can name it, for its point. */
export const LINE_COLUMN = 'assay.line';

/**
 * What protects the rows of one file: in the place of each protected cell stands its envelope, or the subject's reference.
 * The same row comes out the same as long as the vault and the people forgotten are the same, whatever rows come with it.
 * What a row of somebody forgotten has stays without the protected values, so that its sums do.
 */
export async function openRowProtector(parts: ProtectorParts): Promise<RowProtector> {
  const { dataset, cells } = parts.plan;
  const columns = cells.map(({ name, group }) => ({ dataset, column: name, group }));
  const line = { dataset, column: LINE_COLUMN, group: UNKNOWN_GROUP };
  const [lineId = '', ...ids] = await parts.vault.columnIds([line, ...columns]);
  const sealer = new CellSealer(parts.sodium);
  const groups = [...new Set(cells.map(({ group }) => group))];
  const subjects = new RowSubjects({ ...parts, groups });
  const targets = targetsOf(parts.plan, ids, groups);
  const work = parts.work ?? workWith(parts.sodium);
  const begin = (rows: Rows): Promise<BegunRows> =>
    beginRows(rows, { ...parts, work, targets, groups, subjects });
  return {
    begin,
    prepare: async (rows) => (await begin(textRows(rows))).prepared(),
    lines: (texts) => protectLines(texts, { ...parts, sealer, lineId }),
  };
}

/** A place whose cells are changed: sealed, or emptied where no cell is planned. */
interface Target {
  readonly place: number;
  readonly sealed?: { readonly cell: PlannedCell; readonly column: string; readonly groupAt: number };
}

/** What is changed in each row, in the order of places. */
function targetsOf(
  { cells, dropped }: ProtectionPlan,
  ids: readonly string[],
  groups: readonly string[],
): readonly Target[] {
  const sealed = cells.map((cell, c) => ({
    place: cell.place,
    sealed: { cell, column: ids[c] ?? '', groupAt: groups.indexOf(cell.group) },
  }));
  return [...sealed, ...dropped.map((place): Target => ({ place }))].sort((a, b) => a.place - b.place);
}

interface RowParts extends ProtectorParts {
  readonly work: Pick<CellWorkers, 'work'>;
  readonly targets: readonly Target[];
  readonly groups: readonly string[];
  readonly subjects: RowSubjects;
}

async function beginRows(
  rows: Rows,
  { plan, vault, arrived, work, targets, groups, subjects }: RowParts,
): Promise<BegunRows> {
  const periods: string[] = [];
  const foundOf = await subjects.of(rows, (period) => void periods.push(period));
  const keys = await periodKeys(periods, groups, { plan, vault, arrived });
  const changes = new RowChanges(work, rows.count);
  const bytes = newCellBytes();
  for (let n = 0; n < rows.count; n++) {
    const period = periods[n] ?? '';
    const ofPeriod = keys.get(period);
    for (const { place, sealed } of targets) {
      if (sealed === undefined) {
        if (rows.find(n, place, bytes) && bytes.end > bytes.start) changes.text(place, '');
        continue;
      }
      const { cell, column, groupAt } = sealed;
      const subject = isValue(rows, n, { cell, bytes }) ? foundOf(n, cell.subject) : undefined;
      if (subject === undefined) continue;
      const periodKey = ofPeriod?.[groupAt];
      const protectedAs = protectedCell({ cell, subject, period, column, groupAt, periodKey });
      if (typeof protectedAs !== 'string') changes.value(place, bytes, protectedAs);
      else if (!isAscii(bytes, protectedAs)) changes.text(place, protectedAs);
    }
    changes.endRow();
  }
  return changes.begun();
}

/** What becomes of rows, row by row. */
class RowChanges {
  readonly #batch: SealingBatch;
  /** By change, where it is, and the number of its envelope; below zero that of its text, from -1 downwards. */
  #places = new Int32Array(USUAL_CHANGES);
  #others = new Int32Array(USUAL_CHANGES);
  #length = 0;
  readonly #texts: string[] = [];
  /** By row, how many changes there are up to its end. */
  readonly #ends: Uint32Array;
  #rows = 0;

  constructor(work: Pick<CellWorkers, 'work'>, rows: number) {
    this.#batch = new SealingBatch(work);
    this.#ends = new Uint32Array(rows);
  }

  text(place: number, text: string): void {
    this.#add(place, -this.#texts.push(text));
  }

  value(place: number, text: CellBytes, { header, subjectKey, periodKey }: CellToSeal): void {
    this.#add(place, this.#batch.add({ header, text, subjectKey, periodKey }));
  }

  endRow(): void {
    this.#ends[this.#rows++] = this.#length;
  }

  begun(): BegunRows {
    const sealed = this.#batch.sealed();
    // Whoever asks for the rows gets the error.
    sealed.catch(() => undefined);
    return {
      places: (n) => [...this.#places.subarray(this.#startOf(n), this.#ends[n])],
      prepared: async () => this.#prepared(await sealed),
    };
  }

  #add(place: number, other: number): void {
    if (this.#length === this.#others.length) {
      const [places, others] = [this.#places, this.#others];
      this.#places = new Int32Array(places.length * 2);
      this.#places.set(places);
      this.#others = new Int32Array(others.length * 2);
      this.#others.set(others);
    }
    this.#places[this.#length] = place;
    this.#others[this.#length++] = other;
  }

  #startOf(n: number): number {
    return n === 0 ? 0 : (this.#ends[n - 1] ?? 0);
  }

  #prepared(sealed: SealedCells): PreparedRows {
    const visit = (n: number, visitor: ChangeVisitor): void => {
      const end = this.#ends[n] ?? 0;
      for (let change = this.#startOf(n); change < end; change++) {
        const [place, other] = [this.#places[change] ?? 0, this.#others[change] ?? 0];
        if (other < 0) visitor.text(place, this.#texts[-1 - other] ?? '');
        else visitor.sealed(place, other, sealed);
      }
    };
    return {
      visit,
      changes(n) {
        const changes: CellChange[] = [];
        visit(n, {
          text: (place, text) => void changes.push([place, text]),
          sealed: (place, cell) => void changes.push([place, sealed.text(cell)]),
        });
        return changes;
      },
    };
  }
}

/** Room for so many changes at first. */
const USUAL_CHANGES = 1024;

async function protectLines(
  texts: readonly string[],
  { plan, vault, arrived, sealer, lineId }: ProtectorParts & { sealer: CellSealer; lineId: string },
): Promise<readonly string[]> {
  const found = await vault.subjects(
    texts.map((text) => ownSubject([text])),
    [UNKNOWN_GROUP],
  );
  const period = sealingPeriod(undefined, arrived);
  const keys = await periodKeys([period], [UNKNOWN_GROUP], { plan, vault, arrived });
  const cell = { group: UNKNOWN_GROUP, as: 'encrypted' } as const;
  return texts.map((text, n) => {
    const protectedAs = protectedCell({
      ...{ cell, period, column: lineId, groupAt: 0 },
      subject: { found: found[n] ?? { kind: 'forgotten' }, isOwn: true },
      periodKey: keys.get(period)?.[0],
    });
    if (typeof protectedAs === 'string') return protectedAs;
    return sealer.seal(protectedAs.header, UNKNOWN_GROUP, protectedAs, text);
  });
}

interface ProtectedCell {
  readonly cell: Pick<PlannedCell, 'as' | 'group'>;
  readonly subject: RowSubject;
  readonly column: string;
  readonly period: string;
  readonly groupAt: number;
  readonly periodKey: Uint8Array | undefined;
}

/** A value that is sealed, and with what. */
interface CellToSeal {
  readonly header: EnvelopeHeader;
  readonly subjectKey: Uint8Array;
  readonly periodKey: Uint8Array;
}

/** What stands in the place of a value: a text, or the envelope that is yet to be made. */
function protectedCell({
  cell,
  subject,
  column,
  period,
  groupAt,
  periodKey,
}: ProtectedCell): string | CellToSeal {
  const { found, isOwn } = subject;
  if (found.kind === 'forgotten') return FORGOTTEN;
  if (cell.as === 'pseudonym' && !isOwn) return found.reference;
  const header: EnvelopeHeader = { column, subject: found.reference, period };
  const subjectKey = found.keys[groupAt];
  if (periodKey === undefined || subjectKey === undefined) return emptyEnvelope(header);
  return { header, subjectKey, periodKey };
}

/** By the rows' periods, the key of each group; none of a period that is past its retention, or was destroyed. */
async function periodKeys(
  periods: readonly string[],
  groups: readonly string[],
  { plan, vault, arrived }: Pick<ProtectorParts, 'plan' | 'vault' | 'arrived'>,
): Promise<ReadonlyMap<string, readonly (Uint8Array | undefined)[]>> {
  const { dataset, retention } = plan;
  const isReadable = (period: string): boolean => {
    const until = retention === undefined ? undefined : readableUntil(period, retention);
    return until === undefined || arrived < until;
  };
  const asked = [...new Set(periods)].filter(isReadable);
  const keys = await vault.periodKeys(
    asked.flatMap((period) => groups.map((group) => ({ dataset, group, period }))),
    'make',
  );
  return new Map(asked.map((period, n) => [period, keys.slice(n * groups.length, (n + 1) * groups.length)]));
}
