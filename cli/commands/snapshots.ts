import { listSnapshots, type PublishedSnapshot } from '../../etl/query/list-snapshots.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { nextCommand } from '../locations.ts';
import { openLakeOf } from '../open-lake.ts';
import { count, time } from '../print/format.ts';
import { table } from '../print/table.ts';

/** `assay snapshots`: a dataset's published states. */
export const snapshots: Command = {
  name: 'snapshots',
  usage: 'DATASET [--lake DIR]',
  description: `Lists the states of a dataset's table that were published, newest first: of Silver, or of a Gold table. Each can be
queried with --as-of. Times are UTC; '*' marks the current one. Generations from before a migration that were expired are named.`,
  options: {},
  examples: ['assay snapshots spend.council_payments', 'assay snapshots spend.monthly_totals --json'],
  positionals: { min: 1, max: 1, name: 'DATASET' },
  async run(args, io) {
    const lake = await openLakeOf(args, io);
    const [dataset = ''] = args.positionals;
    const { tableName, lines, gone } = await listSnapshots(lake.effects, dataset);
    if (args.has('json')) {
      io.out(JSON.stringify(lines, null, 2));
      return EXIT.ok;
    }
    if (lines.length === 0) {
      io.out(`Nothing of ${dataset} was published yet.\nNext: ${nextCommand(args, io, 'run')}`);
      return EXIT.ok;
    }
    io.out(`${tableName}\n\n${snapshotTable(lines)}\n`);
    for (const one of gone) io.out(`${one}\n`);
    const oldest = lines.at(-1)?.snapshotId ?? 0;
    io.out(`Next: ${nextCommand(args, io, `query "SELECT count(*) FROM ${tableName}" --as-of ${oldest}`)}`);
    return EXIT.ok;
  },
};

function snapshotTable(lines: readonly PublishedSnapshot[]): string {
  const numbers = ['added', 'removed', 'total'].map((name) => ({ name, align: 'right' as const }));
  const hasMore = lines.some(({ generation }) => generation > 1);
  return table(
    [
      { name: '' },
      { name: 'snapshot', align: 'right' },
      { name: 'committed' },
      { name: 'operation' },
      ...numbers,
      { name: 'run' },
      ...(hasMore ? [{ name: 'generation', align: 'right' as const }] : []),
    ],
    lines.map((line) => [
      line.isCurrent ? '*' : '',
      String(line.snapshotId),
      time(line.committedAt),
      line.operation ?? '',
      ...[line.addedRecords, line.removedRecords, line.totalRecords].map(count),
      line.runId ?? '',
      ...(hasMore ? [String(line.generation)] : []),
    ]),
    { indent: 0 },
  );
}
