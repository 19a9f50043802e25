import { refuseRun } from '../../etl/operations/decide-run.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { findRun } from '../find-run.ts';
import { WORD_OPTIONS, wordOf } from '../identity.ts';
import { nextCommand } from '../locations.ts';
import { openLakeOf } from '../open-lake.ts';
import { plural } from '../print/format.ts';
import { printable } from '../print/printable.ts';
import { runJson } from '../run-json.ts';

/** `assay refuse`: decides that a held run is not published. */
export const refuse: Command = {
  name: 'refuse',
  usage: 'RUN --reason TEXT [--by NAME] [--lake DIR]',
  description: `Decides that a held run is not published. Its files stay in Bronze and are set aside: the next run takes them up again
once the contract has changed, and 'assay readmit RUN' has them taken up as they are. No attempt is counted.`,
  options: WORD_OPTIONS,
  examples: ['assay refuse 20240501T120003417Z-9b6e0d20 --reason "wrong month, the source sends it again"'],
  positionals: { min: 1, max: 1, name: 'RUN' },
  async run(args, io) {
    const word = wordOf(args, io);
    const lake = await openLakeOf(args, io);
    const { runId, dataset } = await findRun(lake, args.positionals[0] ?? '');
    const run = await refuseRun(lake.effects, { runId, dataset }, word);
    if (args.has('json')) {
      io.out(JSON.stringify(runJson(run), null, 2));
      return EXIT.ok;
    }
    const files = plural(run.files.length, 'file');
    io.out(
      printable(
        `Run ${runId} of ${dataset} is refused. Its ${files} are set aside until the contract changes.`,
      ),
    );
    io.out(
      `To have them tested again as they are: ${nextCommand(args, io, `readmit ${runId} --reason '…'`)}`,
    );
    return EXIT.ok;
  },
};
