import { readmitFile, readmitRun } from '../../etl/operations/decide-run.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { findRun } from '../find-run.ts';
import { WORD_OPTIONS, wordOf } from '../identity.ts';
import { nextCommand } from '../locations.ts';
import { openLakeOf } from '../open-lake.ts';
import { plural } from '../print/format.ts';
import { printable } from '../print/printable.ts';

/** `assay readmit`: gives back files that were set aside. */
export const readmit: Command = {
  name: 'readmit',
  usage: 'RUN [--file KEY] --reason TEXT [--by NAME] [--lake DIR]',
  description: `Gives back the files that were set aside with a run, because it is held, was refused or was rolled back: the next
'assay run' tests them as if they had just come, under today's contract. With --file, one of them, of a run that was
refused or rolled back, and the others stay set aside.`,
  options: {
    file: {
      type: 'string',
      value: 'KEY',
      help: 'only this file: its key, or its name where no other has it',
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
    const { runId, dataset } = await findRun(lake, args.positionals[0] ?? '');
    const file = args.text('file');
    const readmitted =
      file === undefined
        ? await readmitRun(lake.effects, { runId, dataset }, word)
        : await readmitFile(lake.effects, { runId, dataset, file }, word);
    if (args.has('json')) {
      io.out(JSON.stringify(readmitted, null, 2));
      return EXIT.ok;
    }
    io.out(printable(`${plural(readmitted.files.length, 'file')} of ${dataset} are pending again.`));
    io.out(`Next: ${nextCommand(args, io, `run --dataset ${dataset}`)}`);
    return EXIT.ok;
  },
};
