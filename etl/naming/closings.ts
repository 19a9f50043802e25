import { datasetPath } from './datasets.ts';

/** Keys of closed months and of what waits for them. They are made in this folder and nowhere else. */

export const restatementsPrefix = (): string => 'ops/restatements/';

/** What people closed of a Gold table, one document a closing, for ops.closings; beside them the rows of the months. */
export const closingsPrefix = (dataset?: string): string =>
  dataset === undefined ? 'ops/closings/' : `ops/closings/${datasetPath(dataset)}/`;

export const closingKey = (dataset: string, closingId: string): string =>
  `${closingsPrefix(dataset)}${closingId}.json`;

/** Rows of a closed month (`YYYY-MM`), as Parquet: never changed, never removed. */
export const closedRowsKey = (dataset: string, month: string, closingId: string): string =>
  `${closingsPrefix(dataset)}month=${month}/closed-${closingId}.parquet`;

/** Rows that wait to take the place of those, by the id of the restatement. */
export const waitingRowsPrefix = (dataset: string): string => `${closingsPrefix(dataset)}waiting/`;

export const waitingRowsKey = (dataset: string, month: string, restatementId: string): string =>
  `${waitingRowsPrefix(dataset)}${month}-${restatementId}.parquet`;

/** The tag of a Gold table's snapshot with the rows that a month was closed with. */
export const closingTag = (month: string, closingId: string): string => `closed-${month}-${closingId}`;

export const restatementsKey = (dataset: string, runId: string): string =>
  `${restatementsPrefix()}${datasetPath(dataset)}/${runId}.parquet`;
