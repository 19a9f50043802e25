import path from 'node:path';
import type { SourceContract } from '../../etl/contract/contract.ts';
import { ConfigError } from '../../etl/errors.ts';
import { ID_LENGTH, readRecords } from '../../etl/quarantine/read-records.ts';
import { EVERY_STATE, type FailedRecord } from '../../etl/quarantine/records.ts';
import { newRunId } from '../../etl/stages/run-id.ts';
import { planRedrive, type RedrivePlan } from '../../stream/redrive/plan-redrive.ts';
import {
  closeRedrive,
  keepRedrive,
  type RedriveDocument,
  type RedriveResult,
  runRedrive,
  unfinishedRedrive,
} from '../../stream/redrive/run-redrive.ts';
import type { Args, Command } from '../command.ts';
import { KAFKA_OPTIONS, kafkaSettings } from '../enforce/kafka-options.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { WORD_OPTIONS, wordOf } from '../identity.ts';
import type { Io } from '../io.ts';
import { nextCommand } from '../locations.ts';
import { type CommandLake, openLakeOf } from '../open-lake.ts';
import { count, plural } from '../print/format.ts';
import { printable } from '../print/printable.ts';
import { table } from '../print/table.ts';
import { ALL_OPTION, datasetOf, FILTER_OPTIONS, recordFilter } from '../quarantine-filter.ts';
import { redriveLines, writeLines } from '../redrive/redrive-file.ts';
import { usageError } from '../usage-error.ts';

/** `assay redrive`: sends events of quarantine to their topic again. */
export const redrive: Command = {
  name: 'redrive',
  usage:
    '[EVIDENCE | RECORD…] --dataset D (filters | --all) (--bootstrap HOST:PORT | --to FILE) --reason TEXT [--dry-run]',
  description: `Sends open events of quarantine to the topic that they came on, with their key and headers, and with what was corrected
('assay quarantine correct --no-retry'). The gates judge them anew, and what passes is published. Two headers name where each
comes from: assay-evidence-id and assay-redrive-id. Its record of before is closed; what comes of the event is another.
Without a broker --to writes the events to a file that 'assay enforce --from' takes; - is stdout.

A redrive that died is gone on with by --resume: before events are sent, it notes where the topics end, and looks there for
what had arrived. Nothing is sent twice as long as the topic still has that place. Left out, and said why, are records that
came from no topic, events of protected datasets, and payloads that the lake has only as their schema decoded them.

Exit code 1 where something was left out.`,
  options: {
    ...FILTER_OPTIONS,
    code: {
      type: 'string',
      value: 'CODE',
      help: 'that failed with this reason code, or for this reason at a gate, e.g. SCHEMA_REGISTRY_UNAVAILABLE',
    },
    ...ALL_OPTION,
    to: { type: 'string', value: 'FILE', help: 'write the events to this file; - for stdout' },
    resume: { type: 'boolean', help: 'go on with the redrive of the dataset that was not finished' },
    'send-again': {
      type: 'boolean',
      help: 'with --resume: send also what may have arrived, where the topic no longer tells',
    },
    'dry-run': { type: 'boolean', help: 'show what would be sent, and send nothing' },
    ...KAFKA_OPTIONS,
    ...WORD_OPTIONS,
  },
  examples: [
    'assay redrive evd-3k2lw5ynq7mz4c6h --dataset orders.created --bootstrap broker:9092 --reason "customer found"',
    'assay redrive --dataset orders.created --code SCHEMA_REGISTRY_UNAVAILABLE --bootstrap broker:9092 --reason "it is back"',
    'assay redrive --dataset orders.created --all --to again.jsonl --reason "corrected"',
  ],
  positionals: { min: 0, max: Number.POSITIVE_INFINITY, name: 'EVIDENCE' },
  localOnly: 'events are sent from this machine; on a platform, beside the brokers',
  async run(args, io) {
    const where = whereTo(args);
    const lake = await openLakeOf(args, io);
    const contract = await datasetOf(args, lake);
    const begun = await unfinishedRedrive(lake.effects, contract.dataset);
    requireInTurn(args, begun);
    const records = await recordsOf(lake, contract, { args, begun });
    const plan = narrowed(await planRedrive(lake.effects, contract, records), args, begun);
    if (args.has('dry-run')) {
      printPlan(plan, { args, io, contract });
      return plan.left.length > 0 ? EXIT.data : EXIT.ok;
    }
    if (plan.events.length === 0) throw nothing(contract, plan);
    const done = await carryOut(plan, { lake, contract, args, io, where, begun });
    return plan.left.length > 0 && done !== undefined ? EXIT.data : EXIT.ok;
  },
};

