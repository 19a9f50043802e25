import { datasetPath } from './datasets.ts';

/** Keys of what people decided of records. They are made in this folder and nowhere else. */

/** What people decided, one document each, for ops.decisions. */
export const decisionsPrefix = (dataset?: string): string => prefixOf('ops/decisions/', dataset);

/** The folder of a kind of documents, or of one dataset's in it. */
const prefixOf = (folder: string, dataset: string | undefined): string =>
  dataset === undefined ? folder : `${folder}${datasetPath(dataset)}/`;

export const decisionKey = (dataset: string, id: string): string => `${decisionsPrefix(dataset)}${id}.json`;

/** Where sources of records to be tested once more lie; each is three objects, of which the manifest comes last. */
export const retriesPrefix = (dataset?: string): string => prefixOf('ops/retries/', dataset);

/** The objects of one retry: its records as CSV, where each came from, and what it is. */
export interface RetryKeys {
  readonly records: string;
  readonly origins: string;
  readonly manifest: string;
}

export function retryKeys(dataset: string, retryId: string): RetryKeys {
  const stem = `${retriesPrefix(dataset)}retry-${retryId}`;
  return { records: `${stem}.csv`, origins: `${stem}.origins.parquet`, manifest: `${stem}.json` };
}

/** The objects of the retry that a source file's key belongs to; undefined for a file in Bronze. */
export function retryOf(dataset: string, key: string): RetryKeys | undefined {
  const id = key.startsWith(retriesPrefix(dataset)) ? /\/retry-([\w-]+)\.csv$/.exec(key)?.[1] : undefined;
  return id === undefined ? undefined : retryKeys(dataset, id);
}

/** Values that people corrected, as Parquet, one file a decision. */
export const correctionsPrefix = (dataset?: string): string => prefixOf('ops/corrections/', dataset);

export const correctionsKey = (dataset: string, id: string): string =>
  `${correctionsPrefix(dataset)}${id}.parquet`;

/** Condemned records whose release one person asked for, and those that another approved, as Parquet. */
export const releaseRequestsPrefix = (dataset: string): string => prefixOf('ops/release-requests/', dataset);

export const releaseRequestKey = (dataset: string, id: string): string =>
  `${releaseRequestsPrefix(dataset)}${id}.parquet`;

export const releasesPrefix = (dataset?: string): string => prefixOf('ops/releases/', dataset);

export const releaseKey = (dataset: string, id: string): string => `${releasesPrefix(dataset)}${id}.parquet`;

/** Records whose events were sent to their topic again, as Parquet, one file a redrive that is done. */
export const redrivesPrefix = (dataset?: string): string => prefixOf('ops/redrives/', dataset);

export const redriveKey = (dataset: string, id: string): string => `${redrivesPrefix(dataset)}${id}.parquet`;

/** What redrives are about to send, and what they sent. */
export const redrivingPrefix = (dataset: string): string => prefixOf('ops/redriving/', dataset);

/** What one redrive is about to send. */
export const redrivePlanKey = (dataset: string, id: string): string =>
  `${redrivingPrefix(dataset)}${id}/plan.json`;

/** Says that the n-th batch of a redrive is about to be sent, or that it was. */
export const redriveMarkKey = (
  dataset: string,
  id: string,
  mark: { readonly batch: number; readonly is: 'sending' | 'sent' },
): string => `${redrivingPrefix(dataset)}${id}/${String(mark.batch).padStart(6, '0')}.${mark.is}.json`;
