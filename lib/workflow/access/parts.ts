import {
  BACKFILLS,
  BREAKERS,
  CONTRACT_TEXTS,
  DECISIONS,
  DIGEST_MEMOS,
  HELD,
  LEASES,
  LOOKS,
  MIGRATIONS,
  PLANS,
  POINTERS,
  RETRY_MANIFESTS,
  RUN_RECORDS,
  SOURCE_FILES,
  wholeTables,
} from '../../config/key-patterns.ts';

/** The tables that a dataset's pointer moves together. */
export const SILVER_TABLES = ['silver', 'quarantine', 'condemned', 'source_files'] as const;

/**
 * What planning reads: source files, their digests, retries, the ledger, what is withheld. It writes only digests. A
 * retry's records are quarantined values: it may read only the manifests.
 */
export const PLANNING = {
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
    // A published run or a decision shows that a missing pointer was lost, not never made.
    RUN_RECORDS,
    DECISIONS,
  ],
  writes: [DIGEST_MEMOS],
  lists: ['bronze', 'silver', 'ops'],
} as const;

/** The run that a stage works on: its plan, and the pointer it builds on. */
export const RUN = [PLANS, POINTERS.silver] as const;

/** The lease of a dataset, and the run that holds it. */
export const LEASING = { writes: [LEASES], startsRuns: true } as const;
