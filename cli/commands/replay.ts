import { IdempotentSender } from '../../adapters/kafka/idempotent-sender.ts';
import { KafkaEvidenceSink } from '../../adapters/kafka/kafka-evidence-sink.ts';
import {
  KafkaRangeSource,
  type PartitionRange,
  type RangeBound,
} from '../../adapters/kafka/kafka-range-source.ts';
import { requireTopics } from '../../adapters/kafka/require-topics.ts';
import { withScratchEngine } from '../../etl/engine/with-scratch-engine.ts';
import { type Outcome, runDatasets } from '../../etl/operations/run-datasets.ts';
import { landedEnd } from '../../stream/landing/landed-end.ts';
import type { Args, Command } from '../command.ts';
import { enforceUntilEnd } from '../enforce/enforcing.ts';
import { KAFKA_OPTIONS, kafkaSettings } from '../enforce/kafka-options.ts';
import { ENDING_LIMITS } from '../enforce/landing-limits.ts';
import { policiesOf } from '../enforce/policies-of.ts';
import { registryGates } from '../enforce/registry-gates.ts';
import { summaryJson, summaryText } from '../enforce/summary.ts';
import { Tally } from '../enforce/tally.ts';
import { EVIDENCE_TOPIC, GROUP } from '../enforce/topics-options.ts';
import { openWatch } from '../enforce/watch.ts';
import { WATCH_OPTIONS } from '../enforce/watch-options.ts';
import { EXIT, type ExitCode, worst } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { type CommandLake, NO_TEND, openLakeOf } from '../open-lake.ts';
import { outcomeJson, printOutcome } from '../outcome.ts';
import { outcomeCode } from '../outcome-code.ts';
import { count } from '../print/format.ts';
import { table } from '../print/table.ts';
import { REGISTRY_OPTION } from '../schema-registry.ts';
import { usageError } from '../usage-error.ts';

/** `assay replay`: lands what is missing of a range of a topic. */
export const replay: Command = {
  name: 'replay',
  usage:
    '--bootstrap HOST:PORT --topic T [--from WHEN] [--to WHEN] [--group G] [--dry-run] [--no-run] [--lake DIR]',
  description: `Reads a range of a topic once more, outside of the enforcers' group: what landed before is known by its place and changes
nothing, what is missing gets its evidence, lands, and is published with the next run, into the same tables and without doubles.
WHEN is an offset, or a time: 2026-01-13T12:00:00Z, the first event of then or later. The range begins at the topic's first
event unless said, has what is before --to, and ends where the enforcers of --group are: what is behind that is theirs. What the
topic has no more is counted. Nothing is sent on. One replay of a topic at a time.

Exit code 1 where an event failed, something expired before it landed, or a run was held.`,
  options: {
    topic: { type: 'string', value: 'T', help: 'the topic to read' },
    from: { type: 'string', value: 'WHEN', help: 'the first offset, or a time (default: the first event)' },
    to: { type: 'string', value: 'WHEN', help: 'the offset behind the last, or a time (default: the end)' },
    group: { type: 'string', value: 'G', help: `the enforcers' consumer group (default: ${GROUP})` },
    dataset: { type: 'string', value: 'D', help: "the topic's dataset, whatever the resolution map says" },
    policies: { type: 'string', value: 'DIR', help: "a folder of policies and rules, instead of the lake's" },
    'evidence-topic': {
      type: 'string',
      value: 'T',
      help: `the topic that evidence is written to, besides the lake (default: ${EVIDENCE_TOPIC})`,
    },
    'dry-run': { type: 'boolean', help: 'show the ranges, and read nothing of them' },
    'no-run': { type: 'boolean', help: 'leave the events in Bronze for the next run' },
    'no-tend': NO_TEND,
    ...REGISTRY_OPTION,
    ...KAFKA_OPTIONS,
    ...WATCH_OPTIONS,
  },
  examples: [
    'assay replay --bootstrap broker:9092 --topic raw.orders.events --from 2026-01-13T12:00:00Z --to 2026-01-13T13:00:00Z',
    'assay replay --bootstrap broker:9092 --topic raw.orders.events --from 99817263 --to 99817300 --dry-run',
  ],
  positionals: { min: 0, max: 0, name: '' },
  localOnly: 'topics are read on this machine; on a platform, beside the brokers',
  async run(args, io) {
    const wanted = wantedOf(args);
    const settings = await kafkaSettings(args, io);
    const lake = await openLakeOf(args, io);
    await requireTopics(settings, [wanted.topic, evidenceTopicOf(args)]);
    const source = new KafkaRangeSource(settings);
    try {
      const { objects } = lake.effects;
      const ranges = await source.open({ ...wanted, landedEnd: (place) => landedEnd(objects, place) });
      const tally = new Tally();
      if (!args.has('dry-run') && ranges.length > 0) await land(source, tally, { lake, args, io });
      return await finish({ ranges, tally }, { lake, args, io });
    } finally {
      await source.close();
    }
  },
};

