import { TransientError } from '../etl/errors.ts';
import { oneAtATime } from '../etl/one-at-a-time.ts';
import type { Clock } from '../etl/ports.ts';
import type { ObservedEvent, Partition } from './event.ts';
import type { Evidence } from './evidence/evidence.ts';
import { type EvidenceParts, makeEvidence } from './evidence/make-evidence.ts';
import type { GateState } from './gates/gate.ts';
import type { Pipeline } from './gates/pipeline.ts';
import type { Landed } from './landing/landed.ts';
import type { Landing } from './landing/landing.ts';
import { patientJudge, type Trying } from './patient-judge.ts';
import type {
  BatchRuns,
  EventBatch,
  EventSource,
  EvidenceKeeper,
  EvidenceSink,
  Republisher,
} from './ports.ts';
import { type EnforcerTelemetry, timeStages, UNTIMED } from './telemetry.ts';
import { withTraceparent } from './trace-context.ts';

/** What an enforcer is made of. */
export interface EnforcerParts {
  readonly source: EventSource;
  readonly pipeline: Pipeline;
  readonly evidence: EvidenceKeeper;
  /** Where evidence is told as well; absent where it is only kept. */
  readonly evidenceTopic?: EvidenceSink;
  readonly making: EvidenceParts;
  readonly lander: Landing;
  readonly clock: Clock;
  /** Absent where nothing is sent on: events that would be are told by `onHeldBack`. */
  readonly republisher?: Republisher;
  /** Absent where somebody else runs the batch workflow. */
  readonly runs?: BatchRuns;
  /** Waits before something that failed is tried again. */
  readonly pause: (ms: number) => Promise<void>;
  /** Calls back time and again until what it returns is called, so that what waits lands although nothing comes. */
  readonly every?: (ms: number, work: () => void) => () => void;
  /** Is given the evidence that stands of a batch once it is durable. */
  readonly onJudged?: (evidence: readonly Evidence[]) => void;
  readonly onLanded?: (landed: Landed) => void;
  /** Is given how many events passed that could not be sent on, since there is no republisher. */
  readonly onHeldBack?: (events: number) => void;
  /** Absent where nobody watches. */
  readonly telemetry?: EnforcerTelemetry;
  /** Is told what failed and is tried again, and for the how many-th time. */
  readonly onRetry?: (error: TransientError, attempt: number) => void;
}

/** Consumes events, and goes on until its source ends or it is stopped. */
export interface Enforcer {
  /** Returns when all that was consumed is done and committed. Throws what is no TransientError: nothing is committed then that isn't done. */
  run(): Promise<void>;
  /** Takes no more events, finishes those that it has, and lets `run` return. */
  stop(): Promise<void>;
}

/**
 * The policy enforcer. Each batch goes through the gates; its evidence is durable before anything else happens, and what
 * was judged first of an event stands, also for what follows of it; then events
 * are sent on or their dataset is run; then they land in Bronze; and only then offsets are committed, at ends of landed
 * chains. It takes one batch at a time, so that whatever is slow slows down the source and memory is bounded. What fails
 * for now is tried again until it works, or until it is stopped.
 */
export function openEnforcer(parts: EnforcerParts): Enforcer {
  const { source, lander } = parts;
  const inTurn = oneAtATime();
  let isStopping = false;
  const trying = retrier(parts, () => isStopping);
  const judge = patientJudge(parts.pipeline, parts.pause, trying);

  const commit = async (landed: Landed): Promise<void> => {
    if (landed.ends.length > 0) await trying(() => source.commit(landed.ends));
    parts.onLanded?.(landed);
  };
  const landDue = async (): Promise<void> => await commit(await trying(() => lander.landDue()));
  const landAll = async (): Promise<void> => await commit(await trying(() => lander.landAll()));
  const handle = async (batch: EventBatch): Promise<void> => {
    const { telemetry } = parts;
    const startMs = telemetry?.nowMs() ?? 0;
    const { timer, stages } = telemetry === undefined ? UNTIMED : timeStages(telemetry.nowMs);
    const states = await judge(batch, timer);
    const made = await trying(() => makeEvidence(states, parts.clock.now(), parts.making));
    const fresh = new Set(await trying(() => lander.unlanded(batch, states)));
    const isFresh = states.map((state) => fresh.has(state));
    const evidence = await timer('EVIDENCE', () => standing(made, isFresh, { parts, trying }));
    parts.onJudged?.(evidence);
    const whole = { startMs, endMs: telemetry?.nowMs() ?? 0 };
    const traceparents = telemetry?.judged({ states, evidence, isFresh, whole, stages });
    const judged = states.map(
      (state, n): Judged => ({
        state,
        isFresh: isFresh[n] === true,
        isPassed: evidence[n]?.validation.result === 'PASS',
        traceparent: traceparents?.[n],
      }),
    );
    await republish(judged, parts, trying);
    await trying(() => lander.add(batch, states, evidence));
    await landDue();
    await runQuarantined(judged, parts, trying);
  };
  const release = async (partitions: readonly Partition[]): Promise<void> => {
    await commit(await trying(() => lander.landAll(partitions)));
    lander.forget(partitions);
  };

  return {
    async run() {
      let failure: { readonly error: unknown } | undefined;
      const tick = (): void =>
        void inTurn(landDue).catch((error: unknown) => {
          failure ??= { error };
          void source.stop();
        });
      const still = parts.every?.(TICK_MS, tick);
      try {
        for await (const batch of source.batches((partitions) => inTurn(() => release(partitions))))
          await inTurn(() => handle(batch));
        if (failure !== undefined) throw failure.error;
        await inTurn(landAll);
      } catch (error) {
        // What has its evidence may land, whatever failed; where landing is what failed, the first error says so.
        await inTurn(landAll).catch(() => undefined);
        throw error;
      } finally {
        still?.();
      }
    },
    async stop() {
      isStopping = true;
      await source.stop();
    },
  };
}

