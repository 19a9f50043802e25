import { readmitFiles } from '../../etl/operations/decide-files.ts';
import { readmitRun } from '../../etl/operations/decide-run.ts';
import { findRun } from '../../etl/operations/find-run.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { WORD_OPTIONS, wordOf } from '../identity.ts';
import { nextCommand } from '../locations.ts';
import { openLakeOf } from '../open-lake.ts';
import { plural } from '../print/format.ts';
import { printable } from '../print/printable.ts';

/** `assay readmit`: gives back files that were set aside. */
export const readmit: Command = {
  name: 'readmit',
  usage: 'RUN [--file KEY]… --reason TEXT [--by NAME] [--lake DIR]',
  description: `Gives back the files that were set aside with a run, because it is held, was refused or was rolled back: the next
'assay run' tests them as if they had just come, under today's contract. With --file, only those of them, of a run that
was refused or rolled back, or that were refused of a run by 'assay refuse RUN --file'; the others stay set aside.`,
  options: {
    file: {
      type: 'string',
      value: 'KEY',
      multiple: true,
      help: 'only this file: its key, or its name where no other has it; may be given more than once',
    },
    ...WORD_OPTIONS,
  },
  examples: [
    'assay readmit 20240501T120003417Z-9b6e0d20 --reason "the contract was wrong, and is corrected"',
  ],
  positionals: { min: 1, max: 1, name: 'RUN' },
  async run(args, io) {
    const word = wordOf(args, io);
    const lake = await openLakeOf(args, io);
    const { runId, dataset } = await findRun(lake.effects, args.positionals[0] ?? '');
    const files = args.texts('file');
    const readmitted =
      files.length === 0
        ? await readmitRun(lake.effects, { runId, dataset }, word)
        : await readmitFiles(lake.effects, { runId, dataset, files }, word);
    if (args.has('json')) {
      io.out(JSON.stringify(readmitted, null, 2));
      return EXIT.ok;
    }
    io.out(
      printable(
        `${plural(readmitted.files.length, 'file')} of ${dataset} ${readmitted.files.length === 1 ? 'is' : 'are'} pending again.`,
      ),
    );
    io.out(`Next: ${nextCommand(args, io, `run --dataset ${dataset}`)}`);
    return EXIT.ok;
  },
};
