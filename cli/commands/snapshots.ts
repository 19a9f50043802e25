import type { Lake } from '../../adapters/local/lake.ts';
import { loadContracts, requireContract } from '../../etl/contract/load-contracts.ts';
import { viewsOf } from '../../etl/query/lake-views.ts';
import { readKnownPointer } from '../../etl/stages/known-pointer.ts';
import type { Snapshot } from '../../etl/table/metadata.ts';
import type { Generation } from '../../etl/table/pointer.ts';
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
queried with --as-of. Times are UTC; '*' marks the current one. Generations from before a migration that were expired are named.`,
  options: {},
  examples: ['assay snapshots spend.council_payments', 'assay snapshots spend.monthly_totals --json'],
  positionals: { min: 1, max: 1, name: 'DATASET' },
  async run(args, io) {
    const lake = await openLakeOf(args, io);
    const [dataset = ''] = args.positionals;
    const { tableName, lines, gone } = await readSnapshots(lake, dataset);
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

async function readSnapshots(
  lake: Lake,
  dataset: string,
): Promise<{ tableName: string; lines: SnapshotLine[]; gone: string[] }> {
  const contract = requireContract(await loadContracts(lake.effects.contracts), dataset);
  // What readers know by the dataset's name: Silver, or the Gold table.
  const [view] = await viewsOf(lake.effects, contract, ({ layer }) => layer === contract.layer);
  const current = (await readKnownPointer(lake.effects.objects, contract.layer, dataset))?.pointer
    .snapshot_id;
  const generation = view?.pointer?.generation ?? 1;
  const tables = [...(view?.earlier ?? []), { generation, table: view?.table }];
  const lines = tables.flatMap((one) =>
    (one.table?.metadata.snapshots ?? []).map((snapshot) =>
      snapshotJson(snapshot, snapshot['snapshot-id'] === current, one.generation),
    ),
  );
  const newestFirst = (a: SnapshotLine, b: SnapshotLine): number =>
    a.committedAt < b.committedAt ? 1 : a.committedAt > b.committedAt ? -1 : 0;
  const gone = (view?.earlier ?? [])
    .filter(({ table: kept }) => kept === undefined)
    .map(({ generation: number }) => goneText(number, view?.pointer?.generations ?? []));
  return { tableName: view?.name ?? dataset, lines: lines.reverse().sort(newestFirst), gone };
}

function goneText(generation: number, all: readonly Generation[]): string {
  const last = all.findLast((one) => one.generation === generation);
  return `The snapshots of generation ${generation} (contract ${last?.contract_version}, until ${time(last?.until ?? '')}) were expired.`;
}

function snapshotJson(snapshot: Snapshot, isCurrent: boolean, generation: number) {
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
    generation,
  };
}

function snapshotTable(lines: readonly SnapshotLine[]): string {
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
