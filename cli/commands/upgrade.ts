import { loadContracts, requireContract } from '../../etl/contract/load-contracts.ts';
import { type Upgraded, upgrade as upgradeTables } from '../../etl/operations/upgrade.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { identity, WORD_OPTIONS, wordOf } from '../identity.ts';
import { openLakeOf } from '../open-lake.ts';
import { count, plural, size } from '../print/format.ts';
import { printableLines } from '../print/printable.ts';
import { table } from '../print/table.ts';

/** `assay upgrade`: makes tables of earlier versions, or of a lake that was moved, what every engine reads. */
export const upgrade: Command = {
  name: 'upgrade',
  usage: '[--dataset D] [--dry-run] --reason TEXT [--by NAME] [--lake DIR]',
  description: `Makes tables that earlier versions of Assay wrote, or that were copied or moved to another place, what every engine reads, in
one commit a dataset or Gold table that changes no row: metadata names files where they are now; metadata files get a name that Trino and Athena take, and Parquet files of version 2, which Spark with Iceberg
before 1.12 can't read, are written anew in version 1: what was written is read back and compared, every value of every row.
Of a lake in a folder, every file and folder gets the mode that the lake's settings say: its owner's alone, unless it is
shared (assay init --share group). Earlier snapshots go on naming the old files. Datasets that nothing is dropped for become readable so. Runs may go on
meanwhile. A repeat does what is left to do, and nothing where all is done.`,
  options: {
    dataset: { type: 'string', value: 'D', help: 'only this dataset or Gold table (default: all)' },
    'dry-run': { type: 'boolean', help: 'list what would be done, and change nothing; needs no reason' },
    ...WORD_OPTIONS,
  },
  examples: [
    'assay upgrade --dry-run',
    'assay upgrade --reason "Athena reads the tables"',
    'assay upgrade --lake /restored/lake --reason "restored from the backup"',
  ],
  positionals: { min: 0, max: 0, name: '' },
  async run(args, io) {
    const isDryRun = args.has('dry-run');
    const word = isDryRun ? { by: identity(args, io), reason: 'a dry run' } : wordOf(args, io);
    const lake = await openLakeOf(args, io, { changes: !isDryRun });
    const loaded = await loadContracts(lake.effects.contracts);
    const named = args.text('dataset');
    const contracts = named === undefined ? [...loaded.contracts.values()] : [requireContract(loaded, named)];
    // Gold last: it notes the snapshots that its inputs get.
    const ordered = contracts.sort((a, b) => Number(a.layer !== 'silver') - Number(b.layer !== 'silver'));
    const done: Upgraded[] = [];
    for (const contract of ordered) {
      const one = await upgradeTables(lake.effects, { contract, isDryRun }, word);
      done.push(one);
      if (!args.has('json')) io.out(printableLines(upgradeText(one, isDryRun)));
    }
    const modes = (await lake.applyModes?.({ isDryRun })) ?? 0;
    const what = isDryRun ? 'would get' : 'got';
    if (modes > 0)
      // Beside the JSON, which is of tables.
      (args.has('json') ? io.err : io.out)(
        `${plural(modes, 'file or folder', 'files and folders')} of the lake ${what} the mode that keeps others out.`,
      );
    if (args.has('json')) io.out(JSON.stringify(done, null, 2));
    return EXIT.ok;
  },
};

function upgradeText({ dataset, version, tables }: Upgraded, isDryRun: boolean): string {
  if (version === 0) return `${dataset}: nothing was published yet`;
  if (tables.length === 0) return `${dataset}: every table is as other engines read it`;
  const right = { align: 'right' as const };
  const rows = tables.map((one) => [
    one.table,
    [one.renamed ? ['new name'] : [], one.relocated ? ['new place'] : []].flat().join(', '),
    one.filesBefore === 0 ? '' : `${count(one.filesBefore)} (${size(one.bytesBefore)})`,
    one.filesAfter === null || one.filesBefore === 0
      ? ''
      : `${count(one.filesAfter)} (${size(one.bytesAfter ?? 0)})`,
    one.filesBefore === 0 ? '' : count(one.rows),
  ]);
  const columns = [
    { name: 'table' },
    { name: 'metadata' },
    { name: 'old files', ...right },
    { name: 'now', ...right },
    { name: 'rows', ...right },
  ];
  const head = isDryRun
    ? `${dataset}: ${plural(tables.length, 'table')} would be upgraded:`
    : `${dataset}: ${plural(tables.length, 'table')} upgraded, as version ${version}; no row changed:`;
  return `${head}\n\n${table(columns, rows)}\n`;
}
