import { type MappedColumn, privacyMap } from '../../etl/personal/privacy-map.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { openLakeOf } from '../open-lake.ts';
import { plural } from '../print/format.ts';
import { table } from '../print/table.ts';

/** `assay privacy map`: where personal data are, and who can read them. */
export const privacyMapCommand: Command = {
  name: 'privacy map',
  usage: '[--lake DIR]',
  description: `Lists every column with personal data, protected or not, and every Gold column that is made of one: in which dataset and
layer it stands, how it is protected, in which data group, of whom, how long it stays readable, and who can read it. Months
are those that the vault has a key of; what is older can't be read any more.`,
  options: {},
  examples: ['assay privacy map', 'assay privacy map --json'],
  positionals: { min: 0, max: 0, name: '' },
  async run(args, io) {
    const { effects } = await openLakeOf(args, io);
    const columns = await privacyMap(effects);
    if (args.has('json')) io.out(JSON.stringify(columns, null, 2));
    else
      io.out(
        columns.length === 0
          ? 'No contract protects anything (assay.protect in docs/contracts.md).'
          : mapText(columns),
      );
    return EXIT.ok;
  },
};

function mapText(columns: readonly MappedColumn[]): string {
  const names = ['dataset', 'layer', 'column', 'as', 'group', 'of', 'retention', 'months', 'readable'];
  const rows = columns.map((one) => [
    ...[one.dataset, one.layer, one.column, one.as, one.group ?? '', one.subject?.kind ?? ''],
    one.retention === null ? '' : `${one.retention} from ${one.countedFrom}`,
    one.months === null ? '' : `${one.months.first} to ${one.months.last} (${one.months.count})`,
    one.from.length === 0 ? one.readable : `${one.readable}; made of ${one.from.join(', ')}`,
  ]);
  const all = columns.length;
  return `${plural(all, 'column')} with personal data, or what stands for them\n${table(
    names.map((name) => ({ name })),
    rows,
    { maxCell: 100 },
  )}`;
}