/** How often it looks for what has waited for long enough. */
const TICK_MS = 500;

const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [100, 10_000];

/** Tries work again that failed for now, with longer and longer pauses; once who uses it stops, it throws. */
function retrier({ pause, onRetry }: EnforcerParts, isStopping: () => boolean): Trying {
  return async (work) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof TransientError) || isStopping()) throw error;
        onRetry?.(error, attempt);
      }
      await pause(Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS));
    }
  };
}

interface Standing {
  readonly parts: Pick<EnforcerParts, 'evidence' | 'evidenceTopic'>;
  readonly trying: Trying;
}

/** Keeps the evidence of events that have not landed yet and tells it, and finds that of the others; returns what stands, in order. */
async function standing(
  made: readonly Evidence[],
  isFresh: readonly boolean[],
  { parts, trying }: Standing,
): Promise<readonly Evidence[]> {
  const { evidence: keeper, evidenceTopic } = parts;
  const kept = await trying(() => keeper.keep(made.filter((_one, n) => isFresh[n])));
  await trying(async () => await evidenceTopic?.emit(kept));
  const before = await trying(() => keeper.kept(made.filter((_one, n) => !isFresh[n])));
  const stands = new Map([...kept, ...before].map((one) => [one.evidence_id, one]));
  return made.map((one) => stands.get(one.evidence_id) ?? one);
}

/** An event that was judged. */
interface Judged {
  readonly state: GateState;
  /** Whether it had not landed before: what had was sent on before it landed. */
  readonly isFresh: boolean;
  /** As its evidence says that stands. */
  readonly isPassed: boolean;
  /** The trace that goes on with it, where spans are made. */
  readonly traceparent: string | undefined;
}

/** Sends on what passed every gate, where the policy says so. After a crash some may be sent twice. */
async function republish(judged: readonly Judged[], parts: EnforcerParts, trying: Trying): Promise<void> {
  const byTopic = new Map<string, ObservedEvent[]>();
  for (const { state, isFresh, isPassed, traceparent } of judged) {
    const { policy, event } = state;
    const { enforcement_mode: mode, republish_topic: topic } = policy.policy;
    if (mode !== 'REPUBLISH_PASS_ONLY' || topic === undefined || !isPassed || !isFresh) continue;
    const sent =
      traceparent === undefined ? event : { ...event, headers: withTraceparent(event.headers, traceparent) };
    const events = byTopic.get(topic);
    if (events === undefined) byTopic.set(topic, [sent]);
    else events.push(sent);
  }
  const { republisher } = parts;
  for (const [topic, events] of byTopic) {
    if (republisher === undefined) parts.onHeldBack?.(events.length);
    else await trying(() => republisher.send(topic, events));
  }
}

/** Has datasets run at once whose policy wants failed events in quarantine: only the batch workflow writes that. */
async function runQuarantined(
  judged: readonly Judged[],
  parts: EnforcerParts,
  trying: Trying,
): Promise<void> {
  const { runs, lander } = parts;
  const datasets = new Set(
    judged.flatMap(({ state: { policy, dataset }, isPassed }) => {
      const isMeant = policy.policy.enforcement_mode === 'QUARANTINE_ON_FAIL' && !isPassed;
      return isMeant && dataset !== undefined ? [dataset] : [];
    }),
  );
  if (runs === undefined || datasets.size === 0) return;
  const landed = await trying(() => lander.landAll());
  if (landed.ends.length > 0) await trying(() => parts.source.commit(landed.ends));
  parts.onLanded?.(landed);
  for (const dataset of datasets) await runs.request(dataset);
}
