import { withScratchEngine } from '../../etl/engine/with-scratch-engine.ts';
import { type Outcome, runDatasets } from '../../etl/operations/run-datasets.ts';
import type { OnKept } from '../../stream/evidence/lake-evidence.ts';
import { EvidenceWindows } from '../../stream/signals/evidence-windows.ts';
import type { Incident } from '../../stream/signals/incident.ts';
import type { Args, Command } from '../command.ts';
import { enforceUntilEnd } from '../enforce/enforcing.ts';
import { openEvents } from '../enforce/event-source.ts';
import { ENDING_LIMITS } from '../enforce/landing-limits.ts';
import { policiesOf } from '../enforce/policies-of.ts';
import { registryGates } from '../enforce/registry-gates.ts';
import { incidentLine, signalsOfFile } from '../enforce/signals.ts';
import { summaryJson, summaryText } from '../enforce/summary.ts';
import { Tally } from '../enforce/tally.ts';
import { TOPICS_OPTIONS } from '../enforce/topics-options.ts';
import { openWatch } from '../enforce/watch.ts';
import { WATCH_OPTIONS } from '../enforce/watch-options.ts';
import { EXIT, type ExitCode, worst } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { nextCommand } from '../locations.ts';
import { type CommandLake, NO_TEND, openLakeOf } from '../open-lake.ts';
import { outcomeJson, printOutcome } from '../outcome.ts';
import { outcomeCode } from '../outcome-code.ts';
import { printable } from '../print/printable.ts';
import { progressBar } from '../print/progress.ts';
import { REGISTRY_OPTION } from '../schema-registry.ts';
import { usageError } from '../usage-error.ts';

/** `assay enforce`: judges events one by one, keeps evidence of each, and lands them. */
export const enforce: Command = {
  name: 'enforce',
  usage:
    '(--from FILE | --bootstrap HOST:PORT) --topic T [--dataset D] [--policies DIR] [--schema-registry WHERE] [--no-run] [--lake DIR]',
  description: `Judges events record by record: which dataset each belongs to, who wrote it, whether its envelope, its values and its policy
allow it. Writes evidence of every event, lands all of them in Bronze, each once, and runs their datasets, which publish what
passes and quarantine what fails, with the same reasons.
FILE has one event a line, also packed by gzip or zstd; - is stdin. A line is the event's payload, or what a topic has of it:
{"topic", "partition", "offset", "key", "headers", "value"}. The same file again lands nothing and makes no new evidence.
Events of no known dataset are judged, too, and lie apart. Policies are those that 'assay policy set' keeps in the lake, or
the files of --policies; without one a dataset is only alerted of. With --schema-registry, payloads of Avro, Protobuf and JSON
Schema are read by their schemas.

With --bootstrap it reads topics of a Kafka cluster as a member of a consumer group, until Ctrl-C or SIGTERM; several may run
beside one another. It begins at the end of topics that the group never read. Evidence goes to a topic as well, offsets are
kept once evidence and Bronze have everything before them, and datasets are run as events land. The exit code is 0 then.

Exit code 1 where an event failed, or a run was held.`,
  options: {
    from: { type: 'string', value: 'FILE', help: 'the file with the events; - for stdin' },
    topic: {
      type: 'string',
      value: 'T',
      multiple: true,
      help: 'the topic of events whose lines name none; with --bootstrap, a topic to read, as often as there are some',
    },
    cluster: {
      type: 'string',
      value: 'C',
      help: 'the cluster of events whose lines name none (default: files)',
    },
    partition: { type: 'string', value: 'N', help: 'their partition (default: 0)' },
    dataset: { type: 'string', value: 'D', help: "the topic's dataset, whatever the resolution map says" },
    policies: { type: 'string', value: 'DIR', help: "a folder of policies and rules, instead of the lake's" },
    ...REGISTRY_OPTION,
    'no-run': { type: 'boolean', help: 'leave the events in Bronze for the next run' },
    'no-tend': NO_TEND,
    ...TOPICS_OPTIONS,
    ...WATCH_OPTIONS,
  },
  examples: [
    'assay enforce --from orders.jsonl --topic raw.orders.events --dataset orders.created',
    'assay enforce --from orders.jsonl --topic raw.orders.events --policies policies --no-run --json',
    'assay enforce --bootstrap broker:9092 --topic raw.orders.events --group assay-orders',
    'cat orders.jsonl | assay enforce --from - --topic raw.orders.events',
  ],
  positionals: { min: 0, max: 0, name: '' },
  localOnly:
    'events of a file are enforced on this machine; on a platform, the enforcer runs beside the brokers',
  async run(args, io) {
    if (args.texts('bootstrap').length > 0) {
      // Loaded here: the other commands need no client of Kafka.
      const { enforceTopics } = await import('../enforce/enforce-topics.ts');
      return await enforceTopics(args, io);
    }
    const named = namedEvents(args);
    const lake = await openLakeOf(args, io);
    const tally = new Tally();
    const { isInterrupted, incidents } = await enforceFile(named, tally, { lake, args, io });
    const isJson = args.has('json');
    if (!isJson) io.out(summaryText(tally));
    if (!isJson) for (const one of incidents) io.out(printable(`Incident: ${incidentLine(one)}`));
    const outcomes: Outcome[] = [];
    let code: ExitCode = tally.failed > 0 ? EXIT.data : EXIT.ok;
    if (!args.has('no-run') && !isInterrupted)
      for (const dataset of tally.landing.datasets)
        for await (const outcome of runDatasets(lake, dataset)) {
          outcomes.push(outcome);
          code = worst(code, outcomeCode(outcome));
          if (!isJson) await printOutcome(outcome, false, { lake, args, io });
        }
    if (isJson) {
      const runs = await Promise.all(outcomes.map((outcome) => outcomeJson(lake, outcome)));
      io.out(JSON.stringify({ ...summaryJson(tally), incidents, runs }, null, 2));
    } else
      for (const line of nextLines({ tally, hasIncidents: incidents.length > 0 }, args, io)) io.out(line);
    return code;
  },
};