type Where = { readonly kind: 'broker' } | { readonly kind: 'file'; readonly to: string } | undefined;

function whereTo(args: Args): Where {
  const to = args.text('to');
  const hasBroker = args.texts('bootstrap').length > 0;
  if (to !== undefined && hasBroker) throw usageError('--to and --bootstrap are two ways: give one of them.');
  if (to === '-' && args.has('json')) throw usageError('--to - writes events to stdout: leave out --json.');
  if (hasBroker) return { kind: 'broker' };
  if (to !== undefined) return { kind: 'file', to };
  if (args.has('dry-run')) return undefined;
  throw usageError('Say where to: --bootstrap HOST:PORT sends to the topic, --to FILE writes a file.');
}

/** One redrive of a dataset at a time, so that what is in doubt is cleared first. */
function requireInTurn(args: Args, begun: RedriveDocument | undefined): void {
  if (args.has('resume')) {
    if (begun === undefined) throw usageError('--resume: no redrive of this dataset was left unfinished.');
    return;
  }
  if (begun === undefined || args.has('dry-run')) return;
  throw new ConfigError(
    'REDRIVE_UNFINISHED',
    `The redrive ${begun.id} of ${begun.dataset} (${plural(begun.events.length, 'event')} to ${begun.target}, by ${begun.by}) is not finished: go on with it first (--resume).`,
    { context: { redrive: begun.id } },
  );
}

async function recordsOf(
  lake: CommandLake,
  { dataset }: SourceContract,
  { args, begun }: { readonly args: Args; readonly begun: RedriveDocument | undefined },
): Promise<readonly FailedRecord[]> {
  if (args.has('resume') && begun !== undefined) {
    const filter = { ids: begun.events.map(({ rowHash }) => rowHash) };
    return (await readRecords(lake.effects, dataset, { filter, states: EVERY_STATE })).records;
  }
  const ids = args.positionals.filter((one) => !one.startsWith('evd-'));
  const { code, ...filter } = recordFilter(args, lake.effects.clock.now(), ids);
  const isNarrow = args.positionals.length > 0 || code !== undefined || Object.keys(filter).length > 1;
  if (!isNarrow && !args.has('all'))
    throw usageError('Say which events are meant: name them, filter them, or write --all for every one.');
  const { records } = await readRecords(lake.effects, dataset, { filter, states: ['open'] });
  return code === undefined
    ? records
    : records.filter(({ reasons }) => reasons.some((one) => one.code === code || one.rule === code));
}

/** Of the records those whose evidence is named, where any is; of a redrive that was begun its own. */
function narrowed(plan: RedrivePlan, args: Args, begun: RedriveDocument | undefined): RedrivePlan {
  const named = args.positionals.filter((one) => one.startsWith('evd-'));
  if (args.has('resume') && begun !== undefined) {
    const order = new Map(begun.events.map(({ evidenceId }, n) => [evidenceId, n]));
    const events = plan.events
      .filter(({ evidenceId }) => order.has(evidenceId))
      .sort((a, b) => (order.get(a.evidenceId) ?? 0) - (order.get(b.evidenceId) ?? 0));
    if (events.length === begun.events.length) return { events, left: [] };
    throw new ConfigError(
      'REDRIVE_CHANGED',
      `Of the ${begun.events.length} events of the redrive ${begun.id} only ${events.length} can be made anew: ${plan.left[0]?.why ?? 'their records are gone'}.`,
    );
  }
  if (named.length === 0) return plan;
  const isNamed = (id: string | null): boolean => named.some((one) => id?.startsWith(one) === true);
  const missing = named.find(
    (one) => ![...plan.events, ...plan.left].some(({ evidenceId }) => evidenceId?.startsWith(one)),
  );
  if (missing !== undefined)
    throw new ConfigError(
      'NO_RECORDS',
      `There is no open record of ${missing}: it passed, was published or sent again, waits for a run of its dataset, or is another dataset's.`,
    );
  return {
    events: plan.events.filter(({ evidenceId }) => isNamed(evidenceId)),
    left: plan.left.filter(({ evidenceId }) => isNamed(evidenceId)),
  };
}

const nothing = ({ dataset }: SourceContract, { left }: RedrivePlan): ConfigError =>
  new ConfigError(
    'NOTHING_TO_REDRIVE',
    `No event of ${dataset} can be sent again: ${left[0]?.why ?? 'no open record matches'}.`,
    { context: { dataset, records: left.length } },
  );

