import { HELD, MIGRATIONS, OUTBOX, PRIVACY_REMOVALS, PRIVACY_WRITES } from '../../config/key-patterns.ts';
import { DATABASES, LAKE_BUCKETS } from '../../config/names.ts';
import { DECISION_WRITES } from '../../security/operator.ts';
import type { Access } from './access.ts';

/**
 * The service, which answers people and programs by their roles: it reads the whole lake, as the platform team does, and
 * writes what the team's commands write, migrations aside, and what those of privacy officers write: it reveals, hands out and
 * forgets for people whose roles and data groups say that they may. Only the workflow writes Silver data, leases and staged results.
 */
export const SERVICE: Access = {
  reads: ['bronze/*', 'silver/*', 'gold/*', 'quarantine/*', 'condemned/*', 'ops/*'],
  vault: 'makes',
  writes: [...DECISION_WRITES.filter((keys) => keys !== MIGRATIONS), ...PRIVACY_WRITES],
  removes: [HELD, OUTBOX, ...PRIVACY_REMOVALS],
  lists: LAKE_BUCKETS,
  catalog: DATABASES,
  alerts: true,
  events: true,
  startsRuns: true,
  // A lineage server hears of a refusal from whoever refuses.
  lineage: true,
  // Where a projection's code fails while a stream is asked for, the event is told by digests.
  secrets: ['digest-key'],
};
