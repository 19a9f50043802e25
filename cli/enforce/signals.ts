import { randomUUID } from 'node:crypto';
import { messageOf } from '../../etl/errors.ts';
import { oneAtATime } from '../../etl/one-at-a-time.ts';
import { forgetGone, saySo, signOff } from '../../stream/signals/enforcer-status.ts';
import { EvidenceWindows } from '../../stream/signals/evidence-windows.ts';
import type { Incident } from '../../stream/signals/incident.ts';
import { lookAtNewest, lookAtSignals } from '../../stream/signals/signals.ts';
import { TopicWatch } from '../../stream/signals/topic-watch.ts';
import type { CommandLake } from '../open-lake.ts';
import type { KnownPolicies } from './policies-of.ts';
import type { Watch } from './watch.ts';

/** How often an enforcer looks for incidents, and says how it does; how long something is well again before its incident is closed. */
const [LOOK_MS, SAY_MS, QUIET_MS] = [5_000, 15_000, 60_000];

/** Signals of an enforcer that runs. */
export interface RunningSignals {
  /** Counts of evidence; what this enforcer writes is to be added. */
  readonly windows: EvidenceWindows;
  /** Looks once more, and no more after that. */
  close(): Promise<void>;
}

/** What signals of a command are made of. */
interface Parts {
  readonly lake: CommandLake;
  readonly policies: KnownPolicies;
  readonly watch: Watch;
}

/** Looks for incidents time and again, beside the work: what fails is told, and tried again. */
export function startSignals(
  { lake, policies, watch }: Parts,
  lag: NonNullable<Parameters<Watch['look']>[0]['lag']>,
): RunningSignals {
  const { objects, alerts, clock } = lake.effects;
  const windows = new EvidenceWindows(objects);
  const topics = new TopicWatch();
  watch.onExpired((partition, range) => topics.expired(partition, range, clock.now().getTime()));
  const parts = {
    ...{ objects, alerts, clock, windows, policies, holder: randomUUID(), quietMs: QUIET_MS },
    own: (...[set, nowMs]: Parameters<NonNullable<Parameters<typeof lookAtSignals>[0]['own']>>) =>
      topics.findings(set, lag(), nowMs),
  };
  const inTurn = oneAtATime();
  const known = new Set<string>();
  const startedAt = clock.now();
  let saidMs = 0;
  const say = async (): Promise<void> => {
    const at = clock.now();
    if (at.getTime() - saidMs < SAY_MS) return;
    if (saidMs === 0) await forgetGone(objects, at.getTime());
    saidMs = at.getTime();
    await saySo(objects, {
      ...{ holder: parts.holder, started_at: startedAt.toISOString(), at: at.toISOString() },
      partitions: lag().map((one) => ({ ...one.partition, lag: one.lag })),
      hindrances: [...watch.hindrances()],
    });
  };
  const look = async (): Promise<void> => {
    try {
      await say();
      tell(await lookAtSignals(parts), known, watch);
    } catch (error) {
      watch.log.say('warn', `signals can't be looked at now: ${messageOf(error)}`);
    }
  };
  let isBusy = false;
  const timer = setInterval(() => {
    if (isBusy) return;
    isBusy = true;
    void inTurn(look).finally(() => {
      isBusy = false;
    });
  }, LOOK_MS);
  return {
    windows,
    async close() {
      clearInterval(timer);
      await inTurn(look);
      // Who can't say so is found silent.
      await signOff(objects, parts.holder).catch(() => undefined);
    },
  };
}

/** Looks once at what the events of a file say. */
export async function signalsOfFile(
  urns: ReadonlySet<string>,
  windows: EvidenceWindows,
  { lake, policies, watch }: Parts,
): Promise<readonly Incident[]> {
  const { objects, alerts, clock } = lake.effects;
  const open = await lookAtNewest(urns, { objects, alerts, clock, windows, policies });
  watch.metrics?.incidents(open.map(countedAs));
  return open;
}

/** Tells of incidents that were not open when it last looked. */
function tell(open: readonly Incident[], known: Set<string>, { log, metrics }: Watch): void {
  metrics?.incidents(open.map(countedAs));
  for (const one of open) {
    const { id, dataset_urn, topic } = one;
    if (!known.has(id)) log.say('warn', incidentLine(one), { incident: id, dataset_urn, topic });
  }
  known.clear();
  for (const { id } of open) known.add(id);
}

const countedAs = ({ dataset_urn, topic, kind }: Incident): { dataset: string; kind: string } => ({
  dataset: dataset_urn ?? `topic ${topic}`,
  kind,
});

/** An incident in a line: what was found, and its cause. */
export const incidentLine = ({ id, kind, title, cause }: Incident): string =>
  `${kind}: ${title}${cause === null ? '' : ` ${cause.text}`} (assay incidents show ${id})`;
