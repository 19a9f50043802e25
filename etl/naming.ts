import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { ConfigError } from './errors.ts';

/** Every key, prefix, table and partition name of a lake is made here and nowhere else. */

const NAME = /^[a-z][a-z0-9_]*$/;

/** A dataset's two names. */
export interface DatasetName {
  readonly domain: string;
  readonly name: string;
}

/** `spend.council_payments` → its domain and name; throws ConfigError on anything else, path tricks included. */
export function parseDataset(dataset: string): DatasetName {
  const [domain = '', name = '', ...rest] = dataset.split('.');
  if (rest.length > 0 || !NAME.test(domain) || !NAME.test(name)) {
    throw new ConfigError(
      'DATASET_NAME',
      `'${dataset}' is not a dataset name: write <domain>.<name> in lower-case letters, digits and underscores.`,
    );
  }
  return { domain, name };
}

/** `spend.council_payments` → `spend/council_payments`. */
export function datasetPath(dataset: string): string {
  const { domain, name } = parseDataset(dataset);
  return `${domain}/${name}`;
}

/** The kinds of tables that a dataset has; `source_files` is its ledger. */
export type Layer = 'silver' | 'gold' | 'quarantine' | 'condemned' | 'source_files';

/** `silver`, `spend.council_payments` → `silver.spend_council_payments`, as analysts write it. */
export function tableName(layer: Layer, dataset: string): string {
  const { domain, name } = parseDataset(dataset);
  return `${layer}.${domain}_${name}`;
}

/** `1.2.0` → `v1`: only a new major version starts a new folder. */
export function schemaVersion(version: string): string {
  return `v${version.split('.')[0] ?? '0'}`;
}

/** Where source files of a dataset lie. */
export function bronzePrefix(dataset: string): string {
  return `bronze/${datasetPath(dataset)}/`;
}

/** `bronze/spend/council_payments/…/a.csv` → `spend.council_payments`; undefined for what is no key of a source file. */
export function datasetOfBronzeKey(key: string): string | undefined {
  const [root, domain = '', name = '', ...rest] = key.split('/');
  const isFile = root === 'bronze' && rest.length > 0 && rest.at(-1) !== '';
  return isFile && NAME.test(domain) && NAME.test(name) ? `${domain}.${name}` : undefined;
}

/** What comes before every source file's key of a day and of those after it. */
export const bronzeDay = (dataset: string, date: string): string =>
  `${bronzePrefix(dataset)}ingest_date=${date}`;

/** A source file's key; `date` is `YYYY-MM-DD`, UTC. The name is kept, but can't leave its folder. */
export function bronzeKey(dataset: string, date: string, fileName: string): string {
  return `${bronzeDay(dataset, date)}/${safeFileName(fileName)}`;
}

