import { z } from 'zod';
import { ConflictError } from '../../etl/errors.ts';
import { SIGNALS_LEASE } from '../../etl/naming/incidents.ts';
import type { Clock, ObjectStore } from '../../etl/ports.ts';
import { parseDocument, putDocument } from '../../etl/stages/stored-documents.ts';
import { UNKNOWN_DATASET } from '../policy/dataset-urn.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import type { Policies } from '../ports.ts';
import type { EvidenceWindows } from './evidence-windows.ts';
import { findTroubles } from './find-troubles.ts';
import type { Finding, Incident } from './incident.ts';
import { type BookParts, keepIncidents } from './incident-book.ts';

/** What signals are made of. */
export interface SignalParts extends BookParts {
  readonly objects: ObjectStore;
  readonly windows: EvidenceWindows;
  readonly policies: Policies;
  readonly clock: Clock;
  /** Names this process among those that look. */
  readonly holder: string;
  /** What this process alone knows: its lag, and records that expired. */
  readonly own?: (set: PolicySet, nowMs: number) => readonly Finding[];
}

/** For so long one process looks at evidence for all of them; it asks for more time before that is over. */
const LEASE_MS = 60_000;

/** What a reader of a topic finds it notes at least once a minute; after so long without a note it is over. */
const NOTED_MS = 3 * 60_000;

/**
 * Looks at the evidence of all datasets that policies or rules name, and keeps incidents. Of several enforcers one looks at
 * evidence; each looks at its own lag. Returns the incidents that are open.
 */
export async function lookAtSignals(parts: SignalParts): Promise<readonly Incident[]> {
  const at = parts.clock.now();
  const nowMs = at.getTime();
  const set = await parts.policies.current();
  const own = parts.own?.(set, nowMs) ?? [];
  const isLeader = await holdsLease(parts, nowMs);
  const urns = isLeader ? datasetsOf(set) : [];
  for (const urn of urns) await parts.windows.refresh(urn, nowMs);
  const found = urns.flatMap((urn) => findTroubles(urn, { windows: parts.windows, policies: set, nowMs }));
  const isLooked = ({ topic, last_seen_at }: Incident): boolean =>
    isLeader && (topic === null || nowMs - Date.parse(last_seen_at) > NOTED_MS);
  return await keepIncidents([...own, ...found], { at, isLooked }, parts);
}

/** Looks once at what the newest events of some datasets say, whenever they came: the end of a file. */
export async function lookAtNewest(
  urns: ReadonlySet<string>,
  parts: Omit<SignalParts, 'holder' | 'own' | 'quietMs'>,
): Promise<readonly Incident[]> {
  const at = parts.clock.now();
  const set = await parts.policies.current();
  for (const urn of urns) await parts.windows.refresh(urn, at.getTime());
  const found = [...urns].flatMap((urn) => findTroubles(urn, { windows: parts.windows, policies: set }));
  const isLooked = ({ dataset_urn: urn, kind }: Incident): boolean =>
    urn !== null && urns.has(urn) && !BY_TIME.has(kind);
  const kept = await keepIncidents(found, { at, isLooked }, { ...parts, quietMs: 0 });
  return kept.filter(({ dataset_urn: urn }) => urn !== null && urns.has(urn));
}

/** What the newest events alone don't say. */
const BY_TIME: ReadonlySet<Incident['kind']> = new Set([
  'CRITICAL_LAG',
  'EVIDENCE_GAP',
  'FRESHNESS',
  'VOLUME_HIGH',
  'VOLUME_LOW',
]);

/** The datasets that policies or rules name, and the unknown one. */
export const datasetsOf = ({ policies, rules, broken }: PolicySet): string[] => [
  ...new Set([
    ...policies.keys(),
    ...broken.keys(),
    ...rules.map(({ dataset_urn }) => dataset_urn),
    UNKNOWN_DATASET,
  ]),
];

const Lease = z.object({ holder: z.string(), until: z.string() });

/** Whether this process is the one that looks for all, from now on for a while. */
async function holdsLease({ objects, holder }: SignalParts, nowMs: number): Promise<boolean> {
  const stored = await objects.get(SIGNALS_LEASE);
  const lease = stored === undefined ? undefined : parseDocument(stored.body, SIGNALS_LEASE, Lease);
  const leftMs = lease === undefined ? 0 : Date.parse(lease.until) - nowMs;
  if (lease !== undefined && lease.holder !== holder && leftMs > 0) return false;
  if (lease?.holder === holder && leftMs > LEASE_MS / 2) return true;
  const mine = { holder, until: new Date(nowMs + LEASE_MS).toISOString() };
  try {
    const condition = stored === undefined ? { ifNoneMatch: '*' as const } : { ifMatch: stored.etag };
    await putDocument(objects, SIGNALS_LEASE, mine, condition);
    return true;
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    return false;
  }
}
