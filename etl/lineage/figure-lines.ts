import { SNAPSHOT_NAME } from '../contract/check-columns.ts';
import type { GoldContract, SourceContract } from '../contract/contract.ts';
import type { SqlValue } from '../engine/engine.ts';
import { ConfigError } from '../errors.ts';
import type { Effects } from '../ports.ts';
import { sinceMonth, untilMonth } from '../query/month-filters.ts';
import { seenSnapshot } from '../query/seen-snapshot.ts';
import type { ColumnFilter } from '../query/table-page-filter.ts';
import { readKnownPointer } from '../stages/known-pointer.ts';
import { closedMonths } from '../table/closings.ts';

/** A row of a Gold table, of the state that was made from these Silver snapshots. */
export interface Figure {
  readonly values: Readonly<Record<string, SqlValue>>;
  readonly madeFrom: Readonly<Record<string, number>>;
}

/** The Silver rows that a figure can be made from: conditions on them, and the snapshot that they are of. */
export interface FigureLines {
  readonly filters: readonly ColumnFilter[];
  readonly snapshotId: number;
}

/**
 * The rows of an input that a Gold row may be made from: those of its month (or up to it, if the table is made so) with
 * equal values in the shared columns. Throws ConfigError `NOT_MADE` where the row's source isn't known.
 */
export async function figureLines(
  effects: Effects,
  { gold, source }: { readonly gold: GoldContract; readonly source: SourceContract },
  figure: Figure,
): Promise<FigureLines> {
  const snapshotId = await originOf(effects, gold, source.dataset, figure);
  const month = String(figure.values[gold.partitionColumn] ?? '').slice(0, 7);
  const at = source.partitionColumn;
  const from = sinceMonth(at, month);
  const until = untilMonth(at, month);
  const shared = gold.key.filter(
    (name) => name !== gold.partitionColumn && source.columns.some((column) => column.name === name),
  );
  const alike = shared.map((column): ColumnFilter => {
    const value = figure.values[column] ?? null;
    return value === null
      ? { column, op: 'isNull', values: ['true'] }
      : { column, op: 'eq', values: [String(value)] };
  });
  return {
    filters: [...(gold.affects === 'same-month' ? [from] : []), until, ...alike],
    snapshotId,
  };
}

/**
 * The Silver snapshot that a figure was made from: the row's own while it is kept, where there is but one input; else that of
 * the month's closing, or of the table's state.
 */
async function originOf(
  effects: Effects,
  { dataset, inputs, partitionColumn }: GoldContract,
  input: string,
  { values, madeFrom }: Figure,
): Promise<number> {
  const own = Number(values[SNAPSHOT_NAME]);
  if (inputs.length === 1 && Number.isSafeInteger(own) && (await isKept(effects, input, own))) return own;
  const pointer = (await readKnownPointer(effects.objects, 'gold', dataset))?.pointer;
  const month = String(values[partitionColumn] ?? '').slice(0, 7);
  const closed = closedMonths(pointer ?? {}).find((one) => one.month === month);
  const snapshotId = closed?.inputs[input] ?? madeFrom[input];
  if (snapshotId !== undefined) return snapshotId;
  throw new ConfigError('NOT_MADE', `It isn't known from which state of ${input} this row was made.`);
}

async function isKept(effects: Effects, dataset: string, id: number): Promise<boolean> {
  try {
    const seen = await seenSnapshot(effects, { layer: 'silver', dataset }, { kind: 'snapshot', id });
    return seen?.['snapshot-id'] === id;
  } catch (error) {
    if (error instanceof ConfigError) return false;
    throw error;
  }
}