/** The last part of a path with nothing in it that a store, a shell or a reader of archives could read as more than a name. */
export function safeFileName(fileName: string): string {
  const last = fileName.split(/[/\\]/).at(-1) ?? '';
  const safe = safeText(last)
    .replace(/^\.+/, '_')
    .replace(/(\.zip)#/gi, '$1_');
  if (safe === '') return '_';
  return bytesOf(safe) <= MOST_NAME_BYTES ? safe : joinedName(safe, `~${hashOf(safe, 8)}`);
}

const safeText = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out
  text.replace(/[\u0000-\u001f\u007f*?"<>|:=]/g, '_');

/** Whether a file may hold records, by its name. */
export const isSourceName = (name: string): boolean =>
  /^[^.].*\.((csv|tsv|txt|dat|psv)(\.(gz|zst))?|zip|xlsx|xlsm)$/i.test(name);

/** Whether a source file is a workbook, by its name. */
export const isWorkbook = (key: string): boolean => /\.xls[xm]$/i.test(key);

/** Whether a source file is an archive, by its name: its members are source files of their own. */
export const isArchive = (key: string): boolean => /\.zip$/i.test(key);

/** `…/a.zip`, `2024/b.csv` → `…/a.zip#2024/b.csv`: the key of a file in an archive, under which nothing is stored. */
export function memberKey(archive: string, name: string): string {
  const safe = safeText(name);
  const fits = bytesOf(safe) <= MOST_NAME_BYTES ? safe : joinedName(safe, `~${hashOf(safe, 8)}`);
  return `${archive}#${fits}`;
}

/** `…/a.zip#b.csv` → `…/a.zip`; undefined for a file that is in no archive. */
export const archiveOf = (key: string): string | undefined => /^(.*?\.zip)#/is.exec(key)?.[1];

/** Key of the stored object that a source file's key stands for: itself, or the archive that it is in. */
export const objectKeyOf = (key: string): string => archiveOf(key) ?? key;

/** `bronze/…/a.csv` → `a.csv`, `bronze/…/a.zip#2024/b.csv` → `a.zip#2024/b.csv`: what people call a source file. */
export function sourceName(key: string): string {
  const object = objectKeyOf(key);
  return key.slice(object.lastIndexOf('/') + 1);
}

/** File systems allow names of so many bytes. */
const MOST_NAME_BYTES = 255;

/** A longer ending is none, but part of a name with dots in it. */
const MOST_EXTENSION_BYTES = 32;

/** `report.csv.gz`, `~1` → `report~1.csv.gz`, the stem cut where the name would be too long. */
function joinedName(name: string, mark: string): string {
  const ending = /\..*$/.exec(name)?.[0] ?? '';
  const extension = bytesOf(ending) <= MOST_EXTENSION_BYTES ? ending : (/\.[^.]{1,8}$/.exec(name)?.[0] ?? '');
  const room = MOST_NAME_BYTES - bytesOf(mark) - bytesOf(extension);
  let stem = '';
  let size = 0;
  for (const character of name.slice(0, name.length - extension.length)) {
    size += bytesOf(character);
    if (size > room) break;
    stem += character;
  }
  return `${stem}${mark}${extension}`;
}

const bytesOf = (text: string): number => Buffer.byteLength(text);

const hashOf = (text: string, digits: number): string =>
  createHash('sha256').update(text).digest('hex').slice(0, digits);

/** `report.csv.gz`, `3fa8…` → `report~3fa80d49.csv.gz`: another file under a name that is taken. */
export function besideName(fileName: string, digest: string): string {
  return joinedName(fileName, `~${digest.slice(0, 8)}`);
}

const LAYER_FOLDERS: Readonly<Record<Layer, string>> = {
  silver: 'silver',
  gold: 'gold',
  quarantine: 'quarantine',
  condemned: 'condemned',
  source_files: 'ops/source_files',
};

/** Top folders of what DuckDB reads from a lake: tables, and what runs keep. Bronze is read by the scanner. */
export const ENGINE_FOLDERS: readonly string[] = ['silver', 'gold', 'quarantine', 'condemned', 'ops'];

/**
 * Root of a table's files. Those of a later generation are no folder of an earlier one's: who removes what a table doesn't
 * name from below its root must not see the others. No domain has a '=' in its name.
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
 * The name of a chunk, or of what a run's files are called by, in a run of which files were refused: other than before,
 * so that a workflow that still works on all of its files writes over nothing.
 */
export const partOfRest = (part: string, rest: number | undefined): string =>
  rest === undefined ? part : `r${rest}_${part}`;

/** What compaction puts into the names of the files that it writes: the n-th month's. */
export const compactedPart = (n: number | '*'): string =>
  `compact-${n === '*' ? n : String(n).padStart(4, '0')}`;

/** What an upgrade puts into the names of the files that it writes: the n-th group's of a table. */
export const upgradedPart = (n: number | '*'): string =>
  `upgrade-${n === '*' ? n : String(n).padStart(4, '0')}`;

/** 480 → `year=2010/month=01`. */
export function monthPath(month: number): string {
  return `year=${monthLabel(month).replace('-', '/month=')}`;
}

/** 480 → `2010-01`. */
export function monthLabel(month: number): string {
  const year = 1970 + Math.floor(month / 12);
  return `${String(year).padStart(4, '0')}-${String(month - (year - 1970) * 12 + 1).padStart(2, '0')}`;
}

/** The pointer whose conditional write is the commit: one for Silver, quarantine, condemned and ledger of a dataset together, one for each Gold table. */
export function pointerKey(layer: 'silver' | 'gold', dataset: string): string {
  return `${tableRoot(layer, dataset)}/_LATEST.json`;
}

/** Where the runs of a dataset keep theirs. */
export const stagingPrefix = (dataset: string): string => `ops/staging/${datasetPath(dataset)}/`;

/** Where a run keeps its plan, its chunk results and what it found, until and after it is decided. */
export function runPrefix(dataset: string, runId: string): string {
  return `${stagingPrefix(dataset)}${runId}/`;
}

export const planKey = (dataset: string, runId: string): string => `${runPrefix(dataset, runId)}plan.json`;

export const chunkListKey = (dataset: string, runId: string): string =>
  `${runPrefix(dataset, runId)}chunks.json`;

/** The chunks whose range of a file is surveyed first, as a list like that of the chunks. */
export const surveyListKey = (dataset: string, runId: string): string =>
  `${runPrefix(dataset, runId)}surveys.json`;

/** What the survey of a chunk's range found. */
export const surveyKey = (dataset: string, runId: string, chunk: string): string =>
  `${runPrefix(dataset, runId)}survey-${chunk}.json`;

/** Which records of the files that are cut each chunk takes. */
export const spansKey = (dataset: string, runId: string): string => `${runPrefix(dataset, runId)}spans.json`;

export const chunkKey = (dataset: string, runId: string, chunk: string): string =>
  `${runPrefix(dataset, runId)}chunk-${chunk}.json`;

/** What kept a chunk from being refined. */
export const chunkFailurePrefix = (dataset: string, runId: string): string =>
  `${runPrefix(dataset, runId)}failure-`;
export const chunkFailureKey = (dataset: string, runId: string, chunk: string): string =>
  `${chunkFailurePrefix(dataset, runId)}${chunk}.json`;

/** Records of a chunk that didn't pass, as Parquet. */
export const rejectsKey = (dataset: string, runId: string, chunk: string): string =>
  `${runPrefix(dataset, runId)}rejects-${chunk}.parquet`;

/** Raw values of a chunk's records whose key may stand twice, as Parquet. */
export const suspectsKey = (dataset: string, runId: string, chunk: string): string =>
  `${runPrefix(dataset, runId)}suspects-${chunk}.parquet`;

/** What promote will commit. */
export const commitPlanKey = (dataset: string, runId: string): string =>
  `${runPrefix(dataset, runId)}commit.json`;

/** The seal of a run, beside the data of the first generation, whichever generation the run is of. */
export function sealKey(dataset: string, version: string, runId: string): string {
  return `${runRoot('silver', dataset, version, runId)}/_SUCCESS`;
}

/** Where the documents of ops.runs, ops.alerts and ops.restatements lie. */
export const runsPrefix = (dataset?: string): string =>
  dataset === undefined ? 'ops/runs/' : `ops/runs/${datasetPath(dataset)}/`;
export const alertsPrefix = (): string => 'ops/alerts/';
export const restatementsPrefix = (): string => 'ops/restatements/';

/** One document a run: how it ended, for ops.runs. */
export const runRecordKey = (dataset: string, runId: string): string => `${runsPrefix(dataset)}${runId}.json`;

/** Marks a run whose files wait for a person's decision. */
export const heldPrefix = (dataset: string): string => `ops/held/${datasetPath(dataset)}/`;
export const heldKey = (dataset: string, runId: string): string => `${heldPrefix(dataset)}${runId}.json`;

/** What people decided, one document each, for ops.decisions. */
export const decisionsPrefix = (dataset?: string): string =>
  dataset === undefined ? 'ops/decisions/' : `ops/decisions/${datasetPath(dataset)}/`;
export const decisionKey = (dataset: string, id: string): string => `${decisionsPrefix(dataset)}${id}.json`;

/** Where sources of records to be tested once more lie; each is three objects, of which the manifest comes last. */
export const retriesPrefix = (dataset: string): string => `ops/retries/${datasetPath(dataset)}/`;

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
export const correctionsPrefix = (dataset: string): string => `ops/corrections/${datasetPath(dataset)}/`;
export const correctionsKey = (dataset: string, id: string): string =>
  `${correctionsPrefix(dataset)}${id}.parquet`;

/** Condemned records whose release one person asked for, and those that another approved, as Parquet. */
export const releaseRequestKey = (dataset: string, id: string): string =>
  `ops/release-requests/${datasetPath(dataset)}/${id}.parquet`;
export const releasesPrefix = (dataset: string): string => `ops/releases/${datasetPath(dataset)}/`;
export const releaseKey = (dataset: string, id: string): string => `${releasesPrefix(dataset)}${id}.parquet`;

/** Who is writing files of a dataset that no snapshot names yet, beside the runs. */
export const writersPrefix = (dataset: string): string => `ops/writers/${datasetPath(dataset)}/`;
export const writerKey = (dataset: string, id: string): string => `${writersPrefix(dataset)}${id}.json`;

/** Says, before the first file, that a Gold table's files are being made after a run or a decision of that id. */
export const refreshesPrefix = (dataset: string): string => `ops/refreshes/${datasetPath(dataset)}/`;
export const refreshKey = (dataset: string, runId: string): string =>
  `${refreshesPrefix(dataset)}${runId}.json`;

/** States of a dataset whose snapshots were expired, many a document, for ops.states. */
export const statesPrefix = (dataset: string): string => `ops/upkeep/states/${datasetPath(dataset)}/`;
export function statesKey(dataset: string, first: number, last: number): string {
  const [from, to] = [first, last].map((version) => String(version).padStart(9, '0'));
  return `${statesPrefix(dataset)}${from}-${to}.json`;
}

/** Files that go a while after the snapshots that named them were expired. */
export const removalsPrefix = (dataset: string): string => `ops/upkeep/removals/${datasetPath(dataset)}/`;
export const removalsKey = (dataset: string, id: string): string => `${removalsPrefix(dataset)}${id}.json`;

/** When a dataset's or Gold table's upkeep was last done. */
export const tendingKey = (dataset: string): string => `ops/upkeep/tended/${datasetPath(dataset)}.json`;

/** Texts of contracts under which something was published, and of the SQL of Gold tables, by their digests: never changed. */
export const contractTextKey = (dataset: string, digest: string): string =>
  `ops/contracts/${datasetPath(dataset)}/${digest}.yaml`;
export const goldSqlKey = (dataset: string, digest: string): string =>
  `ops/contracts/${datasetPath(dataset)}/${digest}.sql`;

/** Where migrations of a dataset keep what was asked for and what came of it. */
export const migrationsPrefix = (dataset: string): string => `ops/migrations/${datasetPath(dataset)}/`;

/** That a person asked for a migration, what it came to, and which records' hashes it changed. */
export const migrationKey = (dataset: string, runId: string): string =>
  `${migrationsPrefix(dataset)}${runId}.json`;
export const migrationOutcomeKey = (dataset: string, runId: string): string =>
  `${migrationsPrefix(dataset)}${runId}.outcome.json`;
export const migrationHashesKey = (dataset: string, runId: string): string =>
  `${migrationsPrefix(dataset)}${runId}.hashes.parquet`;

/** Which records of a run's files stand in Silver already, and where, as Parquet. */
export const repeatsPrefix = (dataset: string): string => `ops/twins/${datasetPath(dataset)}/`;
export const repeatsKey = (dataset: string, runId: string): string =>
  `${repeatsPrefix(dataset)}${runId}.parquet`;

/** Says of which major version people were told that the dataset's tables wait for it. */
export const migrationDueKey = (dataset: string): string => `${migrationsPrefix(dataset)}due.json`;

/** Which state of a dataset's or Gold table's programs were told of last. */
export const toldKey = (dataset: string): string => `ops/events/told/${datasetPath(dataset)}.json`;

/** Events about a dataset that programs are still to be told of, in the order in which they happened. */
export const outboxPrefix = (dataset: string): string => `ops/events/outbox/${datasetPath(dataset)}/`;
export const outboxKey = (
  dataset: string,
  event: { readonly version: number; readonly id: string },
): string => `${outboxPrefix(dataset)}${String(event.version).padStart(9, '0')}-${event.id}.json`;

/** Which files a run reads again, and replaces. */
export const backfillKey = (dataset: string, runId: string): string =>
  `ops/backfills/${datasetPath(dataset)}/${runId}.json`;

/** What is known to be amiss with a dataset or Gold table, so that it is told once. */
export const healthKey = (dataset: string): string => `ops/health/${datasetPath(dataset)}.json`;

/** The circuit breaker's state; absent means closed. */
export const breakerKey = (dataset: string): string => `ops/breakers/${datasetPath(dataset)}.json`;

/** When somebody last asked for all of Bronze to be looked through, and not only its last days. */
export const lookKey = (dataset: string): string => `ops/looks/${datasetPath(dataset)}.json`;

/** Who runs a dataset now: moved by conditional writes only. */
export const leaseKey = (dataset: string): string => `ops/leases/${datasetPath(dataset)}.json`;

/** Says that people were told of a drop that nobody can use. */
export const refusalKey = (refusalId: string): string => `ops/leases/_refused/${refusalId}.json`;

/** S3 allows keys of so many bytes. */
export const MOST_KEY_BYTES = 1024;

/** Remembers the digest of an object whose store doesn't know it: under the object's own key, where there is room for it. */
export function digestMemoKey(key: string): string {
  const named = `ops/digests/${key}.json`;
  return bytesOf(named) <= MOST_KEY_BYTES ? named : `ops/digests/${hashOf(key, 64)}.json`;
}

/** An alert of a run: one of each kind; where several tables are told of after one run, one of each. */
export const alertKey = (runId: string, kind: string, table?: string): string =>
  `${alertsPrefix()}${runId}-${kind}${table === undefined ? '' : `-${table}`}.json`;

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
