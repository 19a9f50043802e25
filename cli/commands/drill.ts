import { randomInt } from 'node:crypto';
import { localDrillGround, localStreamDrillGround } from '../../adapters/local/drill-ground.ts';
import { type DrillResult, runDrill } from '../../etl/drill/run-drill.ts';
import { runStreamDrill, type StreamDrillResult } from '../../stream/drill/run-stream-drill.ts';
import type { Args, Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { count, plural } from '../print/format.ts';
import { countBar } from '../print/progress.ts';
import { usageError } from '../usage-error.ts';

/** `assay drill`: does everything to a lake that can happen to it, and proves that nothing is lost. */
export const drill: Command = {
  name: 'drill',
  usage: '[--stream] [--points N] [--seed S]',
  description: `Plays the life of small lakes of its own, in temporary folders, while processes die before, during and after any of their changes, the
store refuses requests, loses answers and leaves halves of files, clocks are set back, and two or three runs race. At every commit,
readers look at Silver, quarantine, condemned and Gold: they must see whole runs, each record once. In the end all is calm:
everything dropped must be published, and the audit find nothing. The same seed plays the same stories; no other lake is touched.
Ends with 1 where anything was lost, doubled or half-published.

With --stream, enforcers judge made events of a topic in memory, and die at any write or step that others can see (evidence told,
events sent on, offsets kept); the evidence topic, the registry, the policies and the disk are gone for a while; partitions move;
events are a megabyte, none, no UTF-8, or a packed bomb. When all is calm, each event must have its evidence, be in Bronze once,
and in Silver once exactly where it passed.`,
  options: {
    stream: { type: 'boolean', help: 'drill the enforcer of events instead' },
    points: {
      type: 'string',
      value: 'N',
      help: 'number of faults to cause, ten for each lake (default: 100)',
    },
    seed: {
      type: 'string',
      value: 'S',
      help: 'a whole number that chooses the faults (default: another one each time)',
    },
  },
  examples: [
    'assay drill',
    'assay drill --points 1000 --seed 1 --json',
    'assay drill --stream --points 1000',
  ],
  positionals: { min: 0, max: 0, name: '' },
  localOnly: 'it works on this machine alone.',
  async run(args, io) {
    const points = wholeNumber(args, 'points', 1, 1_000_000) ?? 100;
    const seed = wholeNumber(args, 'seed', 0, MAX_SEED) ?? randomInt(MAX_SEED);
    const started = performance.now();
    const bar = countBar(io, !args.has('json'), points, 'points of trouble');
    let result: DrillResult | StreamDrillResult;
    const request = { points, seed, onStory: (_: unknown, done: number) => bar.advance(done) };
    try {
      result = args.has('stream')
        ? await runStreamDrill(localStreamDrillGround, request)
        : await runDrill(localDrillGround, request);
    } finally {
      bar.stop();
    }
    const durationMs = Math.round(performance.now() - started);
    if (args.has('json')) io.out(JSON.stringify({ ...result, durationMs }, null, 2));
    else for (const line of 'outages' in result ? streamDrillText(result) : drillText(result)) io.out(line);
    return result.problems.length > 0 ? EXIT.data : EXIT.ok;
  },
};

/** Seeds that the dice tell apart. */
const MAX_SEED = 2 ** 31 - 1;

function wholeNumber(args: Args, name: string, least: number, most: number): number | undefined {
  const text = args.text(name);
  if (text === undefined) return undefined;
  if (!/^\d{1,10}$/.test(text) || Number(text) < least || Number(text) > most)
    throw usageError(`--${name} '${text}' is no whole number from ${least} to ${count(most)}.`);
  return Number(text);
}

function drillText({ damage, problems, ...drill }: DrillResult): string[] {
  const { kills, refused, lostAnswers, torn } = damage;
  return [
    `${plural(drill.points, 'point')} of trouble in the lives of ${plural(drill.stories, 'lake')}, seed ${drill.seed}:`,
    `  ${plural(kills, 'kill')}, ${plural(refused, 'request')} refused, ${plural(lostAnswers, 'answer')} lost, ${plural(torn, 'file')} torn`,
    `  ${plural(drill.executions, 'run')}, ${count(drill.races)} times several at once; the upkeep ${count(drill.tendings)} times; ${plural(drill.files, 'file')} dropped, with ${plural(drill.records, 'record')}`,
    `  ${plural(drill.looks, 'look')} at what readers see, and an audit of each lake at its end`,
    ...problemLines(problems, 'assay drill', 'Nothing was lost, doubled or half-published.'),
  ];
}

function streamDrillText({ damage, problems, ...drill }: StreamDrillResult): string[] {
  const { kills, refused, lostAnswers } = damage;
  return [
    `${plural(drill.points, 'point')} of trouble in the lives of ${plural(drill.stories, 'stream')}, seed ${drill.seed}:`,
    `  ${plural(kills, 'kill')}, ${plural(refused, 'request')} refused, ${plural(lostAnswers, 'answer')} lost, ${plural(drill.outages, 'call')} to what was gone`,
    `  ${plural(drill.processes, 'enforcer')}, ${count(drill.races)} times two at once; ${plural(drill.runs, 'run')}; ${plural(drill.events, 'event')}, of which ${count(drill.passed)} passed`,
    ...problemLines(
      problems,
      'assay drill --stream',
      'Each event has its evidence and is in Bronze once, and in Silver once exactly where it passed.',
    ),
  ];
}

function problemLines(problems: DrillResult['problems'], command: string, none: string): string[] {
  return [
    problems.length === 0 ? none : `${plural(problems.length, 'PROBLEM')}:`,
    ...problems.flatMap(({ seed, points, problem }) => [
      `  ${problem}`,
      `    To see it again: ${command} --seed ${seed} --points ${points}`,
    ]),
  ];
}
