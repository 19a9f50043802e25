import type { Contract } from './contract.ts';

/**
 * The column that holds when a record's file came to Bronze, as the ledger keeps it: Silver has it where no column of
 * the source says when anything happened, and its month partitions the table then.
 */
export const ARRIVAL_NAME = 'arrived_at';

/** Whether a dataset is partitioned by the month of arrival, and not by a column of its own. */
export function isByArrival({
  layer,
  partitionColumn,
  columns,
}: Pick<Contract, 'layer' | 'partitionColumn' | 'columns'>): boolean {
  return (
    layer === 'silver' &&
    partitionColumn === ARRIVAL_NAME &&
    !columns.some(({ name }) => name === ARRIVAL_NAME)
  );
}
