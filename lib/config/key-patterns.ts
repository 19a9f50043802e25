import { bronzePrefix, sealedName } from '../../etl/naming/bronze.ts';
import { closingsPrefix, restatementsPrefix, waitingRowsPrefix } from '../../etl/naming/closings.ts';
import type { Layer } from '../../etl/naming/datasets.ts';
import { adoptedCorrectionsKey, adoptionKey } from '../../etl/naming/generations.ts';
import { LANDING_PROGRESS_PREFIX } from '../../etl/naming/landing.ts';
import {
  ERASURES_PREFIX,
  FOLDED_ERASURES_PREFIX,
  forgetApprovalKey,
  forgetRequestKey,
  REVEALS_PREFIX,
} from '../../etl/naming/privacy.ts';
import { READS_PREFIX } from '../../etl/naming/reads.ts';
import {
  backfillKey,
  breakerKey,
  chunkFailureKey,
  chunkKey,
  chunkListKey,
  commitPrefix,
  heldKey,
  keysKey,
  leaseKey,
  leavingKey,
  lookKey,
  planKey,
  recoveredKey,
  rejectsKey,
  rewriteListKey,
  rewriteTaskKey,
  rewrittenKey,
  runRecordKey,
  sealKey,
  setsFolder,
  spansKey,
  stagingPrefix,
  surveyKey,
  surveyListKey,
  suspectsKey,
} from '../../etl/naming/runs.ts';
import {
  compactedPart,
  letGoPart,
  metadataPrefix,
  pointerKey,
  runRoot,
  tableRoot,
  upgradedPart,
} from '../../etl/naming/tables.ts';
import { alertsPrefix, outboxPrefix } from '../../etl/naming/told.ts';
import { digestMemoKey, healthKey, refreshKey, removalsKey, writerKey } from '../../etl/naming/upkeep.ts';

/**
 * Key patterns for policies, made by the same functions that make the keys: of any dataset and any run. A `*` in a
 * policy matches slashes as well.
 */

const DATASET = 'any.dataset';
const ANY = '*';

function ofAnyDataset(key: (dataset: string) => string): string {
  return key(DATASET).replace('any/dataset', ANY);
}

/** A layer's `_LATEST.json`, of any dataset. */
export const POINTERS = {
  silver: ofAnyDataset((dataset) => pointerKey('silver', dataset)),
  gold: ofAnyDataset((dataset) => pointerKey('gold', dataset)),
} as const;

/** Source files of any dataset. */
export const SOURCE_FILES = ofAnyDataset((dataset) => `${bronzePrefix(dataset)}${ANY}`);

/** Those whose personal values are sealed. */
export const SEALED_FILES = ofAnyDataset((dataset) => `${bronzePrefix(dataset)}${sealedName(ANY)}`);

/** Everything of a layer's tables. */
export function wholeTables(layer: Layer): string {
  return ofAnyDataset((dataset) => `${tableRoot(layer, dataset)}/${ANY}`);
}

/** Iceberg metadata of a layer's tables. */
export function tableMetadata(layer: Layer): string {
  return ofAnyDataset((dataset) => `${metadataPrefix(layer, dataset)}/${ANY}`);
}

/** The metadata files that pointers name, and those before them. */
export function metadataFiles(layer: Layer): string {
  return `${tableMetadata(layer)}.metadata.json`;
}

/** Data files of a layer's tables. */
export function dataFiles(layer: Layer): string {
  return ofAnyDataset((dataset) => `${runRoot(layer, dataset, ANY, ANY)}/${ANY}.parquet`);
}

/** Silver's files that compaction wrote. */
export const COMPACTED_FILES = filesOfPart('silver', compactedPart(ANY));

/** A layer's files that an upgrade wrote. */
export function upgradedFiles(layer: Layer): string {
  return filesOfPart(layer, upgradedPart(ANY));
}

/** A reject table's files that letting records go wrote. */
export function letGoFiles(layer: 'quarantine' | 'condemned'): string {
  return filesOfPart(layer, letGoPart(ANY));
}

function filesOfPart(layer: Layer, part: string): string {
  return ofAnyDataset((dataset) => `${runRoot(layer, dataset, ANY, ANY)}/${ANY}part-${part}.parquet`);
}

/** Seals (`_SUCCESS`). */
export const SEALS = ofAnyDataset((dataset) => sealKey(dataset, ANY, ANY));