const evidenceTopicOf = (args: Args): string => args.text('evidence-topic') ?? EVIDENCE_TOPIC;

function wantedOf(args: Args) {
  const topic = args.text('topic');
  if (topic === undefined) throw usageError('--topic is missing: name the topic to read.');
  if (args.texts('bootstrap').length === 0)
    throw usageError(
      "--bootstrap is missing: name a broker of the cluster. A file is read again by 'assay enforce --from'.",
    );
  if (topic === evidenceTopicOf(args))
    throw usageError(`--topic ${topic} is where evidence goes: there would be evidence of evidence.`);
  return { topic, from: boundOf(args, 'from'), to: boundOf(args, 'to'), group: args.text('group') ?? GROUP };
}

function boundOf(args: Args, option: 'from' | 'to'): RangeBound {
  const text = args.text(option);
  if (text === undefined) return undefined;
  if (/^\d{1,15}$/.test(text)) return { offset: Number(text) };
  const isMoment = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d))?$/i.test(text);
  const atMs = isMoment ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(atMs))
    throw usageError(`--${option} is '${text}': write an offset, or a time as 2026-01-13T12:00:00Z.`);
  return { atMs };
}

interface Context {
  readonly lake: CommandLake;
  readonly args: Args;
  readonly io: Io;
}

async function land(source: KafkaRangeSource, tally: Tally, { lake, args, io }: Context): Promise<void> {
  const watch = await openWatch(args, io, { clock: lake.effects.clock, mustJoin: false });
  const sender = new IdempotentSender({ settings: await kafkaSettings(args, io) });
  try {
    const policies = await policiesOf(lake, args, { io, log: watch.log });
    watch.look({ policies });
    const gates = await registryGates(args, io, lake.effects.clock);
    const topic = evidenceTopicOf(args);
    const evidenceTopic = watch.sink(topic, new KafkaEvidenceSink(sender, topic));
    const enforcing = {
      lake,
      watch,
      source,
      policies,
      tally,
      evidenceTopic,
      limits: ENDING_LIMITS,
      ...gates,
    };
    await withScratchEngine(lake.effects, 'replay', (engine) =>
      enforceUntilEnd({ ...enforcing, engine }, io),
    );
  } finally {
    await sender.close();
    await watch.close();
  }
}

interface Replayed {
  readonly ranges: readonly PartitionRange[];
  readonly tally: Tally;
}

async function finish({ ranges, tally }: Replayed, { lake, args, io }: Context): Promise<ExitCode> {
  const isJson = args.has('json');
  if (!isJson) io.out(rangesText(ranges));
  if (!isJson && !args.has('dry-run') && ranges.length > 0) io.out(`\n${summaryText(tally)}`);
  const hasExpired = ranges.some(({ expired }) => expired > 0);
  let code: ExitCode = tally.failed > 0 || hasExpired ? EXIT.data : EXIT.ok;
  const outcomes: Outcome[] = [];
  if (!args.has('no-run') && !args.has('dry-run'))
    for (const dataset of tally.landing.datasets)
      for await (const outcome of runDatasets(lake, dataset)) {
        outcomes.push(outcome);
        code = worst(code, outcomeCode(outcome));
        if (!isJson) await printOutcome(outcome, false, { lake, args, io });
      }
  if (isJson) {
    const runs = await Promise.all(outcomes.map((outcome) => outcomeJson(lake, outcome)));
    io.out(JSON.stringify({ ranges: ranges.map(rangeJson), ...summaryJson(tally), runs }, null, 2));
  }
  return code;
}

const rangeJson = ({ partition, from, to, expired }: PartitionRange) => ({
  ...{ topic: partition.topic, topicId: partition.topicId, partition: partition.partition },
  ...{ from, to, expired },
});

function rangesText(ranges: readonly PartitionRange[]): string {
  if (ranges.length === 0) return 'There is nothing in that range, before where the enforcers are.';
  const right = (name: string) => ({ name, align: 'right' as const });
  return table(
    [{ name: 'topic' }, right('partition'), right('from'), right('to'), right('expired')],
    ranges.map(({ partition, from, to, expired }) => [
      ...[partition.topic, String(partition.partition), count(from), count(to), count(expired)],
    ]),
  );
}
