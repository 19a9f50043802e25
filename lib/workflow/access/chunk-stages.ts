import {
  ALERTS,
  CHUNK_LISTS,
  CHUNK_RESULTS,
  COMMIT_PLANS,
  CONTRACT_TEXTS,
  DIGEST_MEMOS,
  dataFiles,
  ERASURES,
  FOLDED_ERASURES,
  LANDING_PROGRESS,
  LEASES,
  MIGRATIONS,
  PLANS,
  RELEASES,
  REPEATS,
  RETRY_ORIGINS,
  RETRY_RECORDS,
  REWRITE_LISTS,
  REWRITE_TASKS,
  REWRITTEN,
  SEALED_FILES,
  SEALS,
  SETS,
  SOURCE_FILES,
  SPANS,
  STAGED_KEYS,
  STAGED_LEAVING,
  STAGED_REJECTS,
  STAGED_SUSPECTS,
  SURVEY_LISTS,
  SURVEYS,
  tableMetadata,
  wholeTables,
} from '../../config/key-patterns.ts';
import type { Access } from './access.ts';
import { PLANNING, RUN, SILVER_TABLES } from './parts.ts';

/** What protects files, and the stages that plan a run and test its records. */
export const CHUNK_STAGES = {
  // Nobody else reads what sources drop; of Bronze it reads and writes only what is sealed.
  protect: {
    reads: [SEALED_FILES, ERASURES, FOLDED_ERASURES, DIGEST_MEMOS, LEASES, LANDING_PROGRESS],
    writes: [SEALED_FILES, DIGEST_MEMOS, LEASES, LANDING_PROGRESS, ALERTS],
    removes: [LANDING_PROGRESS],
    lists: ['bronze', 'ops'],
    vault: 'makes',
    landing: true,
    // It calls itself on with a large file.
    callsItself: true,
    alerts: true,
  },
  plan: {
    ...PLANNING,
    // An approved run may be planned again, and is reported to a lineage server.
    reads: [...PLANNING.reads, PLANS, SEALS],
    writes: [...PLANNING.writes, PLANS, CHUNK_LISTS, SURVEY_LISTS, CONTRACT_TEXTS],
    lineage: true,
  },
  survey: { reads: [...RUN, SOURCE_FILES, CONTRACT_TEXTS], writes: [SURVEYS], lists: ['silver', 'ops'] },
  align: {
    reads: [...RUN, SOURCE_FILES, SURVEYS, CONTRACT_TEXTS],
    writes: [SPANS],
    lists: ['silver', 'ops'],
  },
  refine: {
    vault: 'opens',
    reads: [
      ...RUN,
      ERASURES,
      FOLDED_ERASURES,
      SOURCE_FILES,
      RETRY_RECORDS,
      SPANS,
      CONTRACT_TEXTS,
      // What a migration that was broken off has done already.
      CHUNK_RESULTS,
      tableMetadata('silver'),
      // What it wrote, read back.
      dataFiles('silver'),
      wholeTables('quarantine'),
      wholeTables('condemned'),
      wholeTables('source_files'),
    ],
    writes: [dataFiles('silver'), CHUNK_RESULTS, STAGED_KEYS, STAGED_REJECTS, STAGED_SUSPECTS],
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
      STAGED_KEYS,
      STAGED_REJECTS,
      STAGED_SUSPECTS,
      ...SILVER_TABLES.map(wholeTables),
      // The records that a retried one's equals are counted in.
      REPEATS,
      SETS,
      // What workers made of what it left to them.
      REWRITTEN,
    ],
    // An adoption carries records over under names that the vault makes of their hashes.
    vault: 'names',
    writes: [
      ...SILVER_TABLES.map(dataFiles),
      SEALS,
      COMMIT_PLANS,
      MIGRATIONS,
      REPEATS,
      SETS,
      REWRITE_LISTS,
      REWRITE_TASKS,
      STAGED_LEAVING,
    ],
    asksSets: true,
    lists: ['silver', 'quarantine', 'ops'],
    secrets: ['digest-key'],
  },
  // It sees neither source files nor what failed: whole rows of Silver, and which of them leave.
  rewrite: {
    reads: [...RUN, REWRITE_TASKS, STAGED_LEAVING, tableMetadata('silver'), dataFiles('silver')],
    writes: [dataFiles('silver'), REWRITTEN],
    lists: ['silver', 'ops'],
  },
} as const satisfies Readonly<Record<string, Access>>;