/** What the stages of a run leave for one another. */
export const PLANS = ofAnyDataset((dataset) => planKey(dataset, ANY));
export const CHUNK_LISTS = ofAnyDataset((dataset) => chunkListKey(dataset, ANY));
export const SURVEY_LISTS = ofAnyDataset((dataset) => surveyListKey(dataset, ANY));
export const SURVEYS = ofAnyDataset((dataset) => surveyKey(dataset, ANY, ANY));
export const SPANS = ofAnyDataset((dataset) => spansKey(dataset, ANY));
export const CHUNK_RESULTS = ofAnyDataset((dataset) => chunkKey(dataset, ANY, ANY));
export const CHUNK_FAILURES = ofAnyDataset((dataset) => chunkFailureKey(dataset, ANY, ANY));
export const STAGED_KEYS = ofAnyDataset((dataset) => keysKey(dataset, ANY, ANY));
export const STAGED_REJECTS = ofAnyDataset((dataset) => rejectsKey(dataset, ANY, ANY));
export const STAGED_SUSPECTS = ofAnyDataset((dataset) => suspectsKey(dataset, ANY, ANY));
export const REWRITE_LISTS = ofAnyDataset((dataset) => rewriteListKey(dataset, ANY));
export const REWRITE_TASKS = ofAnyDataset((dataset) => rewriteTaskKey(dataset, ANY, ANY));
export const REWRITTEN = ofAnyDataset((dataset) => rewrittenKey(dataset, ANY, ANY));
export const STAGED_LEAVING = ofAnyDataset((dataset) => leavingKey(dataset, ANY, ANY));
export const STAGED_RECOVERED = ofAnyDataset((dataset) => recoveredKey(dataset, ANY, ANY));
export const STAGED = ofAnyDataset((dataset) => `${stagingPrefix(dataset)}${ANY}`);
export const COMMIT_PLANS = ofAnyDataset((dataset) => `${commitPrefix(dataset, ANY)}${ANY}`);
/** What stages ask of a set engine, and its answers. */
export const SETS = ofAnyDataset((dataset) => `${setsFolder(dataset, ANY)}/${ANY}`);

/** Documents of operations. */
export const HELD = ofAnyDataset((dataset) => heldKey(dataset, ANY));
export const BREAKERS = ofAnyDataset((dataset) => breakerKey(dataset));
export const BACKFILLS = ofAnyDataset((dataset) => backfillKey(dataset, ANY));
export const CONTRACT_TEXTS = 'ops/contracts/*';
export const MIGRATIONS = 'ops/migrations/*';
/** States that programs know of, and events still to be sent. */
export const EVENTS = 'ops/events/*';
export const OUTBOX = ofAnyDataset((dataset) => `${outboxPrefix(dataset)}${ANY}`);
/** Who read data products, by day. */
export const READS = `${READS_PREFIX}${ANY}`;
export const REPEATS = 'ops/twins/*.parquet';
export const HEALTH = ofAnyDataset((dataset) => healthKey(dataset));
export const WRITERS = ofAnyDataset((dataset) => writerKey(dataset, ANY));
export const REFRESHES = ofAnyDataset((dataset) => refreshKey(dataset, ANY));

/** What the upkeep of tables writes down: states that were expired, files that are to go, when it was last done. */
export const UPKEEP = 'ops/upkeep/*';
export const REMOVALS = ofAnyDataset((dataset) => removalsKey(dataset, ANY));
export const RUN_RECORDS = ofAnyDataset((dataset) => runRecordKey(dataset, ANY));
export const ALERTS = `${alertsPrefix()}${ANY}`;
export const RESTATEMENTS = `${restatementsPrefix()}${ANY}`;

/** What people closed of Gold tables and with which rows, and the rows that wait for their decision. */
export const CLOSINGS = `${closingsPrefix()}${ANY}`;
export const WAITING_ROWS = ofAnyDataset((dataset) => `${waitingRowsPrefix(dataset)}${ANY}`);

/** Leases: who may start a dataset's next run. Also, which unusable drops were alerted. */
export const LEASES = ofAnyDataset((dataset) => leaseKey(dataset));

/** When a look through all of Bronze was last asked for. */
export const LOOKS = ofAnyDataset((dataset) => lookKey(dataset));

/** Digests that S3 doesn't know by itself, remembered. */
export const DIGEST_MEMOS = digestMemoKey(ANY);

/** What was forgotten, whose keys nobody may serve any more; one by one, and folded. */
export const ERASURES = `${ERASURES_PREFIX}${ANY}`;
export const FOLDED_ERASURES = `${FOLDED_ERASURES_PREFIX}${ANY}`;

/** Who asked for whom to be forgotten, what came of it, and what was revealed to whom. */
export const FORGETTINGS = 'ops/privacy/*';
export const REVEALS = `${REVEALS_PREFIX}${ANY}`;

/** What is written by those who reveal, hand out and forget. */
export const PRIVACY_WRITES = [ERASURES, FOLDED_ERASURES, FORGETTINGS, REVEALS];

/** What goes when a request is over: the request itself, its approval, and a log that was folded anew. */
export const PRIVACY_REMOVALS = [forgetRequestKey(ANY), forgetApprovalKey(ANY), FOLDED_ERASURES];

/** What an adoption stages in between, sealed, and what says that one was begun. */
export const ADOPTION_REMOVALS = [
  ofAnyDataset((dataset) => adoptionKey(dataset, ANY)),
  ofAnyDataset((dataset) => adoptedCorrectionsKey(dataset, ANY, ANY)),
];

/** What was done of large files that are being protected. */
export const LANDING_PROGRESS = `${LANDING_PROGRESS_PREFIX}${ANY}`;

/** What people decided. */
export const DECISIONS = 'ops/decisions/*.json';

/** Sources of records to be tested once more: what each is, its records, and where they came from. */
export const RETRY_MANIFESTS = 'ops/retries/*/retry-*.json';
export const RETRY_RECORDS = 'ops/retries/*/retry-*.csv';
export const RETRY_ORIGINS = 'ops/retries/*/retry-*.origins.parquet';

export const RETRIES = 'ops/retries/*';

/** What people corrected. */
export const CORRECTIONS = 'ops/corrections/*';

/** Releases of condemned records, those that were asked for included. */
export const ALL_RELEASES = 'ops/release*';

/** Condemned records that people let go. */
export const RELEASES = 'ops/releases/*.parquet';
