import { listRestatements, type WaitingRestatement } from '../../etl/closing/list-restatements.ts';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { goldReport } from '../../etl/query/gold-report.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { nextCommand } from '../locations.ts';
import { openLakeOf } from '../open-lake.ts';
import { plural, time } from '../print/format.ts';
import { printable } from '../print/printable.ts';
import { figuresTable } from '../print/restated.ts';

/** `assay restatements`: what waits for a decision on closed months. */
export const restatements: Command = {
  name: 'restatements',
  usage: '[REPORT] [--lake DIR]',
  description: `Lists what waits for a decision on closed months, of one Gold table or all: each value that would change, as it was
closed and as it would be. Values of columns that are neither public nor internal are •••. 'assay restatements accept'
takes one; 'assay reopen' lets the month follow again; doing nothing leaves it closed as it is.`,
  options: {},
  examples: ['assay restatements', 'assay restatements spend.monthly_totals --json'],
  positionals: { min: 0, max: 1, name: 'REPORT' },
  async run(args, io) {
    const lake = await openLakeOf(args, io);
    const [name] = args.positionals;
    const { contracts } = await loadContracts(lake.effects.contracts);
    const reports = name === undefined ? undefined : [goldReport(name, contracts.values()).dataset];
    const waiting = await listRestatements(lake.effects, reports);
    if (args.has('json')) {
      io.out(JSON.stringify(waiting, null, 2));
      return EXIT.ok;
    }
    if (waiting.length === 0) {
      io.out(
        printable(
          `Nothing waits for a decision on a closed month${reports === undefined ? '' : ` of ${reports[0]}`}.`,
        ),
      );
      return EXIT.ok;
    }
    for (const one of waiting) io.out(`${printable(headOf(one))}\n\n${figuresTable(one.figures)}\n`);
    const accept = `restatements accept ${waiting[0]?.id} --reason "…"`;
    io.out(`Next: ${nextCommand(args, io, accept)}`);
    return EXIT.ok;
  },
};

function headOf({
  id,
  report,
  month,
  closing,
  closedAt,
  since,
  runId,
  figures,
  rows,
}: WaitingRestatement): string {
  return `${id}: ${month} of ${report}, closed at ${time(closedAt)} UTC (closing ${closing}), would have ${plural(figures.length, 'other value')} in ${plural(rows.waiting, 'row')}; it had ${rows.closed}. It waits since ${time(since)} UTC, after run ${runId}.`;
}
