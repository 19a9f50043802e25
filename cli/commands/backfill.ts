import { askForBackfill, type ChosenFiles, chooseFiles } from '../../etl/operations/backfill.ts';
import { NO_CHANGES, restatedBy } from '../../etl/operations/restated.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { WORD_OPTIONS, wordOf } from '../identity.ts';
import { openLakeOf } from '../open-lake.ts';
import { printOutcome } from '../outcome.ts';
import { outcomeCode } from '../outcome-code.ts';
import { plural } from '../print/format.ts';
import { printable } from '../print/printable.ts';
import { NOTHING_RESTATED } from '../print/restated.ts';
import { runJson } from '../run-json.ts';
import { usageError } from '../usage-error.ts';

/** `assay backfill`: reads published files again. */
export const backfill: Command = {
  name: 'backfill',
  usage:
    'DATASET --from DAY [--to DAY] [--contract V] [--again] [--dry-run] --reason TEXT [--by NAME] [--lake DIR]',
  description: `Reads the Bronze files that were dropped in a time again, under the contract as it is now, in one run like any other: sealed,
gated, published. Their new rows take the place of their old ones in one snapshot; Gold follows, and what it restated is
listed. Files that were read under this contract already are left out, so that a repeat changes nothing; with --again
they are read, too, and give the same. Where later records replace earlier ones, files of which a record was replaced are
read along, and the order of arrival decides as ever.`,
  options: {
    from: { type: 'string', value: 'DAY', help: 'files dropped on this day (UTC) or later, e.g. 2024-05-01' },
    to: { type: 'string', value: 'DAY', help: 'and before this one' },
    contract: { type: 'string', value: 'V', help: 'refuse unless this is the version of the contract' },
    again: { type: 'boolean', help: 'also files that were last read under the contract as it is now' },
    'dry-run': { type: 'boolean', help: 'list the files, and change nothing' },
    ...WORD_OPTIONS,
  },
  examples: [
    'assay backfill spend.council_payments --from 2024-01-01 --dry-run',
    'assay backfill spend.council_payments --from 2024-01-01 --to 2024-02-01 --contract 1.1.0 --reason "dates were read wrongly"',
  ],
  positionals: { min: 1, max: 1, name: 'DATASET' },
  async run(args, io) {
    const [from, to, contractVersion] = [
      dayOf('from', args.text('from')),
      args.text('to'),
      args.text('contract'),
    ];
    const [dataset = ''] = args.positionals;
    const isDryRun = args.has('dry-run');
    const word = isDryRun ? undefined : wordOf(args, io);
    const lake = await openLakeOf(args, io);
    const choice = {
      dataset,
      from,
      isAgain: args.has('again'),
      ...(to === undefined ? {} : { to: dayOf('to', to) }),
      ...(contractVersion === undefined ? {} : { contractVersion }),
    };
    const chosen = await chooseFiles(lake.effects, choice);
    const { keys, alongside, upToDate, held } = chosen;
    const head = {
      dataset,
      contractVersion: chosen.contract.version,
      files: keys,
      alongside,
      upToDate,
      held,
    };
    if (keys.length === 0 || word === undefined) {
      if (args.has('json')) io.out(JSON.stringify({ ...head, run: null, ...NO_CHANGES }, null, 2));
      else for (const line of chosenText(dataset, chosen)) io.out(printable(line));
      return EXIT.ok;
    }
    const run = await lake.runs.backfill(await askForBackfill(lake.effects, chosen, word));
    const changes = await restatedBy(lake.effects, run);
    if (args.has('json')) io.out(JSON.stringify({ ...head, run: runJson(run), ...changes }, null, 2));
    else {
      await printOutcome({ kind: 'run', dataset, run }, true, { lake, args, io });
      if (run.status === 'promoted' && changes.restated.length === 0) io.out(`\n${NOTHING_RESTATED}`);
    }
    return outcomeCode({ kind: 'run', dataset, run });
  },
};

function dayOf(option: string, text: string | undefined): string {
  const isDay =
    /^\d{4}-\d{2}-\d{2}$/.test(text ?? '') && new Date(`${text}T00:00:00Z`).toJSON()?.startsWith(text ?? '-');
  if (text !== undefined && isDay) return text;
  throw usageError(
    text === undefined
      ? `--${option} is missing: say which files are meant by the day of their drop, e.g. 2024-05-01.`
      : `--${option} ${text} is no day: write e.g. 2024-05-01.`,
  );
}

function chosenText(dataset: string, { contract, keys, alongside, upToDate, held }: ChosenFiles): string[] {
  const rest = [
    ...(alongside === 0
      ? []
      : [
          `${plural(alongside, 'file')} of these along: records of theirs were replaced, and may count again`,
        ]),
    ...(upToDate === 0 ? [] : [`${plural(upToDate, 'file')} left out: read under this contract already`]),
    ...(held === 0 ? [] : [`${plural(held, 'file')} left out: a held run is to be decided on first`]),
  ];
  const head =
    keys.length === 0
      ? `${dataset}: nothing to read again`
      : `${plural(keys.length, 'file')} of ${dataset} would be read again under version ${contract.version}:`;
  return [head, ...[...keys, ...rest].map((line) => `  ${line}`)];
}
