import { ID_LENGTH } from '../../etl/quarantine/read-records.ts';
import { approveRelease, askRelease, refuseRelease } from '../../etl/quarantine/releases.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { WORD_OPTIONS, wordOf } from '../identity.ts';
import { nextCommand } from '../locations.ts';
import { openLakeOf } from '../open-lake.ts';
import { plural } from '../print/format.ts';
import { printable } from '../print/printable.ts';
import {
  ALL_OPTION,
  chosenRecords,
  datasetOf,
  FILTER_OPTIONS,
  recordFilter,
  requireFilter,
} from '../quarantine-filter.ts';

/** `assay quarantine release`: gives condemned records another life. */
export const quarantineRelease: Command = {
  name: 'quarantine release',
  usage:
    '[RECORD…] --dataset D (filters | --all | --approve REQUEST | --refuse REQUEST) --reason TEXT [--by NAME]',
  description: `Gives condemned records another life: they are open again, with all their attempts. It takes two people: one asks, naming the
records, and another approves the request (--approve) or refuses it (--refuse), which who asked may do, too. Then
'assay quarantine retry' tests them.`,
  options: {
    ...FILTER_OPTIONS,
    ...ALL_OPTION,
    approve: { type: 'string', value: 'REQUEST', help: 'approve what somebody else asked for' },
    refuse: {
      type: 'string',
      value: 'REQUEST',
      help: 'refuse what was asked for: its records stay condemned',
    },
    ...WORD_OPTIONS,
  },
  examples: [
    'assay quarantine release 3f1a9c0de4b75a21 --dataset spend.council_payments --reason "condemned by mistake" --by ann',
    'assay quarantine release --approve 20240501T120003417Z-9b6e0d20 --dataset spend.council_payments --reason "checked" --by bob',
  ],
  positionals: { min: 0, max: Number.POSITIVE_INFINITY, name: 'RECORD' },
  async run(args, io) {
    const word = wordOf(args, io);
    const lake = await openLakeOf(args, io);
    const contract = await datasetOf(args, lake);
    const { dataset } = contract;
    const request = args.text('approve');
    if (request !== undefined) {
      const released = await approveRelease(lake.effects, dataset, request, word);
      const records = released.records.map((hash) => hash.slice(0, ID_LENGTH));
      if (args.has('json')) io.out(JSON.stringify({ ...released, state: 'released', records }, null, 2));
      else {
        io.out(
          printable(
            `${plural(records.length, 'record')} of ${dataset} released: asked for by ${released.askedBy}, approved by ${released.approvedBy}.`,
          ),
        );
        io.out(
          `Next: ${nextCommand(args, io, `quarantine retry ${records.join(' ')} --dataset ${dataset} --reason '…'`)}`,
        );
      }
      return EXIT.ok;
    }
    const refused = args.text('refuse');
    if (refused !== undefined) {
      const { askedBy, refusedBy } = await refuseRelease(lake.effects, dataset, refused, word);
      const shown = { dataset, request: refused, state: 'refused', askedBy, refusedBy };
      if (args.has('json')) io.out(JSON.stringify(shown, null, 2));
      else
        io.out(
          printable(`Release ${refused} of ${dataset}, asked for by ${askedBy}, is refused by ${refusedBy}.`),
        );
      return EXIT.ok;
    }
    const filter = recordFilter(args, lake.effects.clock.now(), args.positionals);
    requireFilter(args, filter);
    const chosen = await chosenRecords(lake, dataset, { filter, states: ['condemned'] });
    const id = await askRelease(lake.effects, dataset, chosen, word);
    const records = chosen.map(({ rowHash }) => rowHash.slice(0, ID_LENGTH));
    if (args.has('json')) {
      const asked = { dataset, request: id, state: 'asked', askedBy: word.by, approvedBy: null, records };
      io.out(JSON.stringify(asked, null, 2));
      return EXIT.ok;
    }
    io.out(
      printable(
        `Asked to release ${plural(records.length, 'record')} of ${dataset}. Somebody else than ${word.by} approves it with:`,
      ),
    );
    io.out(nextCommand(args, io, `quarantine release --approve ${id} --dataset ${dataset} --reason '…'`));
    return EXIT.ok;
  },
};
