import { datasetPath } from './datasets.ts';

/** Keys of contract texts and migrations. They are made in this folder and nowhere else. */

/** Texts of contracts under which something was published, and of the SQL of Gold tables, by their digests: never changed. */
export const contractTextKey = (dataset: string, digest: string): string =>
  `ops/contracts/${datasetPath(dataset)}/${digest}.yaml`;

export const goldSqlKey = (dataset: string, digest: string): string =>
  `ops/contracts/${datasetPath(dataset)}/${digest}.sql`;

/** Where a dataset's migrations keep their requests and outcomes. */
export const migrationsPrefix = (dataset: string): string => `ops/migrations/${datasetPath(dataset)}/`;

/** A migration's request, its result, and the changed hashes of records. */
export const migrationKey = (dataset: string, runId: string): string =>
  `${migrationsPrefix(dataset)}${runId}.json`;

export const migrationOutcomeKey = (dataset: string, runId: string): string =>
  `${migrationsPrefix(dataset)}${runId}.outcome.json`;

export const migrationHashesKey = (dataset: string, runId: string): string =>
  `${migrationsPrefix(dataset)}${runId}.hashes.parquet`;

/** The major version that people were alerted to migrate the dataset's tables to. */
export const migrationDueKey = (dataset: string): string => `${migrationsPrefix(dataset)}due.json`;
