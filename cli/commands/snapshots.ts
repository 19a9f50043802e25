import type { Lake } from '../../adapters/local/lake.ts';
import { loadContracts, requireContract } from '../../etl/contract/load-contracts.ts';
import { viewsOf } from '../../etl/query/lake-views.ts';
import { readKnownPointer } from '../../etl/stages/known-pointer.ts';
import type { Snapshot } from '../../etl/table/metadata.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { nextCommand } from '../locations.ts';
import { openLakeOf } from '../open-lake.ts';
import { count, time } from '../print/format.ts';
import { table } from '../print/table.ts';

/** One published state of a table, as --json prints it. */
type SnapshotLine = ReturnType<typeof snapshotJson>;

/** `assay snapshots`: a dataset's published states. */
export const snapshots: Command = {
  name: 'snapshots',
  usage: 'DATASET [--lake DIR]',
  description: `Lists the states of a dataset's table that were published, newest first: of Silver, or of a Gold table. Each can be
queried with --as-of. Times are UTC; '*' marks the current one.`,
  options: {},
  examples: ['assay snapshots spend.council_payments', 'assay snapshots spend.monthly_totals --json'],
  positionals: { min: 1, max: 1, name: 'DATASET' },
  async run(args, io) {
    const lake = await openLakeOf(args, io);
    const [dataset = ''] = args.positionals;
    const { tableName, lines } = await readSnapshots(lake, dataset);
    if (args.has('json')) {
      io.out(JSON.stringify(lines, null, 2));
      return EXIT.ok;
    }
    if (lines.length === 0) {
      io.out(`Nothing of ${dataset} was published yet.\nNext: ${nextCommand(args, io, 'run')}`);
      return EXIT.ok;
    }
    io.out(`${tableName}\n\n${snapshotTable(lines)}\n`);
    const oldest = lines.at(-1)?.snapshotId ?? 0;
    io.out(`Next: ${nextCommand(args, io, `query "SELECT count(*) FROM ${tableName}" --as-of ${oldest}`)}`);
    return EXIT.ok;
  },
};

async function readSnapshots(
  lake: Lake,
  dataset: string,
): Promise<{ tableName: string; lines: SnapshotLine[] }> {
  const contract = requireContract(await loadContracts(lake.effects.contracts), dataset);
  // What readers know by the dataset's name: Silver, or the Gold table.
  const [view] = await viewsOf(lake.effects, contract, ({ layer }) => layer === contract.layer);
  const current = (await readKnownPointer(lake.effects.objects, contract.layer, dataset))?.pointer
    .snapshot_id;
  const listed = [...(view?.table?.metadata.snapshots ?? [])].reverse();
  return {
    tableName: view?.name ?? dataset,
    lines: listed.map((one) => snapshotJson(one, one['snapshot-id'] === current)),
  };
}

function snapshotJson(snapshot: Snapshot, isCurrent: boolean) {
  const { summary } = snapshot;
  const number = (name: string): number => Number(summary[name] ?? 0);
  return {
    snapshotId: snapshot['snapshot-id'],
    sequenceNumber: snapshot['sequence-number'],
    committedAt: new Date(snapshot['timestamp-ms']).toISOString(),
    operation: summary.operation ?? null,
    addedRecords: number('added-records'),
    removedRecords: number('deleted-records'),
    totalRecords: number('total-records'),
    runId: summary['assay.run-id'] ?? null,
    isCurrent,
  };
}

function snapshotTable(lines: readonly SnapshotLine[]): string {
  const numbers = ['added', 'removed', 'total'].map((name) => ({ name, align: 'right' as const }));
  return table(
    [
      { name: '' },
      { name: 'snapshot', align: 'right' },
      { name: 'committed' },
      { name: 'operation' },
      ...numbers,
      { name: 'run' },
    ],
    lines.map((line) => [
      line.isCurrent ? '*' : '',
      String(line.snapshotId),
      time(line.committedAt),
      line.operation ?? '',
      ...[line.addedRecords, line.removedRecords, line.totalRecords].map(count),
      line.runId ?? '',
    ]),
    { indent: 0 },
  );
}
