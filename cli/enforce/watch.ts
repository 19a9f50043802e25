import { performance } from 'node:perf_hooks';
import type { SourceNotice } from '../../adapters/kafka/source-notice.ts';
import { isTracing } from '../../adapters/local/telemetry.ts';
import type { EnforcerMetrics, MetricSources } from '../../adapters/telemetry/enforcer-metrics.ts';
import { AssayError } from '../../etl/errors.ts';
import type { Clock } from '../../etl/ports.ts';
import type { Partition } from '../../stream/event.ts';
import type { EvidenceKeeper, EvidenceSink } from '../../stream/ports.ts';
import type { EnforcerTelemetry } from '../../stream/telemetry.ts';
import type { Args } from '../command.ts';
import type { Io } from '../io.ts';
import { plural } from '../print/format.ts';
import { Hindrances } from './hindrances.ts';
import { type EnforcerLog, enforcerLog } from './log.ts';
import { type KnownPolicies, topicsOf } from './policies-of.ts';
import { isLogJson, metricsPlace } from './watch-options.ts';

/** What looks on while events are enforced: log, metrics, traces, probes. */
export interface Watch {
  readonly log: EnforcerLog;
  /** Undefined where nobody looks: then nothing is measured. */
  readonly telemetry: EnforcerTelemetry | undefined;
  readonly metrics: EnforcerMetrics | undefined;
  /** The same sink, its failures counted by the name of where it writes. */
  sink(topic: string, sink: EvidenceSink): EvidenceSink;
  /** The same keeper, as the sink `lake`. */
  keeper(keeper: EvidenceKeeper): EvidenceKeeper;
  /** Tells what an operator should know of a source. */
  notice(notice: SourceNotice): void;
  /** What keeps the enforcer from its work now, in words. */
  hindrances(): readonly string[];
  /** Has somebody told of records that expired before they were read. */
  onExpired(
    tell: (partition: Partition, range: { readonly from: number; readonly to: number }) => void,
  ): void;
  /** Names what is looked at, as soon as it is there. */
  look(at: { readonly policies: KnownPolicies; readonly lag?: NonNullable<MetricSources['lag']> }): void;
  close(): Promise<void>;
}

/** A broker that wasn't reached for so long keeps nobody from work any more: there would be another notice. */
const RETRYING_MS = 30_000;

/** Opens what a command line asks for. `mustJoin` is true where there is no work before partitions are assigned. */
export async function openWatch(
  args: Args,
  io: Io,
  { clock, mustJoin }: { readonly clock: Clock; readonly mustJoin: boolean },
): Promise<Watch> {
  const now = (): Date => clock.now();
  const log = enforcerLog(io, isLogJson(args), now);
  const hindrances = new Hindrances(now);
  if (mustJoin) hindrances.set('group', 'no partition was assigned yet');
  let at: Parameters<Watch['look']>[0] | undefined;
  let tellExpired: Parameters<Watch['onExpired']>[0] | undefined;
  const nowMs = (): number => performance.timeOrigin + performance.now();
  const metrics = await metricsOf(args, nowMs, {
    lag: () => at?.lag?.() ?? [],
    policyCounts: () => at?.policies.counts() ?? { hits: 0, misses: 0 },
    topics: () => topicsOf(at?.policies.last()),
  });
  const hindrancesNow = (): readonly string[] => [...hindrances.now(), ...unread(at)];
  const server = await serverOf(args, {
    log,
    metrics,
    hindrances: hindrancesNow,
  });
  const spans = isTracing(io.env) ? await spansOf(nowMs) : undefined;
  const parts = [metrics?.telemetry, spans].filter((one) => one !== undefined);
  const isWatched = parts.length > 0 || isLogJson(args);
  const counted = async <T>(topic: string, work: () => Promise<T>): Promise<T> => {
    try {
      const done = await work();
      hindrances.clear(topic);
      return done;
    } catch (error) {
      hindrances.set(topic, `evidence finds no way to ${topic}`);
      metrics?.emitFailed(topic, error instanceof AssayError ? error.code : 'UNKNOWN');
      throw error;
    }
  };
  return {
    log,
    metrics,
    telemetry: isWatched ? together(nowMs, parts, log) : undefined,
    sink: (topic, sink) => ({ emit: (evidence) => counted(topic, () => sink.emit(evidence)) }),
    keeper: ({ keep, kept }) => ({ kept, keep: (evidence) => counted('lake', () => keep(evidence)) }),
    notice(notice) {
      tellNotice(notice, { log, metrics, hindrances });
      if (notice.kind === 'gap') tellExpired?.(notice.partition, notice);
    },
    hindrances: hindrancesNow,
    onExpired: (tell) => {
      tellExpired = tell;
    },
    look: (more) => {
      at = more;
    },
    close: async () => await server?.close(),
  };
}

const unread = (at: { readonly policies: KnownPolicies } | undefined): readonly string[] =>
  at?.policies.last()?.readAt === null ? ['the store of policies was never read'] : [];

async function metricsOf(
  args: Args,
  nowMs: () => number,
  sources: MetricSources,
): Promise<EnforcerMetrics | undefined> {
  if (metricsPlace(args) === undefined) return undefined;
  // Loaded here: who doesn't ask for metrics pays nothing.
  const { enforcerMetrics } = await import('../../adapters/telemetry/enforcer-metrics.ts');
  return enforcerMetrics(nowMs, sources);
}

async function serverOf(
  args: Args,
  {
    log,
    metrics,
    hindrances,
  }: Pick<Watch, 'log' | 'metrics'> & { readonly hindrances: () => readonly string[] },
): Promise<{ close(): Promise<void> } | undefined> {
  const place = metricsPlace(args);
  if (place === undefined || metrics === undefined) return undefined;
  const { serveMetrics } = await import('./metrics-server.ts');
  const server = await serveMetrics(place, metrics, hindrances);
  const host = place.host.includes(':') ? `[${place.host}]` : place.host;
  log.say('info', `Metrics: http://${host}:${server.port}/metrics`);
  return server;
}

async function spansOf(nowMs: () => number): Promise<EnforcerTelemetry> {
  const { eventSpans } = await import('../../adapters/telemetry/event-spans.ts');
  return eventSpans(nowMs);
}

/** Tells each of them, then the log. */
const together = (
  nowMs: () => number,
  parts: readonly EnforcerTelemetry[],
  log: EnforcerLog,
): EnforcerTelemetry => ({
  nowMs,
  judged(batch) {
    const traceparents = parts.map((part) => part.judged(batch)).find((one) => one !== undefined);
    log.judged(batch);
    return traceparents;
  },
});

function tellNotice(
  notice: SourceNotice,
  { log, metrics, hindrances }: Pick<Watch, 'log' | 'metrics'> & { readonly hindrances: Hindrances },
): void {
  if (notice.kind === 'retrying') {
    hindrances.set('broker', notice.message, RETRYING_MS);
    log.say('info', `waiting, and trying again: ${notice.message}`);
    return;
  }
  if (notice.kind === 'assigned') {
    hindrances.clear('group');
    hindrances.clear('broker');
    log.say('info', `Reading ${plural(notice.partitions.length, 'partition')}.`);
    return;
  }
  const { topic, partition } = notice.partition;
  metrics?.expired(topic, partition, notice.to - notice.from);
  log.say(
    'warn',
    `EVIDENCE_GAP: offsets ${notice.from} to ${notice.to - 1} of ${topic}, partition ${partition}, expired before they were read: there is no evidence of them.`,
    { topic, partition, offset: notice.from, records: notice.to - notice.from },
  );
}