interface Context {
  readonly lake: CommandLake;
  readonly contract: SourceContract;
  readonly args: Args;
  readonly io: Io;
  readonly where: Where;
  readonly begun: RedriveDocument | undefined;
}

async function carryOut(plan: RedrivePlan, context: Context): Promise<RedriveResult | undefined> {
  const { lake, contract, args, io, where, begun } = context;
  const { effects } = lake;
  const target = where?.kind === 'broker' ? await brokerOf(args, io) : undefined;
  try {
    const document =
      begun ??
      (await keepRedrive(effects, {
        ...{ id: newRunId(effects.clock.now()), dataset: contract.dataset, events: plan.events },
        ...{ word: wordOf(args, io), target: target?.name ?? args.text('to') ?? '-' },
      }));
    if (target === undefined) await toFile(plan, document, context);
    const result =
      target === undefined
        ? { sent: plan.events.length, before: 0 }
        : await runRedrive(effects, document, {
            ...{ events: plan.events, target, mayRepeat: args.has('send-again') },
          });
    if (args.text('to') !== '-') printDone(plan, { ...context, document, result });
    return result;
  } finally {
    await target?.close();
  }
}

async function brokerOf(args: Args, io: Io) {
  // Loaded here: the other commands need no client of Kafka.
  const { KafkaRedriveTarget } = await import('../../adapters/kafka/kafka-redrive-target.ts');
  return new KafkaRedriveTarget(await kafkaSettings(args, io));
}

async function toFile(plan: RedrivePlan, document: RedriveDocument, context: Context): Promise<void> {
  const { lake, io, where } = context;
  const lines = redriveLines(plan.events, document.id, new Date(document.at));
  if (where?.kind === 'file' && where.to !== '-') await writeLines(path.resolve(io.cwd, where.to), lines);
  else for (const line of lines) io.out(line);
  await io.drained();
  await closeRedrive(lake.effects, document);
}

function printPlan(
  plan: RedrivePlan,
  { args, io, contract }: Pick<Context, 'args' | 'io' | 'contract'>,
): void {
  if (args.has('json')) {
    io.out(JSON.stringify({ dataset: contract.dataset, redriveId: null, ...planJson(plan) }, null, 2));
    return;
  }
  io.out(`${plural(plan.events.length, 'event')} of ${contract.dataset} would be sent again.\n`);
  io.out(planText(plan));
}

function planText({ events, left }: RedrivePlan): string {
  const right = { name: 'offset', align: 'right' as const };
  const columns = [
    { name: 'evidence' },
    { name: 'topic' },
    right,
    { name: 'corrected' },
    { name: 'failed for' },
  ];
  const rows = events.map((one) => [
    ...[one.evidenceId, one.topic, `${one.partition}:${count(one.offset)}`],
    ...[one.isCorrected ? 'yes' : 'no', one.reasons.join(', ')],
  ]);
  const lines = left.map(({ rowHash, why }) =>
    printable(`  ${rowHash.slice(0, ID_LENGTH)} left out: ${why}`),
  );
  return [...(rows.length > 0 ? [table(columns, rows, { maxCell: 60 })] : []), ...lines].join('\n');
}

const planJson = ({ events, left }: RedrivePlan) => ({
  events: events.map((one) => ({
    ...{ evidence: one.evidenceId, record: one.rowHash.slice(0, ID_LENGTH), topic: one.topic },
    ...{ partition: one.partition, offset: one.offset, isCorrected: one.isCorrected, reasons: one.reasons },
  })),
  left: left.map(({ rowHash, evidenceId, why }) => ({
    ...{ record: rowHash.slice(0, ID_LENGTH), evidence: evidenceId, why },
  })),
});

function printDone(
  plan: RedrivePlan,
  { args, io, contract, document, result }: Context & { document: RedriveDocument; result: RedriveResult },
): ExitCode {
  if (args.has('json')) {
    const head = { dataset: contract.dataset, redriveId: document.id, target: document.target };
    io.out(JSON.stringify({ ...head, ...result, ...planJson(plan) }, null, 2));
    return EXIT.ok;
  }
  io.out(`${planText(plan)}\n`);
  const before = result.before > 0 ? ` ${plural(result.before, 'event')} had arrived before.` : '';
  const verb = args.text('to') === undefined ? 'sent' : 'written';
  io.out(printable(`${plural(result.sent, 'event')} ${verb} to ${document.target}.${before}`));
  const topics = [...new Set(plan.events.map(({ topic }) => topic))];
  if (args.text('to') !== undefined)
    io.out(`Next: ${nextCommand(args, io, `enforce --from ${args.text('to')} --topic ${topics[0]}`)}`);
  return EXIT.ok;
}
