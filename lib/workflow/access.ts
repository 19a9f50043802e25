import {
  ALERTS,
  BACKFILLS,
  BREAKERS,
  CHUNK_FAILURES,
  CHUNK_LISTS,
  CHUNK_RESULTS,
  CLOSINGS,
  COMMIT_PLANS,
  COMPACTED_FILES,
  CONTRACT_TEXTS,
  DECISIONS,
  DIGEST_MEMOS,
  dataFiles,
  EVENTS,
  HEALTH,
  HELD,
  LEASES,
  LOOKS,
  MIGRATIONS,
  metadataFiles,
  OUTBOX,
  PLANS,
  POINTERS,
  REFRESHES,
  RELEASES,
  REMOVALS,
  REPEATS,
  RESTATEMENTS,
  RETRY_MANIFESTS,
  RETRY_ORIGINS,
  RETRY_RECORDS,
  RUN_RECORDS,
  SEALS,
  SOURCE_FILES,
  SPANS,
  STAGED,
  STAGED_REJECTS,
  STAGED_SUSPECTS,
  SURVEY_LISTS,
  SURVEYS,
  tableMetadata,
  UPKEEP,
  WAITING_ROWS,
  WRITERS,
  wholeTables,
} from '../config/key-patterns.ts';
import type { DatabaseName, LakeBucketName } from '../config/names.ts';

/** What a function may do: nothing that isn't listed. */
export interface Access {
  /** Key patterns that it may get. */
  readonly reads: readonly string[];
  /** Key patterns that it may put. */
  readonly writes: readonly string[];
  /** Key patterns that it may delete. */
  readonly removes?: readonly string[];
  /** Buckets whose keys it may list, which is also what tells a missing object from a forbidden one. */
  readonly lists: readonly LakeBucketName[];
  /** Glue databases whose tables it may make and move. */
  readonly catalog?: readonly DatabaseName[];
  /** Whether it may publish alerts. */
  readonly alerts?: true;
  /** Whether it may tell programs of what was published. */
  readonly events?: true;
  /** Whether it may start runs and ask how they are. */
  readonly startsRuns?: true;
  readonly secrets?: readonly ('digest-key' | 'slack-webhook')[];
}

/** The tables that a dataset's pointer moves together. */
const SILVER_TABLES = ['silver', 'quarantine', 'condemned', 'source_files'] as const;

/**
 * What planning looks at: source files, their digests, what retries there are, the ledger, what is withheld. It only
 * remembers digests. The records of a retry are quarantined values: it sees their manifests alone.
 */
const PLANNING = {
  reads: [
    SOURCE_FILES,
    DIGEST_MEMOS,
    RETRY_MANIFESTS,
    POINTERS.silver,
    wholeTables('source_files'),
    BACKFILLS,
    BREAKERS,
    HELD,
    LOOKS,
    MIGRATIONS,
    CONTRACT_TEXTS,
    // That a run was published or something decided shows that a pointer is lost, and not yet to come.
    RUN_RECORDS,
    DECISIONS,
  ],
  writes: [DIGEST_MEMOS],
  lists: ['bronze', 'silver', 'ops'],
} as const;

/** The run that a stage works on: its plan, and the pointer it builds on. */
const RUN = [PLANS, POINTERS.silver] as const;

/** The lease of a dataset, and the run that holds it. */
const LEASING = { writes: [LEASES], startsRuns: true } as const;

