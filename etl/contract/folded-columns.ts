import { isLower } from './classification-order.ts';
import type { ContractColumn, ProjectionContract, SourceContract } from './contract.ts';
import { isSealedColumn } from './table-columns.ts';

/** A protected column of events, and that of a projection in which its envelopes or references stand. */
export interface FoldedColumn {
  readonly from: ContractColumn;
  readonly to: ContractColumn;
}

/**
 * Where protected columns go for certain: the stream into the key's first column, and by the folds that take values over, each
 * column into that of its name. Where code puts them, only its rows tell.
 */
export function foldedColumns(
  { columns, key, fold }: ProjectionContract,
  source: SourceContract,
): FoldedColumn[] {
  const takesOver = fold.kind === 'current_state' || fold.kind === 'scd2';
  return source.columns.filter(isSealedColumn).flatMap((from) => {
    const isStream = from.name === source.events?.stream;
    const name = isStream ? key[0] : from.name;
    const to = isStream || takesOver ? columns.find((one) => one.name === name) : undefined;
    return to === undefined ? [] : [{ from, to }];
  });
}

/** What would publish protected values under a lower classification than their own, in words; undefined where nothing does for certain. */
export function loweredColumn(contract: ProjectionContract, source: SourceContract): string | undefined {
  const lowered = foldedColumns(contract, source).find(({ from, to }) =>
    isLower(to.classification, from.classification),
  );
  if (lowered === undefined) return undefined;
  const { from, to } = lowered;
  return `gives the ${to.classification} column ${to.name} protected values of ${source.dataset}.${from.name} (${from.classification}); classify ${to.name} ${from.classification}`;
}
