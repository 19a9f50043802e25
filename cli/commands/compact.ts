import { type Compacted, compact as compactDataset } from '../../etl/operations/compact.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { maintenanceWordOf, OPTIONAL_WORD_OPTIONS } from '../identity.ts';
import { nextCommand } from '../locations.ts';
import { openLakeOf } from '../open-lake.ts';
import { count, plural, size } from '../print/format.ts';
import { printableLines } from '../print/printable.ts';
import { table } from '../print/table.ts';
import { usageError } from '../usage-error.ts';

const DEFAULT_TARGET_MB = '128';

/** `assay compact`: joins small files into larger ones. */
export const compact: Command = {
  name: 'compact',
  usage: 'DATASET [--target-mb N] [--dry-run] [--reason TEXT] [--by NAME] [--lake DIR]',
  description: `Joins the small files of a dataset's Silver, month by month, in one snapshot that changes no row: what was written is read
back and compared, every value of every row, before it is committed. Gold isn't made anew. Earlier snapshots can still be
queried and rolled back to; their small files go once those are expired and vacuumed. A repeat joins nothing more.`,
  options: {
    'target-mb': {
      type: 'string',
      value: 'N',
      help: `join files of less than N/2 MB into files of up to N MB (default: ${DEFAULT_TARGET_MB})`,
    },
    'dry-run': { type: 'boolean', help: 'list what would be joined, and change nothing' },
    ...OPTIONAL_WORD_OPTIONS,
  },
  examples: ['assay compact spend.council_payments --dry-run', 'assay compact spend.council_payments'],
  positionals: { min: 1, max: 1, name: 'DATASET' },
  async run(args, io) {
    const target = args.text('target-mb') ?? DEFAULT_TARGET_MB;
    if (!/^[1-9]\d{0,4}$/.test(target))
      throw usageError(`--target-mb ${target} is no number of MB: write e.g. 128.`);
    const [dataset = ''] = args.positionals;
    const isDryRun = args.has('dry-run');
    const lake = await openLakeOf(args, io, { changes: !isDryRun });
    const request = { dataset, targetBytes: Number(target) * 1_000_000, isDryRun };
    const done = await compactDataset(lake.effects, request, maintenanceWordOf(args, io));
    if (args.has('json')) io.out(JSON.stringify(done, null, 2));
    else {
      io.out(printableLines(compactText(done, isDryRun)));
      if (done.from !== done.to)
        io.out(`Next: ${nextCommand(args, io, `diff ${dataset} ${done.from} ${done.to}`)}`);
    }
    return EXIT.ok;
  },
};

function compactText({ dataset, from, to, version, joined }: Compacted, isDryRun: boolean): string {
  if (version === 0) return `Nothing of ${dataset} was published yet.`;
  if (joined.length === 0) return `${dataset} has no small files to join.`;
  const right = { align: 'right' as const };
  const rows = joined.map((bin) => [
    bin.month,
    count(bin.rows),
    `${count(bin.filesBefore)} (${size(bin.bytesBefore)})`,
    bin.filesAfter === null ? '' : `${count(bin.filesAfter)} (${size(bin.bytesAfter ?? 0)})`,
  ]);
  const columns = [
    { name: 'month' },
    { name: 'rows', ...right },
    { name: 'files', ...right },
    { name: 'now', ...right },
  ];
  const files = joined.reduce((sum, bin) => sum + bin.filesBefore, 0);
  const head = isDryRun
    ? `${plural(files, 'file')} of ${dataset} would become ${count(joined.length)}:`
    : `${dataset} went from snapshot ${from} to ${to}, as version ${version}; no row changed:`;
  return `${head}\n\n${table(columns, rows)}`;
}
