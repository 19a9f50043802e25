import { condemnRecords } from '../../etl/quarantine/condemn.ts';
import { ID_LENGTH } from '../../etl/quarantine/read-records.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { WORD_OPTIONS, wordOf } from '../identity.ts';
import { openLakeOf } from '../open-lake.ts';
import { plural } from '../print/format.ts';
import {
  ALL_OPTION,
  chosenRecords,
  datasetOf,
  FILTER_OPTIONS,
  recordFilter,
  requireFilter,
} from '../quarantine-filter.ts';

/** `assay quarantine condemn`: gives up open records. */
export const quarantineCondemn: Command = {
  name: 'quarantine condemn',
  usage: '[RECORD…] --dataset D (filters | --all) --reason TEXT [--by NAME]',
  description: `Gives up open records: they are condemned at once, with all their reasons and yours, and condemned again should they come again.
Only a release brings them back.`,
  options: { ...FILTER_OPTIONS, ...ALL_OPTION, ...WORD_OPTIONS },
  examples: [
    'assay quarantine condemn --dataset spend.council_payments --file 2010-12.csv --reason "superseded by a later file"',
  ],
  positionals: { min: 0, max: Number.POSITIVE_INFINITY, name: 'RECORD' },
  async run(args, io) {
    const word = wordOf(args, io);
    const lake = await openLakeOf(args, io);
    const contract = await datasetOf(args, lake);
    const filter = recordFilter(args, lake.effects.clock.now(), args.positionals);
    requireFilter(args, filter);
    await chosenRecords(lake, contract.dataset, { filter, states: ['open'] });
    const condemned = await condemnRecords(lake.effects, contract, filter, word);
    const records = condemned.records.map((hash) => hash.slice(0, ID_LENGTH));
    if (args.has('json')) io.out(JSON.stringify({ ...condemned, records }, null, 2));
    else
      io.out(
        `${plural(records.length, 'record')} of ${condemned.dataset} condemned, as version ${condemned.version}.`,
      );
    return EXIT.ok;
  },
};
