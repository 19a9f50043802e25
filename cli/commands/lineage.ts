import { cellText } from '../../etl/answers/cell.ts';
import { traceDataset } from '../../etl/lineage/trace-dataset.ts';
import type { Trace, TracedInput } from '../../etl/lineage/trace-figure.ts';
import type { Args, Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { openLakeOf } from '../open-lake.ts';
import { decimal, plural, time } from '../print/format.ts';
import { printable } from '../print/printable.ts';
import { table } from '../print/table.ts';
import { usageError } from '../usage-error.ts';

const DEFAULT_LIMIT = '20';

/** `assay lineage`: from a figure to the lines it comes from. */
export const lineage: Command = {
  name: 'lineage',
  usage: 'DATASET [column=value…] [--file NAME --record N] [--limit N] [--unmasked] [--lake DIR]',
  description: `Follows a row of a Gold table to the Silver rows that it is made from, a row of a projection to the events of its stream, and each of those to its line in the file that the
source dropped, through corrections and retries. The columns and values say which row. Of a Silver table, its rows
themselves are followed. The Silver rows are those of the row's month (or up to it, where the table is made so) that are
alike in the columns that both tables have. With --file and --record, a record of a source file is looked up: where it is a
repeat, the row that it repeats is followed. A row's repeats are named with it. Values of personal and confidential columns are shown as •••.`,
  options: {
    limit: {
      type: 'string',
      value: 'N',
      help: `follow at most N rows of each input (default: ${DEFAULT_LIMIT})`,
    },
    file: { type: 'string', value: 'NAME', help: 'the source file of a record, or the end of its key' },
    record: { type: 'string', value: 'N', help: 'the number of the record in it, from 1' },
    unmasked: { type: 'boolean', help: 'show the values of personal and confidential columns, too' },
  },
  examples: [
    'assay lineage spend.monthly_totals as_of_month=2010-12-01',
    'assay lineage spend.council_payments transaction_number=4711 --json',
    'assay lineage spend.council_payments --file 2010-12.csv --record 7',
  ],
  positionals: { min: 1, max: Number.POSITIVE_INFINITY, name: 'DATASET column=value' },
  async run(args, io) {
    const limit = args.text('limit') ?? DEFAULT_LIMIT;
    if (!/^[1-9]\d{0,5}$/.test(limit))
      throw usageError(`--limit ${limit} is no number of rows: write e.g. 20.`);
    const [dataset = '', ...settings] = args.positionals;
    const record = recordOf(args);
    if (record === undefined && settings.length === 0)
      throw usageError('say which row, by column=value, or which record, by --file and --record.');
    const lake = await openLakeOf(args, io);
    const shown = await traceDataset(lake.effects, {
      ...{ dataset, record, values: valuesOf(settings) },
      mostRecords: Number(limit),
      seesAll: args.has('unmasked'),
    });
    if (args.has('json')) io.out(JSON.stringify({ dataset, ...shown }, null, 2));
    else io.out(traceText(dataset, shown));
    return EXIT.ok;
  },
};

function recordOf(args: Args): { file: string; row: number } | undefined {
  const [file, row] = [args.text('file'), args.text('record')];
  if (file === undefined && row === undefined) return undefined;
  if (file === undefined || row === undefined || !/^[1-9]\d{0,14}$/.test(row))
    throw usageError('write both: --file with the name of a source file, and --record with a number from 1.');
  return { file, row: Number(row) };
}

function valuesOf(settings: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    settings.map((setting) => {
      const [, name = '', value = ''] = /^([^=]+)=([\s\S]*)$/.exec(setting) ?? [];
      if (name === '') throw usageError(`'${setting}' says no value: write column=value.`);
      return [name, value];
    }),
  );
}

function traceText(dataset: string, { figure, closing, inputs }: Trace): string {
  const head =
    figure === null
      ? []
      : [
          `${dataset}: ${Object.entries(figure)
            .map(([name, value]) => `${name} ${cellText(value)}`)
            .join(', ')}`,
        ];
  if (closing !== null)
    head.push(`Its month was closed at ${time(closing.at)} UTC by ${closing.by} (closing ${closing.id}).`);
  return [...head.map(printable), ...inputs.map(inputText)].join('\n\n');
}

/** `b.csv:7`: the seventh record of a file. */
const repeatText = ({
  sourceFile,
  sourceRowNumber,
}: TracedInput['records'][number]['repeats'][number]): string =>
  `${sourceFile.split('/').at(-1)}:${sourceRowNumber}`;

function inputText({ dataset, snapshotId, rows, measures, records }: TracedInput): string {
  const sums = Object.entries(measures).map(([name, sum]) => `; ${name} ${decimal(sum)}`);
  const head = `${dataset}, snapshot ${snapshotId}: ${plural(rows, 'row')}${sums.join('')}`;
  const lines = records.map(({ values, sourceFile, sourceRowNumber, line, retriedIn, repeats }) => [
    sourceFile,
    String(line ?? '?'),
    String(sourceRowNumber),
    Object.values(values)
      .map((value) => value ?? 'NULL')
      .join(' · '),
    [
      ...(retriedIn === null ? [] : ['corrected or retried']),
      ...(repeats.length === 0 ? [] : [`again in ${repeats.map(repeatText).join(', ')}`]),
    ].join('; '),
  ]);
  const right = { align: 'right' as const };
  const columns = [
    { name: 'file' },
    { name: 'line', ...right },
    { name: 'record', ...right },
    { name: 'values' },
    { name: '' },
  ];
  const rest =
    rows > records.length ? `\n  … ${plural(rows - records.length, 'more row')}; --limit N follows more` : '';
  return `${printable(head)}\n${table(columns, lines, { maxCell: 90 })}${rest}`;
}
