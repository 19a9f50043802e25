import { bronzeKeeper } from '../../adapters/local/bronze-keeper.ts';
import { migrationOutcome } from '../../etl/operations/migrate.ts';
import { type Adopted, adopt } from '../../etl/personal/adopting/adopt.ts';
import { type AdoptionPreview, previewAdoption } from '../../etl/personal/adopting/preview-adoption.ts';
import type { Args, Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { WORD_OPTIONS, wordOf } from '../identity.ts';
import type { Io } from '../io.ts';
import { nextCommand } from '../locations.ts';
import { openLakeOf } from '../open-lake.ts';
import { printOutcome } from '../outcome.ts';
import { outcomeCode } from '../outcome-code.ts';
import { count, plural, size } from '../print/format.ts';
import { printable } from '../print/printable.ts';
import { runJson } from '../run-json.ts';

/** `assay privacy adopt`: protects a dataset that has files in the clear. */
export const privacyAdopt: Command = {
  name: 'privacy adopt',
  usage: 'DATASET [--reason TEXT] [--by NAME] [--accept-losses] [--discard-unreadable] [--dry-run]',
  description: `Protects a dataset whose contract says so since, and that has files in the clear. Seals each of its files as if its source
had brought it now, proves it equal record by record, makes the tables anew from what is sealed and publishes them in one
step, as 'assay migrate' does; and only then removes all that holds a value in the clear: the files, the tables of before
with their snapshots, quarantine, retries, corrections, staged documents, and earlier states of the reports made from them.
It is the one command that takes files out of Bronze, and can't be taken back: backups are yours to remove. Without
--reason, or with --dry-run, it only says what would be done. Refused, and nothing changes, where an audit finds a problem,
a run is held or under way, months of a report are closed, a tag keeps a snapshot, or a file can't be read. One that was
broken off goes on when it is asked for again.`,
  options: {
    'accept-losses': { type: 'boolean', help: 'publish also where records leave Silver by it' },
    'discard-unreadable': {
      type: 'boolean',
      help: "let files go that can't be read, and of which nothing was ever made",
    },
    'dry-run': { type: 'boolean', help: 'say what would be done, and change nothing' },
    ...WORD_OPTIONS,
  },
  examples: [
    'assay privacy adopt shop.customers',
    'assay privacy adopt shop.customers --reason "personal data since version 2" --by ann',
  ],
  positionals: { min: 1, max: 1, name: 'DATASET' },
  async run(args, io) {
    const [dataset = ''] = args.positionals;
    const isDry = args.has('dry-run') || args.text('reason') === undefined;
    const word = isDry ? undefined : wordOf(args, io);
    const lake = await openLakeOf(args, io, { changes: !isDry });
    if (word === undefined) {
      const preview = await previewAdoption(lake.effects, dataset);
      io.out(args.has('json') ? JSON.stringify(preview, null, 2) : previewText(preview, { args, io }));
      return EXIT.ok;
    }
    const request = {
      ...{ ...word, dataset },
      acceptLosses: args.has('accept-losses'),
      discardUnreadable: args.has('discard-unreadable'),
    };
    const done = await adopt(lake.effects, request, {
      keeper: lake.keeper ?? bronzeKeeper(lake),
      runs: lake.runs,
    });
    const { run, record } = done;
    if (args.has('json')) {
      const outcome = run === null ? null : await migrationOutcome(lake.effects, run);
      const shown = run === null ? null : runJson(run);
      io.out(JSON.stringify({ dataset, outcome: outcome ?? null, run: shown, record }, null, 2));
    } else {
      if (run !== null) await printOutcome({ kind: 'run', dataset, run }, true, { lake, args, io });
      io.out(adoptedText(done));
    }
    return record !== null || run === null ? EXIT.ok : outcomeCode({ kind: 'run', dataset, run });
  },
};

function previewText(
  preview: AdoptionPreview,
  { args, io }: { readonly args: Args; readonly io: Io },
): string {
  const { dataset, files, repeats, bytes, retries, corrections, snapshots, staged, historyFrom } = preview;
  const again = repeats === 0 ? '' : `, ${count(repeats)} of them repeats of others, which go`;
  const next = nextCommand(args, io, `privacy adopt ${dataset} --reason '…'`);
  const lines = [
    preview.isRemovingOnly
      ? `${dataset} was adopted, and what holds its values in the clear was not all removed: that is left to do.`
      : `Would seal ${plural(files, 'file')} of ${dataset} (${size(bytes)}${again}), ${plural(retries, 'retry', 'retries')} and ${plural(corrections, 'decision')} with corrections, and prove them equal.`,
    ...(preview.isMigration ? ['Would make its tables, and the reports on it, anew from those.'] : []),
    `Would then remove the ${plural(files, 'file')} in the clear, ${plural(staged, 'staged document')}, and these tables with their snapshots:`,
    ...Object.entries(snapshots).map(([name, n]) => `  ${name}: ${plural(n, 'snapshot')}`),
    ...(historyFrom === null
      ? []
      : [
          `What readers saw from ${historyFrom} on can't be asked any more then, and no rollback leads there.`,
        ]),
    'Copies elsewhere (backups, exports, the source) are not touched. Nothing was done.',
    `Next      ${next}`,
  ];
  return lines.map(printable).join('\n');
}

function adoptedText({ dataset, record }: Adopted): string {
  if (record === null)
    return printable(
      `${dataset} is as it was: nothing was published, and nothing removed. What was sealed is kept, and used by the next try.`,
    );
  const removed = Object.values(record.removed).reduce((sum, keys) => sum + keys.length, 0);
  const records = record.files.reduce((sum, file) => sum + file.records, 0);
  return printable(
    `${dataset} is adopted: ${plural(record.files.length, 'file')} with ${plural(records, 'record')} sealed and proven equal, ${plural(removed, 'object')} in the clear removed. Remove its backups of before, and look for values with 'assay privacy verify'.`,
  );
}
