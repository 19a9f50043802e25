import { UNKNOWN_DATASET } from '../policy/dataset-urn.ts';
import { effectivePolicy, type PolicySet } from '../policy/policy-set.ts';
import type { EvidenceWindows } from './evidence-windows.ts';
import { isExpected } from './expected-traffic.ts';
import { findCause } from './find-cause.ts';
import type { Finding } from './incident.ts';
import { spanText } from './span-text.ts';
import type { WindowCounts } from './window-counts.ts';

const MINUTE_MS = 60_000;

/** The window of the newest events, and how long that is before it which they are compared with. */
const [RECENT_MS, BEFORE_MS] = [5 * MINUTE_MS, 60 * MINUTE_MS];

/** How many of a tier's events must pass; of other tiers, and without one, nine of ten. */
const LEAST_PASSED: Readonly<Record<string, number>> = { TIER_1: 0.99, TIER_2: 0.95 };
const LEAST_PASSED_OTHERWISE = 0.9;

/** No evidence for so long, while events are expected, is a gap. */
const GAP_MS = 5 * MINUTE_MS;

/** So many times the volume at peak is too much; so small a part of the hour before, if that had so many a minute, too little. */
const [TOO_MUCH, TOO_LITTLE, LEAST_RPM] = [2, 0.1, 10];

/** When a dataset is looked at. Without `nowMs`, only what its newest events say is judged, as of events of a file. */
export interface Look {
  readonly windows: EvidenceWindows;
  readonly policies: PolicySet;
  readonly nowMs?: number;
}

/** Everything that is wrong with the events of a dataset, by its evidence and its policy. */
export function findTroubles(urn: string, look: Look): Finding[] {
  const newestMs = look.windows.newestMs(urn);
  const { policy } = effectivePolicy(look.policies, urn);
  const of: Of = {
    dataset_urn: urn,
    topic: null,
    tier: policy.tier ?? null,
    owners: [...policy.owners],
  };
  const severity = policy.tier === 'TIER_1' ? ('critical' as const) : ('warning' as const);
  const found = newestMs === undefined ? [] : byNewest({ urn, newestMs, look, of, severity });
  if (look.nowMs === undefined || urn === UNKNOWN_DATASET) return found;
  return [...found, ...byNow({ urn, newestMs, nowMs: look.nowMs, look, of, severity })];
}

type Of = Pick<Finding, 'dataset_urn' | 'topic' | 'tier' | 'owners'>;

interface Subject {
  readonly urn: string;
  readonly look: Look;
  readonly of: Of;
  readonly severity: Finding['severity'];
}

/** What the newest events say, whenever that was. */
function byNewest({ urn, newestMs, look, of, severity }: Subject & { readonly newestMs: number }): Finding[] {
  const endMs = newestMs + 1;
  const startMs = Math.floor((endMs - RECENT_MS) / MINUTE_MS) * MINUTE_MS;
  const recent = look.windows.counts(urn, startMs, endMs);
  const before = look.windows.counts(urn, startMs - BEFORE_MS, startMs);
  const all = recent.passed + recent.failed;
  if (all === 0) return [];
  const name = urn.replace('urn:dp:', '').replace(':', '.');
  if (urn === UNKNOWN_DATASET)
    return [
      {
        ...{ ...of, kind: 'UNKNOWN_DATASET', severity: 'warning' },
        title: `${events(all)} of no known dataset came.`,
        measured: { value: all, limit: 0, unit: 'events' },
        cause: findCause(recent, before),
      },
    ];
  const cause = (isMeant?: (reason: string) => boolean) => findCause(recent, before, isMeant);
  const found: Finding[] = [];
  const least = LEAST_PASSED[of.tier ?? ''] ?? LEAST_PASSED_OTHERWISE;
  if (recent.passed / all < least)
    found.push({
      ...{ ...of, kind: 'COMPLIANCE', severity, cause: cause() },
      title: `${percent(recent.passed / all)} of the newest ${all} events of ${name} pass; ${percent(least)} should.`,
      measured: { value: recent.passed / all, limit: least, unit: 'ratio' },
    });
  for (const [kind, gates, reasons] of [
    ['CONTRACT_BREAKAGE', ['CONTRACT'], (reason: string) => !OTHER_GATES.test(reason)],
    ['SCHEMA_BREAKAGE', ['SCHEMA', 'COMPATIBILITY'], (reason: string) => reason.startsWith('SCHEMA_')],
  ] as const) {
    const limit = usualRate(gates, before, all);
    const rate = failedAt(gates, recent) / all;
    if (rate > limit)
      found.push({
        ...{ ...of, kind, severity, cause: cause(reasons) },
        title: `${percent(rate)} of the newest ${all} events of ${name} fail at ${gates.join(' or ')}; usual is up to ${percent(limit)}.`,
        measured: { value: rate, limit, unit: 'ratio' },
      });
  }
  return [...found, ...byReason(recent, { of, name, cause })];
}

