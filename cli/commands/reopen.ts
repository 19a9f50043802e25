import { reopenMonth } from '../../etl/operations/reopen-month.ts';
import { closingJson } from '../closing-json.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { WORD_OPTIONS, wordOf } from '../identity.ts';
import { nextCommand } from '../locations.ts';
import { monthOption, requireMonth } from '../month.ts';
import { openLakeOf } from '../open-lake.ts';
import { printable } from '../print/printable.ts';

/** `assay reopen`: a closed month follows its inputs again. */
export const reopen: Command = {
  name: 'reopen',
  usage: 'REPORT --month YYYY-MM --reason TEXT [--by NAME] [--lake DIR]',
  description: `Lets a closed month of a Gold table follow its inputs again. What waits for it is published at once. The rows it was
closed with are kept all the same: 'assay report REPORT --closed --closing ID' gives them for good.`,
  options: {
    month: monthOption('the month to reopen'),
    ...WORD_OPTIONS,
  },
  examples: ['assay reopen spend.monthly_totals --month 2024-03 --reason "closed too early"'],
  positionals: { min: 1, max: 1, name: 'REPORT' },
  async run(args, io) {
    const month = requireMonth(args);
    const word = wordOf(args, io);
    const lake = await openLakeOf(args, io);
    const opened = await reopenMonth(lake.effects, { report: args.positionals[0] ?? '', month }, word);
    if (args.has('json')) {
      io.out(JSON.stringify(closingJson(opened), null, 2));
      return EXIT.ok;
    }
    const { report, id } = opened;
    io.out(
      printable(
        `${month} of ${report} follows its inputs again; what it was closed with is kept as closing ${id}.`,
      ),
    );
    io.out(`Next: ${nextCommand(args, io, `report ${report} --month ${month}`)}`);
    return EXIT.ok;
  },
};
