import type { Command } from '../command.ts';
import { WORD_OPTIONS, wordOf } from '../identity.ts';
import { openLakeOf } from '../open-lake.ts';
import {
  ALL_OPTION,
  chosenRecords,
  datasetOf,
  FILTER_OPTIONS,
  recordFilter,
  requireFilter,
} from '../quarantine-filter.ts';
import { retryAndRun } from '../retry-run.ts';

/** `assay quarantine retry`: tests open records once more. */
export const quarantineRetry: Command = {
  name: 'quarantine retry',
  usage: '[RECORD…] --dataset D (filters | --all) --reason TEXT [--by NAME]',
  description: `Tests open records once more, under today's contract and with what was corrected, in a run like any other: sealed, gated and
published with whatever else is pending. What passes goes to Silver, once; what fails again has one failure more, and
is condemned at the last. A record that can't be parsed needs a correction first.`,
  options: { ...FILTER_OPTIONS, ...ALL_OPTION, ...WORD_OPTIONS },
  examples: [
    'assay quarantine retry --dataset spend.council_payments --code TYPE_ERROR --reason "the contract reads £ now"',
    'assay quarantine retry 3f1a9c0de4b75a21 --dataset spend.council_payments --reason "try again"',
  ],
  positionals: { min: 0, max: Number.POSITIVE_INFINITY, name: 'RECORD' },
  async run(args, io) {
    const word = wordOf(args, io);
    const lake = await openLakeOf(args, io);
    const contract = await datasetOf(args, lake);
    const filter = recordFilter(args, lake.effects.clock.now(), args.positionals);
    requireFilter(args, filter);
    const records = await chosenRecords(lake, contract.dataset, { filter, states: ['open'] });
    return await retryAndRun(lake, { contract, records, word }, { args, io });
  },
};
