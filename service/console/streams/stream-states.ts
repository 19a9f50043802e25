import type { ObjectStore } from '../../../etl/ports.ts';
import { datasetOfUrn, UNKNOWN_DATASET } from '../../../stream/policy/dataset-urn.ts';
import { effectivePolicy, type PolicySet } from '../../../stream/policy/policy-set.ts';
import { NOTHING_READ, readPolicies } from '../../../stream/policy/read-policies.ts';
import { EvidenceWindows } from '../../../stream/signals/evidence-windows.ts';
import { datasetsOf } from '../../../stream/signals/signals.ts';
import { mostOf, type WindowCounts } from '../../../stream/signals/window-counts.ts';
import type { Service } from '../../service.ts';

/** How the events of a dataset do: of the hour before the newest one. */
export interface StreamState {
  readonly urn: string;
  readonly name: string;
  /** ISO 8601; undefined where there is no evidence. */
  readonly newestAt: string | undefined;
  readonly passed: number;
  readonly failed: number;
  /** How many failed at each gate. */
  readonly gates: ReadonlyMap<string, number>;
  /** The reason that most of them have. */
  readonly reason: string | undefined;
  readonly minutes: readonly { readonly atMs: number; readonly passed: number; readonly failed: number }[];
  readonly mode: string;
  readonly tier: string | undefined;
  readonly owners: readonly string[];
}

/** What the page counts by, kept from one request to the next: an object of evidence is read once. */
const WINDOWS = new WeakMap<Pick<ObjectStore, 'list' | 'get'>, EvidenceWindows>();

/** A page doesn't wait for more events of a dataset than these. */
const MOST_READ = 20_000;

export const MINUTES = 60;
const MINUTE_MS = 60_000;

/** The datasets of events that have evidence, a policy or a rule, by name; the unknown one last, if it has evidence. */
export async function streamStates({ lake, policies }: Service): Promise<StreamState[]> {
  const { objects, clock } = lake.effects;
  const { policies: known, rules, broken } = await readPolicies(policies, NOTHING_READ);
  const set: PolicySet = { policies: known, rules, broken, readAt: clock.now(), isStale: false };
  const windows = WINDOWS.get(objects) ?? new EvidenceWindows(objects, MOST_READ);
  WINDOWS.set(objects, windows);
  const states: StreamState[] = [];
  const urns = datasetsOf(set).filter((urn) => urn !== UNKNOWN_DATASET);
  for (const urn of [...urns.sort(), UNKNOWN_DATASET]) {
    await windows.refresh(urn, clock.now().getTime());
    const newestMs = windows.newestMs(urn);
    if (urn === UNKNOWN_DATASET && newestMs === undefined) continue;
    states.push(stateOf(urn, { set, windows, newestMs }));
  }
  return states;
}

function stateOf(
  urn: string,
  {
    set,
    windows,
    newestMs,
  }: { readonly set: PolicySet; readonly windows: EvidenceWindows; readonly newestMs: number | undefined },
): StreamState {
  const { policy } = effectivePolicy(set, urn);
  const fromMs = newestMs === undefined ? 0 : Math.floor(newestMs / MINUTE_MS - MINUTES + 1) * MINUTE_MS;
  const counts: WindowCounts = windows.counts(urn, fromMs, (newestMs ?? 0) + 1);
  return {
    urn,
    name: urn === UNKNOWN_DATASET ? 'unknown' : datasetOfUrn(urn),
    newestAt: newestMs === undefined ? undefined : new Date(newestMs).toISOString(),
    ...{ passed: counts.passed, failed: counts.failed, gates: counts.gates },
    reason: mostOf(new Map([...counts.reasons].map(([reason, { events }]) => [reason, events]))),
    minutes: windows
      .minutes(urn, fromMs)
      .map(({ atMs, counts: { passed, failed } }) => ({ atMs, passed, failed })),
    mode: policy.enforcement_mode,
    tier: policy.tier,
    owners: policy.owners,
  };
}
