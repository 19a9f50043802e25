import type { Lake } from '../../adapters/local/lake.ts';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { withScratchEngine } from '../../etl/engine/with-scratch-engine.ts';
import { findRun } from '../../etl/operations/find-run.ts';
import { maskRejects, type Reject, rejectExamples } from '../../etl/query/run-rejects.ts';
import type { RunRecord } from '../../etl/stages/outcomes.ts';
import type { Command } from '../command.ts';
import { describeRun } from '../describe-run.ts';
import { EXIT } from '../exit-codes.ts';
import { openLakeOf } from '../open-lake.ts';
import { afterOutcome, changesOf, goldJson } from '../outcome.ts';
import { time } from '../print/format.ts';
import { rejectsText } from '../print/rejects-text.ts';
import { changesText } from '../print/restated.ts';
import { runText } from '../print/run-text.ts';
import { runJson } from '../run-json.ts';

const PER_KIND = 3;
const MOST = 20;

/** `assay show`: everything about one run. */
export const show: Command = {
  name: 'show',
  usage: 'RUN [--unmasked] [--lake DIR]',
  description: `Everything about one run: what became of every file, the reasons with examples of the records, the control totals, the
seal's digest, and why it isn't published if it isn't. RUN is a run's id, or enough of its beginning.
Values of personal and confidential columns are shown as •••.`,
  options: {
    unmasked: { type: 'boolean', help: 'show the values of personal and confidential columns, too' },
  },
  examples: ['assay show 20240501T120003417Z-9b6e0d20', 'assay show 20240501T12 --json'],
  positionals: { min: 1, max: 1, name: 'RUN' },
  async run(args, io) {
    const lake = await openLakeOf(args, io);
    const [prefix = ''] = args.positionals;
    const run = await findRun(lake.effects, prefix);
    const examples = await readExamples(lake, run, args.has('unmasked'));
    const projections = await afterOutcome(lake, { kind: 'run', dataset: run.dataset, run });
    const lines = await describeRun(lake, run, { args, io, isShown: true, projections });
    const changes = await changesOf(lake, run);
    if (args.has('json')) {
      const { readersSee, notes, next } = lines;
      const gold = await goldJson(lake, run);
      io.out(
        JSON.stringify(
          {
            ...{ ...runJson(run), ...changes, projections, gold },
            ...{ readersSee: readersSee ?? null, examples, notes, next },
          },
          null,
          2,
        ),
      );
      return EXIT.ok;
    }
    io.out(runText(run, { ...lines, examples: rejectsText(examples) }));
    const text = changesText(changes, { args, io });
    if (text !== '') io.out(`\n${text}`);
    io.out(
      `\n${time(run.startedAt)} to ${time(run.endedAt)} UTC; contract ${run.contractVersion ?? 'unknown'}`,
    );
    return EXIT.ok;
  },
};

async function readExamples(lake: Lake, run: RunRecord, isUnmasked: boolean): Promise<Reject[]> {
  if (run.counts.quarantined + run.counts.condemned === 0) return [];
  const { effects } = lake;
  const rejects = await withScratchEngine(effects, 'show', (engine) =>
    rejectExamples(engine, effects, run, { perKind: PER_KIND, most: MOST }),
  );
  if (isUnmasked) return rejects;
  const { contracts } = await loadContracts(effects.contracts);
  return maskRejects(rejects, contracts.get(run.dataset));
}
