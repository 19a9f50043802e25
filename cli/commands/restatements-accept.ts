import { acceptRestatement } from '../../etl/operations/accept-restatement.ts';
import { closingJson } from '../closing-json.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { WORD_OPTIONS, wordOf } from '../identity.ts';
import { nextCommand } from '../locations.ts';
import { openLakeOf } from '../open-lake.ts';
import { plural } from '../print/format.ts';
import { printable } from '../print/printable.ts';

/** `assay restatements accept`: publishes what waits for a closed month. */
export const restatementsAccept: Command = {
  name: 'restatements accept',
  usage: 'ID --reason TEXT [--by NAME] [--lake DIR]',
  description: `Publishes the rows that wait for a closed month, exactly those that 'assay restatements' shows under ID, and closes the
month anew with them. Where they changed since, nothing is done, and the new id is told: look at them again. The rows of
the closing before are kept all the same.`,
  options: { ...WORD_OPTIONS },
  examples: [
    'assay restatements accept 9f2c41d07be83a65 --reason "late invoice, agreed with the auditor" --by finance',
  ],
  positionals: { min: 1, max: 1, name: 'ID' },
  async run(args, io) {
    const word = wordOf(args, io);
    const lake = await openLakeOf(args, io);
    const closed = await acceptRestatement(lake.effects, args.positionals[0] ?? '', word);
    if (args.has('json')) {
      io.out(JSON.stringify(closingJson(closed), null, 2));
      return EXIT.ok;
    }
    const { report, month, id, rows, digest, replaces } = closed;
    io.out(
      printable(
        `${month} of ${report} is closed anew, with ${plural(rows, 'row')} (closing ${id} in the place of ${replaces?.closing ?? ''}).`,
      ),
    );
    io.out(`  digest of the rows: ${digest}`);
    io.out(`Next: ${nextCommand(args, io, `report ${report} --closed --month ${month}`)}`);
    return EXIT.ok;
  },
};
