import { refuseFiles } from '../../etl/operations/decide-files.ts';
import { refuseRun } from '../../etl/operations/decide-run.ts';
import { findRun } from '../../etl/operations/find-run.ts';
import type { RunRecord } from '../../etl/stages/outcomes.ts';
import type { Args, Command } from '../command.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { WORD_OPTIONS, wordOf } from '../identity.ts';
import type { Io } from '../io.ts';
import { nextCommand } from '../locations.ts';
import { type CommandLake, openLakeOf } from '../open-lake.ts';
import { printOutcome } from '../outcome.ts';
import { plural } from '../print/format.ts';
import { printable } from '../print/printable.ts';
import { runJson } from '../run-json.ts';

/** `assay refuse`: decides that a held run, or files of it, are not published. */
export const refuse: Command = {
  name: 'refuse',
  usage: 'RUN [--file KEY]… --reason TEXT [--by NAME] [--lake DIR]',
  description: `Decides that a held run is not published. Its files stay in Bronze and are set aside: the next run takes them up again
once the contract has changed, and 'assay readmit RUN' has them taken up as they are. No attempt is counted.
With --file, only those of its files are refused. The rest of the run is sealed anew, and waits for a decision under a
new digest; under the old one it can't be approved any more. Nothing is published by it. Should it stop in between, the
same command goes on with it.`,
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
    'assay refuse 20240501T120003417Z-9b6e0d20 --reason "wrong month, the source sends it again"',
    'assay refuse 20240501T120003417Z-9b6e0d20 --file leeds-2024-05.csv --reason "columns are shifted"',
  ],
  positionals: { min: 1, max: 1, name: 'RUN' },
  async run(args, io) {
    const word = wordOf(args, io);
    const lake = await openLakeOf(args, io);
    const { runId, dataset } = await findRun(lake.effects, args.positionals[0] ?? '');
    const files = args.texts('file');
    if (files.length === 0) {
      sayRefused(await refuseRun(lake.effects, { runId, dataset }, word), args, io);
      return EXIT.ok;
    }
    const { kind } = await refuseFiles(lake.effects, { runId, dataset, files }, word);
    if (kind === 'rest') return await sealRest(lake, { runId, dataset }, { args, io });
    sayRefused(await findRun(lake.effects, runId), args, io);
    return EXIT.ok;
  },
};

function sayRefused(run: RunRecord, args: Args, io: Io): void {
  const { runId, dataset, files } = run;
  if (args.has('json')) {
    io.out(JSON.stringify(runJson(run), null, 2));
    return;
  }
  io.out(
    printable(
      `Run ${runId} of ${dataset} is refused. Its ${plural(files.length, 'file')} are set aside until the contract changes.`,
    ),
  );
  io.out(`To have them tested again as they are: ${nextCommand(args, io, `readmit ${runId} --reason '…'`)}`);
}

/** Seals what is left of the run; 1 where it could not be, or was published before its files could be refused. */
async function sealRest(
  lake: CommandLake,
  run: Pick<RunRecord, 'runId' | 'dataset'>,
  { args, io }: { readonly args: Args; readonly io: Io },
): Promise<ExitCode> {
  const record = await lake.runs.resealed(run);
  if (args.has('json')) io.out(JSON.stringify(runJson(record), null, 2));
  else await printOutcome({ kind: 'run', dataset: run.dataset, run: record }, true, { lake, args, io });
  return record.status === 'held' && record.sealDigest !== null ? EXIT.ok : EXIT.data;
}
