import { randomInt } from 'node:crypto';
import { localDrillGround } from '../../adapters/local/drill-ground.ts';
import { type DrillResult, runDrill } from '../../etl/drill/run-drill.ts';
import type { Args, Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { count, plural } from '../print/format.ts';
import { countBar } from '../print/progress.ts';
import { usageError } from '../usage-error.ts';

/** `assay drill`: does everything to a lake that can happen to it, and proves that nothing is lost. */
export const drill: Command = {
  name: 'drill',
  usage: '[--points N] [--seed S]',
  description: `Plays the life of small lakes of its own, in temporary folders, while processes die before, during and after any of their changes, the
store refuses requests, loses answers and leaves halves of files, clocks are set back, and two or three runs race. At every commit,
readers look at Silver, quarantine, condemned and Gold: they must see whole runs, each record once. In the end all is calm:
everything dropped must be published, and the audit find nothing. The same seed plays the same stories; no other lake is touched.
Ends with 1 where anything was lost, doubled or half-published.`,
  options: {
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
  examples: ['assay drill', 'assay drill --points 1000 --seed 1 --json'],
  positionals: { min: 0, max: 0, name: '' },
  localOnly: 'it works on this machine alone.',
  async run(args, io) {
    const points = wholeNumber(args, 'points', 1, 1_000_000) ?? 100;
    const seed = wholeNumber(args, 'seed', 0, MAX_SEED) ?? randomInt(MAX_SEED);
    const started = performance.now();
    const bar = countBar(io, !args.has('json'), points, 'points of trouble');
    let result: DrillResult;
    try {
      result = await runDrill(localDrillGround, { points, seed, onStory: (_, done) => bar.advance(done) });
    } finally {
      bar.stop();
    }
    const durationMs = Math.round(performance.now() - started);
    if (args.has('json')) io.out(JSON.stringify({ ...result, durationMs }, null, 2));
    else for (const line of drillText(result)) io.out(line);
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
    problems.length === 0
      ? 'Nothing was lost, doubled or half-published.'
      : `${plural(problems.length, 'PROBLEM')}:`,
    ...problems.flatMap(({ seed, points, problem }) => [
      `  ${problem}`,
      `    To see it again: assay drill --seed ${seed} --points ${points}`,
    ]),
  ];
}
