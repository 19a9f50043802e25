import { closeMonth } from '../../etl/operations/close-month.ts';
import { closingJson } from '../closing-json.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { WORD_OPTIONS, wordOf } from '../identity.ts';
import { nextCommand } from '../locations.ts';
import { monthOption, requireMonth } from '../month.ts';
import { openLakeOf } from '../open-lake.ts';
import { plural } from '../print/format.ts';
import { printable } from '../print/printable.ts';

/** `assay close`: a month of a Gold table stays as it is. */
export const close: Command = {
  name: 'close',
  usage: 'REPORT --month YYYY-MM --reason TEXT [--by NAME] [--lake DIR]',
  description: `Closes a month of a Gold table: its rows stay as they are, whatever comes later. Late files are published in Silver as
ever; what they would change in the month waits for a decision ('assay restatements'). The rows are kept with their
digest, for good ('assay report REPORT --closed'), and an Iceberg tag names the table's snapshot for other engines. Only
a month that is over (UTC) and has rows can be closed.`,
  options: {
    month: monthOption('the month to close'),
    ...WORD_OPTIONS,
  },
  examples: [
    'assay close spend.monthly_totals --month 2024-03 --reason "reported to the board" --by finance',
  ],
  positionals: { min: 1, max: 1, name: 'REPORT' },
  async run(args, io) {
    const month = requireMonth(args);
    const word = wordOf(args, io);
    const lake = await openLakeOf(args, io);
    const closed = await closeMonth(lake.effects, { report: args.positionals[0] ?? '', month }, word);
    if (args.has('json')) {
      io.out(JSON.stringify(closingJson(closed), null, 2));
      return EXIT.ok;
    }
    const { report, id, rows, digest, tag, snapshot_id } = closed;
    io.out(printable(`${month} of ${report} is closed, with ${plural(rows, 'row')} (closing ${id}).`));
    io.out(`  digest of the rows: ${digest}`);
    io.out(`  snapshot ${snapshot_id}, which other engines know by the tag ${tag}`);
    io.out(`Next: ${nextCommand(args, io, `report ${report} --closed --month ${month}`)}`);
    return EXIT.ok;
  },
};
