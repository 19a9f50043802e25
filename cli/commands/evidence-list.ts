import { type Evidence, GATE_ORDER } from '../../stream/evidence/evidence.ts';
import { type EvidenceFilter, findEvidence } from '../../stream/evidence/find-evidence.ts';
import { datasetOfUrn, UNKNOWN_DATASET } from '../../stream/policy/dataset-urn.ts';
import type { Args, Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { nextCommand } from '../locations.ts';
import { openLakeOf } from '../open-lake.ts';
import { urnOf } from '../policies.ts';
import { count, time } from '../print/format.ts';
import { table } from '../print/table.ts';
import { usageError } from '../usage-error.ts';

/** How many are listed unless said. */
const LIMIT = 20;

/** `assay evidence list`: what was found of events. */
export const evidenceList: Command = {
  name: 'evidence list',
  usage: '[--dataset D] [--result R] [--gate G] [--reason CODE] [--topic T] [--offset N] [--lake DIR]',
  description: `Lists what was found of events, newest first: which passed, and at which gates and for which reasons the others failed. All
conditions must hold. --json prints the evidence as it is kept, an array.`,
  options: {
    dataset: { type: 'string', value: 'D', help: 'only of this dataset; unknown for events of no known one' },
    result: {
      type: 'string',
      value: 'R',
      choices: ['PASS', 'FAIL'],
      help: 'only events that passed, or failed',
    },
    gate: {
      type: 'string',
      value: 'G',
      choices: [...GATE_ORDER],
      help: 'only events that failed at this gate',
    },
    reason: {
      type: 'string',
      value: 'CODE',
      help: 'only with this reason or warning, e.g. NULL_VALUE:customer_id or NULL_VALUE',
    },
    topic: { type: 'string', value: 'T', help: 'only events of this topic' },
    partition: { type: 'string', value: 'N', help: 'only of this partition' },
    offset: { type: 'string', value: 'N', help: 'only of this offset' },
    limit: { type: 'string', value: 'N', help: `how many (default: ${LIMIT})` },
  },
  examples: [
    'assay evidence list --result FAIL',
    'assay evidence list --dataset orders.created --reason NULL_VALUE:customer_id --json',
    'assay evidence list --topic raw.orders.events --offset 4711',
  ],
  positionals: { min: 0, max: 0, name: '' },
  async run(args, io) {
    const filter = filterOf(args);
    const limit = numberOf(args, 'limit') ?? LIMIT;
    const lake = await openLakeOf(args, io);
    const { objects, clock } = lake.effects;
    const page = await findEvidence(objects, filter, { limit, now: clock.now() });
    const evidence = page.evidence.slice(0, limit);
    if (args.has('json')) {
      io.out(JSON.stringify(evidence, null, 2));
      return EXIT.ok;
    }
    const [first] = evidence;
    if (first === undefined) {
      io.out('No such evidence.');
      return EXIT.ok;
    }
    io.out(listText(evidence));
    if (page.next !== undefined || page.evidence.length > limit) io.out('  … and more (--limit)');
    io.out(`\nNext: ${nextCommand(args, io, `evidence show ${first.evidence_id}`)}`);
    return EXIT.ok;
  },
};

function filterOf(args: Args): EvidenceFilter {
  const dataset = args.text('dataset');
  const result = args.text('result')?.toUpperCase();
  if (result !== undefined && result !== 'PASS' && result !== 'FAIL')
    throw usageError(`--result is '${result}': write PASS or FAIL.`);
  const gate = args.text('gate')?.toUpperCase();
  if (gate !== undefined && !GATE_ORDER.some((one) => one === gate))
    throw usageError(`--gate is '${gate}': write one of ${GATE_ORDER.join(', ')}.`);
  const texts = { gate, reason: args.text('reason'), topic: args.text('topic') };
  const numbers = { partition: numberOf(args, 'partition'), offset: numberOf(args, 'offset') };
  return {
    ...(dataset === undefined
      ? {}
      : { datasetUrn: dataset === 'unknown' ? UNKNOWN_DATASET : urnOf(dataset) }),
    ...(result === undefined ? {} : { result }),
    ...Object.fromEntries(
      Object.entries({ ...texts, ...numbers }).filter(([, value]) => value !== undefined),
    ),
  };
}

function numberOf(args: Args, name: string): number | undefined {
  const text = args.text(name);
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw usageError(`--${name} is '${text}': write a whole number.`);
  return Number(text);
}

function listText(evidence: readonly Evidence[]): string {
  const rows = evidence.map(({ evidence_id, dataset_urn, source, validation }) => [
    evidence_id,
    dataset_urn === UNKNOWN_DATASET ? '(unknown)' : datasetOfUrn(dataset_urn),
    source.raw_topic,
    `${source.partition}:${count(source.offset)}`,
    time(source.event_time),
    validation.result,
    [...validation.reason_codes, ...validation.warnings.map((one) => `(${one})`)].join(', '),
  ]);
  const columns = ['evidence', 'dataset', 'topic', 'offset', 'event (UTC)', 'result', 'reasons (warnings)'];
  return table(
    columns.map((name) => ({ name, ...(name === 'offset' ? { align: 'right' as const } : {}) })),
    rows,
  );
}