function namedEvents(args: Args) {
  const [from, [topic, another]] = [args.text('from'), args.texts('topic')];
  if (from === undefined)
    throw usageError(
      '--from is missing: name the file with the events, or - for stdin; or name a broker by --bootstrap.',
    );
  if (another !== undefined) throw usageError('--topic is given twice: the events of a file have one.');
  if (topic === undefined) throw usageError('--topic is missing: name the topic that the events came on.');
  const partition = args.text('partition') ?? '0';
  if (!/^\d{1,9}$/.test(partition)) throw usageError(`--partition is '${partition}': write a whole number.`);
  return { from, topic, cluster: args.text('cluster') ?? 'files', partition: Number(partition) };
}

interface Context {
  readonly lake: CommandLake;
  readonly args: Args;
  readonly io: Io;
}

async function enforceFile(
  named: ReturnType<typeof namedEvents>,
  tally: Tally,
  { lake, args, io }: Context,
): Promise<{ readonly isInterrupted: boolean; readonly incidents: readonly Incident[] }> {
  const watch = await openWatch(args, io, { clock: lake.effects.clock, mustJoin: false });
  const bar = progressBar(io, !args.has('json'), 'landing …');
  const scratch = await lake.effects.openScratch('enforce');
  try {
    const policies = await policiesOf(lake, args, { io, log: watch.log });
    const gates = await registryGates(args, io, lake.effects.clock);
    watch.look({ policies });
    const source = await openEvents(named, { effects: lake.effects, scratch, io, progress: bar.advance });
    const windows = new EvidenceWindows(lake.effects.objects);
    const onKept: OnKept = (key, kept) => windows.add(key, kept);
    const enforcing = { lake, source, policies, tally, watch, onKept, limits: ENDING_LIMITS, ...gates };
    const isInterrupted = await withScratchEngine(lake.effects, 'enforce', (engine) =>
      enforceUntilEnd({ ...enforcing, engine, isFixed: true }, io),
    );
    const urns = new Set(tally.topics.map(({ datasetUrn }) => datasetUrn));
    return { isInterrupted, incidents: await signalsOfFile(urns, windows, { lake, policies, watch }) };
  } finally {
    bar.stop();
    await watch.close();
    await scratch.dispose();
  }
}

function nextLines(
  { tally, hasIncidents }: { readonly tally: Tally; readonly hasIncidents: boolean },
  args: Args,
  io: Io,
): string[] {
  const [apart] = tally.landing.apartKeys;
  const lines = tally.failed > 0 ? [nextCommand(args, io, 'evidence list --result FAIL')] : [];
  if (hasIncidents) lines.unshift(nextCommand(args, io, 'incidents list'));
  if (apart !== undefined)
    lines.push(
      `${nextCommand(args, io, `ingest ${lakeFile(args, apart)} --dataset D`)} (once a contract takes them)`,
    );
  return lines.map((line) => `Next: ${line}`);
}

const lakeFile = (args: Args, key: string): string => `${args.text('lake') ?? 'lake'}/${key}`;
