import { approveRun } from '../../etl/operations/approve-run.ts';
import { findRun } from '../../etl/operations/find-run.ts';
import type { Outcome } from '../../etl/operations/run-datasets.ts';
import type { Command } from '../command.ts';
import { WORD_OPTIONS, wordOf } from '../identity.ts';
import { openLakeOf } from '../open-lake.ts';
import { outcomeJson, printOutcome } from '../outcome.ts';
import { outcomeCode } from '../outcome-code.ts';
import { usageError } from '../usage-error.ts';

/** `assay approve`: publishes a held run. */
export const approve: Command = {
  name: 'approve',
  usage: 'RUN --digest D --reason TEXT [--by NAME] [--lake DIR]',
  description: `Publishes a held run, and brings Gold up to date. D is the seal's digest as 'assay show RUN' says it, so that what is
published is what was looked at: another digest is refused. Where other runs were published since it was held, its
files are tested and sealed again on what is there now; with the same verdicts it is published, with others it is held
again under its new digest, for a new look.`,
  options: {
    digest: { type: 'string', value: 'D', help: 'digest of the seal that was looked at' },
    ...WORD_OPTIONS,
  },
  examples: [
    'assay approve 20240501T120003417Z-9b6e0d20 --digest 87c575a2bd11… --reason "late returns, checked"',
  ],
  positionals: { min: 1, max: 1, name: 'RUN' },
  async run(args, io) {
    const digest = args.text('digest');
    if (digest === undefined)
      throw usageError("--digest is missing: 'assay show RUN' says the seal's digest.");
    const word = wordOf(args, io);
    const lake = await openLakeOf(args, io);
    const { runId, dataset } = await findRun(lake.effects, args.positionals[0] ?? '');
    const run = await approveRun(lake, { dataset, runId }, { digest, ...word });
    const outcome: Outcome = { kind: 'run', dataset, run };
    if (args.has('json')) io.out(JSON.stringify(await outcomeJson(lake, outcome), null, 2));
    else await printOutcome(outcome, true, { lake, args, io });
    return outcomeCode(outcome);
  },
};
