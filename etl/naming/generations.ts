import { datasetPath } from './datasets.ts';

/** Keys of contract texts and migrations. They are made in this folder and nowhere else. */

/** Texts of contracts under which something was published, of the SQL of Gold tables and the code of projections, by their digests: never changed. */
export const contractTextKey = (dataset: string, digest: string): string =>
  `ops/contracts/${datasetPath(dataset)}/${digest}.yaml`;

export const goldSqlKey = (dataset: string, digest: string): string =>
  `ops/contracts/${datasetPath(dataset)}/${digest}.sql`;

/** The code of a projection, whatever it is written in. */
export const projectionCodeKey = (dataset: string, digest: string): string =>
  `ops/contracts/${datasetPath(dataset)}/${digest}.code.json`;

/** What is known of the texts that are kept under a digest. */
export const keptTextsKey = (dataset: string, digest: string): string =>
  `${keptTextsPrefix(dataset)}${digest}.kept.json`;

export const keptTextsPrefix = (dataset: string): string => `ops/contracts/${datasetPath(dataset)}/`;

/** Where a dataset's migrations keep their requests and outcomes. */
export const migrationsPrefix = (dataset: string): string => `ops/migrations/${datasetPath(dataset)}/`;

/** A migration's request, its result, and the changed hashes of records. */
export const migrationKey = (dataset: string, runId: string): string =>
  `${migrationsPrefix(dataset)}${runId}.json`;

export const migrationOutcomeKey = (dataset: string, runId: string): string =>
  `${migrationsPrefix(dataset)}${runId}.outcome.json`;

export const migrationHashesKey = (dataset: string, runId: string): string =>
  `${migrationsPrefix(dataset)}${runId}.hashes.parquet`;

/** Which files of a dataset that became protected were sealed, and as what; there until all that holds them in the clear is gone. */
export const adoptionKey = (dataset: string, runId: string): string =>
  `${migrationsPrefix(dataset)}${runId}${ADOPTED}`;

const ADOPTED = '.adopted.json';

/** The run of an adoption, by a key of that prefix; undefined for what is none. */
export const adoptionRunOf = (key: string): string | undefined =>
  key.endsWith(ADOPTED) ? key.slice(key.lastIndexOf('/') + 1, -ADOPTED.length) : undefined;

/** Corrections of an adopted dataset, sealed, until they take the place of those in the clear. */
export const adoptedCorrectionsPrefix = (dataset: string, runId: string): string =>
  `${migrationsPrefix(dataset)}${runId}.corrections/`;

export const adoptedCorrectionsKey = (dataset: string, runId: string, id: string): string =>
  `${adoptedCorrectionsPrefix(dataset, runId)}${id}.parquet`;

/** The major version that people were alerted to migrate the dataset's tables to. */
export const migrationDueKey = (dataset: string): string => `${migrationsPrefix(dataset)}due.json`;