function byReason(
  recent: WindowCounts,
  {
    of,
    name,
    cause,
  }: {
    readonly of: Of;
    readonly name: string;
    readonly cause: (isMeant: (reason: string) => boolean) => Finding['cause'];
  },
): Finding[] {
  const found: Finding[] = [];
  const registry = recent.reasons.get(NO_REGISTRY)?.events ?? 0;
  if (registry > 0)
    found.push({
      ...{ ...of, kind: 'REGISTRY_UNAVAILABLE', severity: 'critical' },
      title: `${events(registry)} of ${name} failed since the schema registry could not be asked.`,
      measured: { value: registry, limit: 0, unit: 'events' },
      cause: cause((reason) => reason === NO_REGISTRY),
    });
  const pii = recent.gates.get('PII') ?? 0;
  if (pii > 0)
    found.push({
      ...{ ...of, kind: 'PII_FOUND', severity: 'critical' },
      title: `${events(pii)} of ${name} came with personal data where the contract says that there is none.`,
      measured: { value: pii, limit: 0, unit: 'events' },
      cause: cause((reason) => reason.startsWith('PII_')),
    });
  const [warning, judged = 0] =
    [...recent.warnings].find(([code]) => POLICY_WARNINGS.has(code.split(':')[0] ?? '')) ?? [];
  if (warning !== undefined)
    found.push({
      ...{ ...of, kind: 'POLICY_UNAVAILABLE', severity: 'warning', cause: null },
      title: `${events(judged)} of ${name} came without their current policy (${warning}).`,
      measured: { value: judged, limit: 0, unit: 'events' },
    });
  return found;
}

/** Reasons of all gates but CONTRACT begin so. */
const OTHER_GATES = /^(DATASET|PRODUCER|PAYLOAD|ENVELOPE|SCHEMA|PII)_/;

const NO_REGISTRY = 'SCHEMA_REGISTRY_UNAVAILABLE';
const POLICY_WARNINGS = new Set([
  'POLICY_STALE',
  'POLICY_BROKEN',
  'POLICY_STORE_UNAVAILABLE',
  'RESOLUTION_BROKEN',
]);