/** Every function and what it may do, as its code reads and writes. */
const BY_NAME = {
  plan: {
    ...PLANNING,
    // A held run that was approved is planned again.
    reads: [...PLANNING.reads, PLANS],
    writes: [...PLANNING.writes, PLANS, CHUNK_LISTS, SURVEY_LISTS, CONTRACT_TEXTS],
  },
  survey: { reads: [...RUN, SOURCE_FILES, CONTRACT_TEXTS], writes: [SURVEYS], lists: ['silver', 'ops'] },
  align: {
    reads: [...RUN, SOURCE_FILES, SURVEYS, CONTRACT_TEXTS],
    writes: [SPANS],
    lists: ['silver', 'ops'],
  },
  refine: {
    reads: [
      ...RUN,
      SOURCE_FILES,
      RETRY_RECORDS,
      SPANS,
      CONTRACT_TEXTS,
      // What a migration that was broken off has done already.
      CHUNK_RESULTS,
      tableMetadata('silver'),
      wholeTables('quarantine'),
      wholeTables('condemned'),
      wholeTables('source_files'),
    ],
    writes: [dataFiles('silver'), CHUNK_RESULTS, STAGED_REJECTS, STAGED_SUSPECTS],
    lists: ['silver', 'quarantine', 'ops'],
    secrets: ['digest-key'],
  },
  seal: {
    reads: [
      ...RUN,
      SOURCE_FILES,
      RETRY_RECORDS,
      RETRY_ORIGINS,
      RELEASES,
      SPANS,
      CONTRACT_TEXTS,
      MIGRATIONS,
      CHUNK_RESULTS,
      STAGED_REJECTS,
      STAGED_SUSPECTS,
      ...SILVER_TABLES.map(wholeTables),
      // Among which records a retried one's equals are counted.
      REPEATS,
    ],
    writes: [...SILVER_TABLES.map(dataFiles), SEALS, COMMIT_PLANS, MIGRATIONS, REPEATS],
    lists: ['silver', 'quarantine', 'ops'],
    secrets: ['digest-key'],
  },
  gate: {
    reads: [
      ...RUN,
      SEALS,
      BREAKERS,
      wholeTables('quarantine'),
      wholeTables('condemned'),
      wholeTables('source_files'),
      // A migration is compared with what readers see, Gold included.
      MIGRATIONS,
      COMMIT_PLANS,
      REPEATS,
      tableMetadata('silver'),
      dataFiles('silver'),
      wholeTables('gold'),
    ],
    writes: [BREAKERS, ALERTS, MIGRATIONS],
    lists: ['silver', 'quarantine', 'gold', 'ops'],
    // A breaker that opens stops the dataset: people are told by whoever opens it.
    alerts: true,
  },
  hold: {
    // Of a run that is sealed anew, what was refused of it stays refused.
    reads: [...RUN, SEALS, HELD],
    writes: [HELD, RUN_RECORDS, ALERTS],
    lists: ['silver', 'ops'],
    alerts: true,
  },
  promote: {
    reads: [
      ...RUN,
      SEALS,
      COMMIT_PLANS,
      HELD,
      CONTRACT_TEXTS,
      MIGRATIONS,
      ...SILVER_TABLES.map(tableMetadata),
    ],
    // Files that were refused of an approved run stay refused.
    writes: [...SILVER_TABLES.map(tableMetadata), POINTERS.silver, HELD, RUN_RECORDS, DECISIONS, ALERTS],
    // Earlier metadata files go after the commit.
    removes: [HELD, ...SILVER_TABLES.map(metadataFiles)],
    lists: ['silver', 'quarantine', 'ops'],
    catalog: ['silver', 'quarantine', 'condemned', 'ops'],
    alerts: true,
  },
  'refresh-gold': {
    reads: [
      POINTERS.silver,
      tableMetadata('silver'),
      dataFiles('silver'),
      wholeTables('gold'),
      tableMetadata('source_files'),
      CONTRACT_TEXTS,
      // Programs are told how many figures were restated.
      RESTATEMENTS,
      EVENTS,
      // Closed months are compared with what Silver makes of them now.
      CLOSINGS,
    ],
    writes: [
      dataFiles('gold'),
      tableMetadata('gold'),
      POINTERS.gold,
      RESTATEMENTS,
      REFRESHES,
      WAITING_ROWS,
      CONTRACT_TEXTS,
      ALERTS,
      EVENTS,
    ],
    removes: [metadataFiles('gold'), OUTBOX],
    lists: ['silver', 'gold', 'ops'],
    catalog: ['gold'],
    // Published figures that change are told, and programs of all that was published.
    alerts: true,
    events: true,
  },
  sweep: {
    ...PLANNING,
    ...LEASING,
    reads: [...PLANNING.reads, LEASES],
    writes: [...PLANNING.writes, ...LEASING.writes],
  },
  'record-failure': {
    reads: [
      ...RUN,
      CHUNK_FAILURES,
      SEALS,
      HELD,
      BREAKERS,
      LEASES,
      MIGRATIONS,
      // Silver was published where only Gold failed: programs are told.
      tableMetadata('silver'),
      EVENTS,
    ],
    writes: [HELD, BREAKERS, RUN_RECORDS, ALERTS, LEASES, MIGRATIONS, EVENTS],
    removes: [OUTBOX],
    lists: ['silver', 'ops'],
    alerts: true,
    events: true,
  },
  'note-failure': { reads: [], writes: [CHUNK_FAILURES], lists: ['ops'] },
  'start-run': {
    ...LEASING,
    reads: [LEASES],
    writes: [LEASES, LOOKS, ALERTS],
    // Of Bronze it sees which files there are, and nothing that is in them.
    lists: ['bronze', 'ops'],
    alerts: true,
  },
  'relay-alert': { reads: [], writes: [], lists: [], secrets: ['slack-webhook'] },
  'reconcile-catalog': {
    reads: [POINTERS.silver, POINTERS.gold, CONTRACT_TEXTS],
    writes: [],
    lists: ['silver', 'gold', 'ops'],
    catalog: ['silver', 'gold', 'quarantine', 'condemned', 'ops'],
  },
  'check-health': {
    reads: [
      POINTERS.silver,
      POINTERS.gold,
      wholeTables('source_files'),
      HELD,
      BREAKERS,
      SEALS,
      RUN_RECORDS,
      // That something was decided shows that a pointer is lost, and not yet to come.
      DECISIONS,
      HEALTH,
      // What the upkeep has left: manifests and lists, no data.
      tableMetadata('silver'),
      tableMetadata('gold'),
      PLANS,
      UPKEEP,
    ],
    writes: [HEALTH, ALERTS],
    removes: [HEALTH],
    // Of Bronze it sees which files there are, and nothing that is in them.
    lists: ['bronze', 'silver', 'gold', 'quarantine', 'ops'],
    alerts: true,
  },
  // Beside what it removes and the files that it joins it can write nothing that a run or a person decided.
  tend: {
    reads: [
      POINTERS.silver,
      POINTERS.gold,
      ...SILVER_TABLES.map(tableMetadata),
      dataFiles('silver'),
      wholeTables('gold'),
      PLANS,
      HELD,
      RUN_RECORDS,
      UPKEEP,
      CONTRACT_TEXTS,
      RESTATEMENTS,
      EVENTS,
      CLOSINGS,
    ],
    writes: [
      COMPACTED_FILES,
      EVENTS,
      CONTRACT_TEXTS,
      ...SILVER_TABLES.map(tableMetadata),
      POINTERS.silver,
      dataFiles('gold'),
      tableMetadata('gold'),
      POINTERS.gold,
      RESTATEMENTS,
      REFRESHES,
      WAITING_ROWS,
      DECISIONS,
      WRITERS,
      UPKEEP,
      ALERTS,
    ],
    removes: [
      // The other tables have neither pointers nor seals in their folders.
      dataFiles('silver'),
      tableMetadata('silver'),
      wholeTables('quarantine'),
      wholeTables('condemned'),
      wholeTables('source_files'),
      dataFiles('gold'),
      tableMetadata('gold'),
      STAGED,
      WRITERS,
      REMOVALS,
      OUTBOX,
    ],
    lists: ['silver', 'gold', 'quarantine', 'ops'],
    catalog: ['silver', 'quarantine', 'condemned', 'ops', 'gold'],
    // Gold that fell behind is refreshed with it, and figures that change are told; what programs were not told is told.
    alerts: true,
    events: true,
  },
} as const satisfies Readonly<Record<string, Access>>;

/** A Lambda function, named for its entry in lambdas/. */
export type FunctionName = keyof typeof BY_NAME;

/** Every function's access, by name. */
export const ACCESS: Readonly<Record<FunctionName, Access>> = BY_NAME;

/** Every function's name. */
export const FUNCTION_NAMES = Object.keys(BY_NAME) as readonly FunctionName[];
