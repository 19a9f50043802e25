import { IdempotentSender } from '../../adapters/kafka/idempotent-sender.ts';
import { KafkaEvidenceSink } from '../../adapters/kafka/kafka-evidence-sink.ts';
import { KafkaRepublisher } from '../../adapters/kafka/kafka-republisher.ts';
import { KafkaSource } from '../../adapters/kafka/kafka-source.ts';
import { requireTopics } from '../../adapters/kafka/require-topics.ts';
import type { KafkaSettings } from '../../adapters/kafka/settings.ts';
import { withScratchEngine } from '../../etl/engine/with-scratch-engine.ts';
import type { Args } from '../command.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { type CommandLake, openLakeOf } from '../open-lake.ts';
import { outcomeJson, printOutcome } from '../outcome.ts';
import { messageText } from '../print/error.ts';
import { usageError } from '../usage-error.ts';
import { type BatchRunsOptions, batchRuns } from './batch-runs.ts';
import { datasetsOfTopics } from './datasets-of-topics.ts';
import { enforceUntilEnd } from './enforcing.ts';
import { kafkaSettings } from './kafka-options.ts';
import { policiesOf } from './policies-of.ts';
import { registryGates } from './registry-gates.ts';
import { startSignals } from './signals.ts';
import { summaryJson, summaryText } from './summary.ts';
import { Tally } from './tally.ts';
import { EVIDENCE_TOPIC, GROUP, RUN_SECONDS, SESSION_SECONDS } from './topics-options.ts';
import { openWatch, type Watch } from './watch.ts';

/** What of a partition lands together: what came in some seconds. */
const LIMITS = {
  maxEvents: 50_000,
  maxBytes: 16 * 1024 * 1024,
  maxTotalBytes: 64 * 1024 * 1024,
  maxAgeMs: 5_000,
};

/** How soon events become rows, where it is not for the options to say. */
export interface Pace {
  /** What came of a partition lands after so long, though it be little. */
  readonly landMs: number;
  /** A dataset that got events is run after so long. */
  readonly runMs: number;
  /** The dataset that is run at the start: an earlier process may have landed events of it, and run nothing. */
  readonly first: string;
}

/** Enforces the events of topics until Ctrl-C or SIGTERM; then what is under way is finished, kept, and summed up. */
export async function enforceTopics(args: Args, io: Io, pace?: Pace): Promise<ExitCode> {
  const topics = args.texts('topic');
  if (topics.length === 0)
    throw usageError('--topic is missing: name the topics to read, each by an option.');
  if (args.text('dataset') !== undefined && topics.length > 1)
    throw usageError(
      '--dataset is for one topic: say of several which datasets they have by the resolution map.',
    );
  const evidenceTopic = args.text('evidence-topic') ?? EVIDENCE_TOPIC;
  if (topics.includes(evidenceTopic))
    throw usageError(
      `--topic ${evidenceTopic} is where evidence goes: there would be evidence of evidence without end.`,
    );
  requireOwnCanary(args);
  const settings = await kafkaSettings(args, io);
  const lake = await openLakeOf(args, io);
  await requireTopics(settings, [...topics, evidenceTopic]);
  const watch = await openWatch(args, io, { clock: lake.effects.clock, mustJoin: true });
  const tally = new Tally();
  try {
    const source = new KafkaSource({
      settings,
      topics,
      group: args.text('group') ?? GROUP,
      isFromStart: args.has('from-start'),
      ...sessionOf(args),
      onNotice: (notice) => watch.notice(notice),
    });
    await enforceFrom(source, { tally, lake, watch, settings, evidenceTopic, pace, args, io });
  } finally {
    await watch.close();
  }
  io.out(args.has('json') ? JSON.stringify(summaryJson(tally), null, 2) : summaryText(tally));
  return EXIT.ok;
}

interface Context {
  readonly tally: Tally;
  readonly lake: CommandLake;
  readonly watch: Watch;
  readonly settings: KafkaSettings;
  readonly evidenceTopic: string;
  readonly pace: Pace | undefined;
  readonly args: Args;
  readonly io: Io;
}

async function enforceFrom(source: KafkaSource, context: Context): Promise<void> {
  const { tally, lake, watch, settings, evidenceTopic, pace, args, io } = context;
  const policies = await policiesOf(lake, args, { io, log: watch.log });
  watch.look({ policies, lag: () => source.lag() });
  const gates = await registryGates(args, io, lake.effects.clock);
  const [evidenceSender, eventSender] = [
    new IdempotentSender({ settings }),
    new IdempotentSender({ settings }),
  ];
  const isCanary = args.has('canary');
  const signals = isCanary ? undefined : startSignals({ lake, policies, watch }, () => source.lag());
  const runs = isCanary || args.has('no-run') ? undefined : batchRuns(lake, runsOptions(context));
  try {
    if (pace !== undefined) await runs?.request(pace.first);
    else if (runs !== undefined)
      runs.left(await datasetsOfTopics(lake.effects, await policies.current(), args.texts('topic')));
    await withScratchEngine(lake.effects, 'enforce', (engine) =>
      enforceUntilEnd(
        {
          ...{ lake, watch, engine, source, policies, tally, ...gates },
          limits: { ...LIMITS, maxAgeMs: pace?.landMs ?? LIMITS.maxAgeMs },
          evidenceTopic: watch.sink(evidenceTopic, new KafkaEvidenceSink(evidenceSender, evidenceTopic)),
          ...(isCanary ? { isCanary } : { republisher: new KafkaRepublisher(eventSender) }),
          onKept: (key, evidence) => signals?.windows.add(key, evidence),
          ...(runs === undefined ? {} : { runs, onLanded: ({ datasets }) => runs.landed(datasets) }),
        },
        io,
      ),
    );
  } finally {
    await signals?.close();
    await runs?.close();
    await evidenceSender.close();
    await eventSender.close();
  }
}

/** A canary that shared a group would take events from those that land them, and one that shared a topic would tell of them twice. */
function requireOwnCanary(args: Args): void {
  if (!args.has('canary')) return;
  const own = { group: GROUP, 'evidence-topic': EVIDENCE_TOPIC };
  for (const [name, usual] of Object.entries(own))
    if ((args.text(name) ?? usual) === usual)
      throw usageError(
        `--canary needs --${name} of its own, and not ${usual}, which belongs to the enforcer that lands.`,
      );
}

function runsOptions({ lake, watch, pace, args, io }: Context): BatchRunsOptions {
  return {
    everyMs: pace?.runMs ?? secondsOf(args, 'run-seconds', RUN_SECONDS) * 1_000,
    async onOutcome(outcome) {
      if (args.has('json')) io.err(JSON.stringify(await outcomeJson(lake, outcome)));
      else await printOutcome(outcome, false, { lake, args, io });
    },
    onTrouble: (error) => watch.log.say('warn', messageText(error, false)),
  };
}

function sessionOf(args: Args): { sessionTimeoutMs: number; heartbeatMs: number } {
  const sessionTimeoutMs = secondsOf(args, 'session-seconds', SESSION_SECONDS) * 1_000;
  return { sessionTimeoutMs, heartbeatMs: Math.min(3_000, sessionTimeoutMs / 4) };
}

function secondsOf(args: Args, name: string, fallback: number): number {
  const text = args.text(name) ?? String(fallback);
  if (!/^[1-9]\d{0,4}$/.test(text))
    throw usageError(`--${name} is '${text}': write whole seconds, 1 or more.`);
  return Number(text);
}
