import path from 'node:path';
import { csvCell } from '../../etl/answers/cell.ts';
import type { SourceContract } from '../../etl/contract/contract.ts';
import { openColumns } from '../../etl/contract/open-columns.ts';
import { reasonWords } from '../../etl/quarantine/gate-failures.ts';
import { readRecords } from '../../etl/quarantine/read-records.ts';
import type { FailedRecord } from '../../etl/quarantine/records.ts';
import { MASK, maskValues } from '../../etl/query/run-rejects.ts';
import { requireEnding } from '../answer-format.ts';
import type { Command } from '../command.ts';
import { EXPORT_COLUMNS } from '../correction-file.ts';
import { EXIT } from '../exit-codes.ts';
import { nextCommand, quoteArgument, shownPath } from '../locations.ts';
import { openLakeOf } from '../open-lake.ts';
import { plural } from '../print/format.ts';
import { type Sink, terminalSink, toFile } from '../print/sink.ts';
import { datasetOf, FILTER_OPTIONS, recordFilter } from '../quarantine-filter.ts';

/** `assay quarantine export`: open records as CSV, to be corrected. */
export const quarantineExport: Command = {
  name: 'quarantine export',
  usage: '--dataset D [filters] [--out FILE] [--unmasked]',
  description: `Writes open records as CSV: what each is and why it failed, and its values, with what was corrected already. Correct the values
in a spreadsheet or an editor, and bring them back with 'assay quarantine correct --from FILE'; the columns that begin
with 'assay.' stay as they are. Values of personal and confidential columns are •••, which changes nothing when it comes
back, unless --unmasked is given.`,
  options: {
    ...FILTER_OPTIONS,
    out: { type: 'string', value: 'FILE', help: 'write to a file instead of stdout; it is CSV' },
    unmasked: { type: 'boolean', help: 'write the values of personal and confidential columns, too' },
  },
  examples: [
    'assay quarantine export --dataset spend.council_payments --code TYPE_ERROR --out to-correct.csv',
  ],
  positionals: { min: 0, max: 0, name: '' },
  async run(args, io) {
    const out = args.text('out');
    requireEnding(out, ['.csv', '.txt'], 'CSV');
    const lake = await openLakeOf(args, io);
    const contract = await datasetOf(args, lake);
    const filter = recordFilter(args, lake.effects.clock.now());
    const { records } = await readRecords(lake.effects, contract.dataset, { filter, states: ['open'] });
    const open = args.has('unmasked') ? undefined : openColumns(contract);
    const print = async (sink: Sink): Promise<void> => {
      sink.line([...EXPORT_COLUMNS, ...contract.columns.map(({ name }) => name)].map(csvCell).join(','));
      for (const record of records) sink.line(lineOf(record, contract, open));
    };
    if (out === undefined) {
      await print(terminalSink(io));
      return EXIT.ok;
    }
    const file = path.resolve(io.cwd, out);
    await toFile(file, print);
    if (args.has('json'))
      io.out(JSON.stringify({ dataset: contract.dataset, out: file, records: records.length }, null, 2));
    else {
      io.out(`${plural(records.length, 'record')} written to ${shownPath(file, io)}.`);
      const command = `quarantine correct --from ${quoteArgument(out)} --dataset ${contract.dataset} --reason '…'`;
      io.out(`Next, when they are corrected: ${nextCommand(args, io, command)}`);
    }
    return EXIT.ok;
  },
};

function lineOf(
  record: FailedRecord,
  contract: SourceContract,
  open: ReadonlySet<string> | undefined,
): string {
  const { rowHash, sourceFile, sourceRowNumber, failures, reasons, rawText } = record;
  const values = { ...record.record, ...record.corrections };
  const shown = open === undefined ? values : maskValues(values, open);
  const isAllOpen = open === undefined || open.size === contract.columns.length;
  const why = reasons.map(reasonWords).join('; ');
  const raw = rawText === null || isAllOpen ? rawText : MASK;
  const cells = [rowHash, sourceFile, sourceRowNumber, failures, why, raw];
  const columns = contract.columns.map(({ name }) => {
    const value = shown[name];
    return typeof value === 'string' ? value : null;
  });
  return [...cells, ...columns].map(csvCell).join(',');
}
