import { datasetPath, type Layer, type PointerLayer, schemaVersion } from './datasets.ts';

/** Keys of tables, their data files, metadata and pointers. They are made in this folder and nowhere else. */

const LAYER_FOLDERS: Readonly<Record<Layer, string>> = {
  silver: 'silver',
  gold: 'gold',
  // Beside Gold, whose readers and writers are theirs; no domain has a '=' in its name.
  projection: 'gold/table=projection',
  projection_state: 'gold/table=state',
  quarantine: 'quarantine',
  condemned: 'condemned',
  source_files: 'ops/source_files',
};

/** Below it lie all tables that are made from datasets: Gold and projections. */
export const REPORTS_PREFIX = 'gold/';

/** Top folders of what DuckDB reads from a lake: tables, and what runs keep. Bronze is read by the scanner. */
export const ENGINE_FOLDERS: readonly string[] = ['silver', 'gold', 'quarantine', 'condemned', 'ops'];

/**
 * Root of a table's files. A later generation's isn't inside an earlier one's, so that a cleanup below a root can't see
 * other generations. No domain has a '=' in its name.
 */
export function tableRoot(layer: Layer, dataset: string, generation = 1): string {
  const folder = LAYER_FOLDERS[layer];
  return generation === 1
    ? `${folder}/${datasetPath(dataset)}`
    : `${folder}/generation=${generation}/${datasetPath(dataset)}`;
}

/** Folder of a table's Iceberg metadata, below its root. */
export const metadataFolder = (root: string): string => `${root}/metadata`;

/** Folder of the Iceberg metadata of a table's first generation. */
export function metadataPrefix(layer: Layer, dataset: string): string {
  return metadataFolder(tableRoot(layer, dataset));
}

/** Root of one run's data files in a table, below the table's own. */
export function runFolder(root: string, version: string, runId: string): string {
  return `${root}/schema_v=${schemaVersion(version)}/run_id=${runId}`;
}

/** Root of one run's data files in a table's first generation. */
export function runRoot(layer: Layer, dataset: string, version: string, runId: string): string {
  return runFolder(tableRoot(layer, dataset), version, runId);
}

/** A data file; `month` counts from 1970-01 and is undefined in a table without partitions. */
export function dataFileKey(root: string, month: number | undefined, part: string): string {
  return month === undefined
    ? `${root}/part-${part}.parquet`
    : `${root}/${monthPath(month)}/part-${part}.parquet`;
}

/**
 * The name of a chunk or part once files of its run were refused. It differs from before, so that a workflow still
 * working on all files overwrites nothing.
 */
export const partOfRest = (part: string, rest: number | undefined): string =>
  rest === undefined ? part : `r${rest}_${part}`;

/** What compaction puts into the names of the files that it writes: the n-th month's. */
export const compactedPart = (n: number | '*'): string =>
  `compact-${n === '*' ? n : String(n).padStart(4, '0')}`;

/** What an upgrade puts into the names of the files that it writes: the n-th group's of a table. */
export const upgradedPart = (n: number | '*'): string =>
  `upgrade-${n === '*' ? n : String(n).padStart(4, '0')}`;

/** What letting records go puts into the names of the files that it writes: the n-th group's of a table. */
export const letGoPart = (n: number | '*'): string => `letgo-${n === '*' ? n : String(n).padStart(4, '0')}`;

/** What a projection's files are called: the state of the pointer that they follow, and which bucket of how many. */
export const bucketPart = (
  version: number,
  { bucket, of }: { readonly bucket: number; readonly of: number },
): string =>
  `${String(version).padStart(6, '0')}-bucket${String(bucket).padStart(4, '0')}of${String(of).padStart(4, '0')}`;

/** The bucket of a projection's file; undefined for one that is called otherwise. */
export function bucketOfFile(key: string): { readonly bucket: number; readonly of: number } | undefined {
  const [, bucket, of] = /-bucket(\d{4})of(\d{4})\.parquet$/.exec(key) ?? [];
  return bucket === undefined ? undefined : { bucket: Number(bucket), of: Number(of) };
}

/** 480 → `year=2010/month=01`. */
export function monthPath(month: number): string {
  return `year=${monthLabel(month).replace('-', '/month=')}`;
}

/** 480 → `2010-01`. */
export function monthLabel(month: number): string {
  const year = 1970 + Math.floor(month / 12);
  return `${String(year).padStart(4, '0')}-${String(month - (year - 1970) * 12 + 1).padStart(2, '0')}`;
}

/** The pointer whose conditional write is the commit: one for Silver, quarantine, condemned and ledger of a dataset together, one for each Gold table, one for a projection and its states. */
export function pointerKey(layer: PointerLayer, dataset: string): string {
  return `${tableRoot(layer, dataset)}/${POINTER}`;
}

const POINTER = '_LATEST.json';

/** Whether a key is a pointer's. */
export const isPointer = (key: string): boolean => key.endsWith(`/${POINTER}`);
