import { type RolledBack, rollBack } from '../../etl/operations/roll-back.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { WORD_OPTIONS, wordOf } from '../identity.ts';
import { nextCommand } from '../locations.ts';
import { openLakeOf } from '../open-lake.ts';
import { plural } from '../print/format.ts';
import { printable } from '../print/printable.ts';
import { snapshotId } from '../snapshot-id.ts';
import { usageError } from '../usage-error.ts';

/** `assay rollback`: makes an earlier state of a dataset current again. */
export const rollback: Command = {
  name: 'rollback',
  usage: 'DATASET --to SNAPSHOT --reason TEXT [--by NAME] [--lake DIR]',
  description: `Makes an earlier state of a dataset current again, as a new version: Silver, quarantine, condemned records and the ledger
as they were together, and then the Gold tables made from it. The files of the runs that are taken back are set aside, so
that no run publishes them again by itself: 'assay readmit RUN' has them tested anew. Rolling back to a later snapshot
undoes it. Snapshots that were rolled back can still be queried with --as-of.`,
  options: {
    to: {
      type: 'string',
      value: 'SNAPSHOT',
      help: "a Silver snapshot's id; 'assay snapshots DATASET' lists them",
    },
    ...WORD_OPTIONS,
  },
  examples: [
    'assay rollback spend.council_payments --to 3351973625461540 --reason "the source sent test data"',
  ],
  positionals: { min: 1, max: 1, name: 'DATASET' },
  async run(args, io) {
    const to = args.text('to');
    if (to === undefined) throw usageError("--to is missing: 'assay snapshots DATASET' lists the snapshots.");
    const word = wordOf(args, io);
    const [dataset = ''] = args.positionals;
    const lake = await openLakeOf(args, io);
    const done = await rollBack(lake.effects, { dataset, to: snapshotId(to) }, word);
    if (args.has('json')) io.out(JSON.stringify(rollbackJson(done), null, 2));
    else {
      io.out(printable(rollbackText(done)));
      for (const line of linesOf(done)) io.out(printable(`  ${line}`));
      io.out(`Next: ${nextCommand(args, io, `diff ${dataset} ${done.from} ${done.to}`)}`);
    }
    return EXIT.ok;
  },
};

function rollbackJson({ rolledBack, restored, ...rest }: RolledBack) {
  const runOf = ({ runId, files }: RolledBack['rolledBack'][number]) => ({ runId, files });
  return { ...rest, rolledBack: rolledBack.map(runOf), restored: restored.map(runOf) };
}

function rollbackText({ dataset, from, to, version, rolledBack, restored }: RolledBack): string {
  if (from === to && rolledBack.length + restored.length === 0)
    return `${dataset} stands at snapshot ${to} already; Gold was looked after.`;
  return `${dataset} went from snapshot ${from} to ${to}, as version ${version}.`;
}

function linesOf({ rolledBack, restored, gold }: RolledBack): string[] {
  return [
    ...rolledBack.map(
      ({ runId, files }) => `taken back: run ${runId}, ${plural(files.length, 'file')} set aside`,
    ),
    ...restored.map(({ runId, files }) => `there again: run ${runId}, ${plural(files.length, 'file')}`),
    ...gold.map(
      ({ table, months, restated }) =>
        `${table}: ${plural(months, 'month')} made anew, ${plural(restated, 'value')} restated`,
    ),
  ];
}
