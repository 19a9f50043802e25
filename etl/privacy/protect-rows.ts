import { FORGOTTEN_LINE } from '../csv/sealed-line.ts';
import { CellSealer } from './cell-sealer.ts';
import { type EnvelopeHeader, emptyEnvelope } from './envelope.ts';
import { readableUntil, sealingPeriod } from './period.ts';
import type { PlannedCell, ProtectionPlan, Row } from './protection-plan.ts';
import { ownSubject, type RowSubject, RowSubjects } from './row-subjects.ts';
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
}

/** Protects batch by batch. */
export interface RowProtector {
  /** Gets what rows need of the vault. */
  prepare(rows: readonly Row[]): Promise<PreparedRows>;
  /** Envelopes of whole records that can't be parsed, each under a key of its own. */
  lines(texts: readonly string[]): Promise<readonly string[]>;
}

/** Rows that can be protected one by one, without waiting. */
export interface PreparedRows {
  /** The cells of the n-th row that are others once it is protected, in the order of their places. */
  changes(n: number): readonly CellChange[];
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
  return {
    prepare: (rows) => prepareRows(rows, { ...parts, sealer, targets, groups, subjects }),
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
  readonly sealer: CellSealer;
  readonly targets: readonly Target[];
  readonly groups: readonly string[];
  readonly subjects: RowSubjects;
}

async function prepareRows(
  rows: readonly Row[],
  { plan, vault, arrived, sealer, targets, groups, subjects }: RowParts,
): Promise<PreparedRows> {
  const foundOf = await subjects.of(rows);
  const periods = rows.map((row) => sealingPeriod(plan.countedFrom(row), arrived));
  const keys = await periodKeys(periods, groups, { plan, vault, arrived });
  return {
    changes(n) {
      const [row = [], period = ''] = [rows[n], periods[n]];
      const ofPeriod = keys.get(period);
      const changes: CellChange[] = [];
      for (const { place, sealed } of targets) {
        const text = row[place];
        if (text === undefined) continue;
        let other = '';
        if (sealed !== undefined) {
          const { cell, column, groupAt } = sealed;
          const subject = cell.isNull(text) ? undefined : foundOf(n, cell.subject);
          if (subject === undefined) continue;
          const periodKey = ofPeriod?.[groupAt];
          other = protectedText(text, { sealer, cell, subject, period, column, groupAt, periodKey });
        }
        if (other !== text) changes.push([place, other]);
      }
      return changes;
    },
  };
}

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
  return texts.map((text, n) =>
    protectedText(text, {
      ...{ sealer, cell, period, column: lineId, groupAt: 0 },
      subject: { found: found[n] ?? { kind: 'forgotten' }, isOwn: true },
      periodKey: keys.get(period)?.[0],
    }),
  );
}

interface ProtectedCell {
  readonly sealer: CellSealer;
  readonly cell: Pick<PlannedCell, 'as' | 'group'>;
  readonly subject: RowSubject;
  readonly column: string;
  readonly period: string;
  readonly groupAt: number;
  readonly periodKey: Uint8Array | undefined;
}

function protectedText(
  text: string,
  { sealer, cell, subject, column, period, groupAt, periodKey }: ProtectedCell,
): string {
  const { found, isOwn } = subject;
  if (found.kind === 'forgotten') return FORGOTTEN;
  if (cell.as === 'pseudonym' && !isOwn) return found.reference;
  const header: EnvelopeHeader = { column, subject: found.reference, period };
  const subjectKey = found.keys[groupAt];
  if (periodKey === undefined || subjectKey === undefined) return emptyEnvelope(header);
  return sealer.seal(header, cell.group, { subjectKey, periodKey }, text);
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