/** What the time says: whether events come, and as many as should. */
function byNow({
  urn,
  newestMs,
  nowMs,
  look,
  of,
  severity,
}: Subject & { readonly newestMs: number | undefined; readonly nowMs: number }): Finding[] {
  const { policy } = effectivePolicy(look.policies, urn);
  const { expected_traffic: traffic, freshness_slo_sec: slo, volume_rpm_expected: peak } = policy;
  const name = urn.replace('urn:dp:', '').replace(':', '.');
  const isDue = (lastMs: number): boolean => {
    if (traffic !== undefined) return isExpected(traffic, nowMs - lastMs, nowMs);
    // Without a word on when events come, what never came is not missed.
    return (slo !== undefined || peak !== undefined) && newestMs !== undefined;
  };
  const silentMs = nowMs - (newestMs ?? 0);
  const found: Finding[] = [];
  const gapMs = traffic === undefined ? Math.max(GAP_MS, (slo ?? 0) * 1_000) : GAP_MS;
  if (silentMs > gapMs && isDue(gapMs))
    found.push({
      ...{ ...of, kind: 'EVIDENCE_GAP', severity, cause: null },
      title: `There is no evidence of ${name} ${since(newestMs, nowMs)}, although events are expected.`,
      measured: {
        value: Math.round(Math.min(silentMs, nowMs) / 1_000),
        limit: gapMs / 1_000,
        unit: 'seconds',
      },
    });
  if (slo !== undefined && newestMs !== undefined && silentMs > slo * 1_000 && isDue(slo * 1_000))
    found.push({
      ...{ ...of, kind: 'FRESHNESS', severity, cause: null },
      title: `The newest event of ${name} is ${spanText(silentMs)} old; ${slo} s are promised.`,
      measured: { value: Math.round(silentMs / 1_000), limit: slo, unit: 'seconds' },
    });
  if (newestMs !== undefined)
    found.push(...byVolume({ urn, nowMs, look, of, severity }, { peak, isDue, name }));
  return found;
}

function byVolume(
  { urn, nowMs, look, of, severity }: Subject & { readonly nowMs: number },
  {
    peak,
    isDue,
    name,
  }: { readonly peak: number | undefined; readonly isDue: (ms: number) => boolean; readonly name: string },
): Finding[] {
  // The minute that is under way is no whole one.
  const endMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
  const rpm = (fromMs: number, toMs: number): number => {
    const { passed, failed } = look.windows.counts(urn, fromMs, toMs);
    return ((passed + failed) * MINUTE_MS) / (toMs - fromMs);
  };
  const recent = rpm(endMs - RECENT_MS, endMs);
  const measured = (limit: number) => ({ value: recent, limit, unit: 'events a minute' });
  if (peak !== undefined && recent > TOO_MUCH * peak)
    return [
      {
        ...{
          ...of,
          kind: 'VOLUME_HIGH',
          severity: 'warning',
          cause: null,
          measured: measured(TOO_MUCH * peak),
        },
        title: `${Math.round(recent)} events a minute of ${name} came in the last five; the policy says ${peak} at peak.`,
      },
    ];
  const before = rpm(endMs - BEFORE_MS, endMs - RECENT_MS);
  if (before < LEAST_RPM || recent >= TOO_LITTLE * before || !isDue(RECENT_MS)) return [];
  return [
    {
      ...{ ...of, kind: 'VOLUME_LOW', severity, cause: null, measured: measured(TOO_LITTLE * before) },
      title: `${Math.round(recent)} events a minute of ${name} came in the last five, ${Math.round(before)} in the hour before.`,
    },
  ];
}

const since = (newestMs: number | undefined, nowMs: number): string =>
  newestMs === undefined ? 'of the last days' : `for ${spanText(nowMs - newestMs)}`;

const failedAt = (gates: readonly string[], counts: WindowCounts): number =>
  Math.max(
    0,
    gates.reduce((sum, gate) => sum + (counts.gates.get(gate) ?? 0), 0) -
      (gates.includes('SCHEMA') ? (counts.reasons.get(NO_REGISTRY)?.events ?? 0) : 0),
  );

/**
 * Up to which share of some events failures are usual: three standard deviations above the share of the hour before, and
 * one in a hundred at least. What is known of few events pulls towards one in twenty.
 */
function usualRate(gates: readonly string[], before: WindowCounts, events: number): number {
  const seen = before.passed + before.failed;
  const usual = (failedAt(gates, before) + 0.5) / (seen + 10);
  return Math.max(0.01, usual + 3 * Math.sqrt((usual * (1 - usual)) / events));
}

const percent = (share: number): string =>
  `${(share * 100).toFixed(share > 0.99 && share < 1 ? 2 : 1)}\u00a0%`;

const events = (count: number): string => `${count} ${count === 1 ? 'event' : 'events'}`;
