import {
  ALERTS,
  BREAKERS,
  CHUNK_FAILURES,
  CLOSINGS,
  COMMIT_PLANS,
  CONTRACT_TEXTS,
  DECISIONS,
  dataFiles,
  EVENTS,
  HELD,
  LEASES,
  MIGRATIONS,
  metadataFiles,
  OUTBOX,
  PLANS,
  POINTERS,
  REFRESHES,
  REPEATS,
  RESTATEMENTS,
  RUN_RECORDS,
  SEALS,
  SETS,
  tableMetadata,
  WAITING_ROWS,
  wholeTables,
} from '../../config/key-patterns.ts';
import type { Access } from './access.ts';
import { LEASING, PLANNING, RUN, SILVER_TABLES } from './parts.ts';

/** The stages that decide on a sealed run, publish it and end it. */
export const RUN_STAGES = {
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
    // Of a run that is sealed anew, what was refused of it stays refused; people are told which run made what readers see.
    reads: [...RUN, SEALS, HELD, tableMetadata('silver')],
    writes: [HELD, RUN_RECORDS, ALERTS],
    lists: ['silver', 'ops'],
    alerts: true,
    lineage: true,
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
      // A lineage server is told what the run read and wrote.
      PLANS,
      SEALS,
      SETS,
    ],
    asksSets: true,
    writes: [
      SETS,
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
    catalog: ['gold', 'projection'],
    // Published figures that change are told, and programs of all that was published.
    alerts: true,
    events: true,
    lineage: true,
    // An event at which a projection's code fails is told by digests, where not everybody may know of it.
    secrets: ['digest-key'],
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
      // If only Gold failed, Silver is published: notify programs.
      tableMetadata('silver'),
      EVENTS,
    ],
    writes: [HELD, BREAKERS, RUN_RECORDS, ALERTS, LEASES, MIGRATIONS, EVENTS],
    removes: [OUTBOX],
    lists: ['silver', 'ops'],
    alerts: true,
    events: true,
    lineage: true,
  },
  'note-failure': { reads: [], writes: [CHUNK_FAILURES], lists: ['ops'] },
} as const satisfies Readonly<Record<string, Access>>;
