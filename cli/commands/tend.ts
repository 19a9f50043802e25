import { loadContracts, requireContract } from '../../etl/contract/load-contracts.ts';
import { NIGHTLY, type Tended } from '../../etl/tending/tend.ts';
import { tendAll } from '../../etl/tending/tend-all.ts';
import type { Command } from '../command.ts';
import { EXIT, exitCodeOf, worst } from '../exit-codes.ts';
import { openLakeOf } from '../open-lake.ts';
import { isDebug, printError } from '../print/error.ts';
import { plural } from '../print/format.ts';
import { printable } from '../print/printable.ts';
import { tellUnusable } from '../unusable.ts';

/** `assay tend`: the upkeep of tables, at once. */
export const tend: Command = {
  name: 'tend',
  usage: '[--dataset D] [--lake DIR]',
  description: `Does the upkeep of the tables at once: expires the snapshots that the contract lets go (assay.snapshots), joins small
files of Silver, and removes what ended runs had staged, and the files that only expired snapshots named once that is an
hour ago. Nothing that readers see, that a held run, Gold, a tag or a rollback within what is kept needs goes, and no row.
'assay run' and 'assay watch' do the same between their runs, in small steps, unless --no-tend, $ASSAY_TEND=off or the
contract (assay.tend: false) says otherwise; on AWS it is done every night. Safe to repeat and to interrupt.
What is sealed and past the contract's retention becomes unreadable with it: the keys of such months are destroyed, whatever
assay.tend says, and every 13 days the vault is sealed under a new key.`,
  options: {
    dataset: {
      type: 'string',
      value: 'D',
      help: 'only this dataset or Gold table, even if its contract turns upkeep off (default: all)',
    },
  },
  examples: ['assay tend', 'assay tend --dataset spend.council_payments --json'],
  positionals: { min: 0, max: 0, name: '' },
  async run(args, io) {
    const lake = await openLakeOf(args, io, { changes: true });
    const loaded = await loadContracts(lake.effects.contracts);
    const named = args.text('dataset');
    const contracts = named === undefined ? [...loaded.contracts.values()] : [requireContract(loaded, named)];
    const bounds = { ...NIGHTLY, isAsked: named !== undefined };
    const { tended, isVaultRenewed, errors } = await tendAll(lake.effects, contracts, { bounds });
    // Whoever names one gets its error as of any command.
    if (named !== undefined && errors[0] !== undefined) throw errors[0].error;
    if (args.has('json')) io.out(JSON.stringify(tended, null, 2));
    else {
      for (const one of tended) io.out(printable(tendedText(one)));
      if (isVaultRenewed)
        io.out('The vault is sealed under a new key: copies of it from before are unreadable now.');
    }
    for (const { error } of errors) printError(error, io, { json: false, debug: isDebug(args, io) });
    const untended = named === undefined ? tellUnusable(loaded, args, io) : EXIT.ok;
    return errors.map(({ error }) => exitCodeOf(error)).reduce(worst, untended);
  },
};

function tendedText({ endedPeriods, ...one }: Tended): string {
  const text = tablesText(one);
  return endedPeriods === 0
    ? text
    : `${text}; the keys of ${plural(endedPeriods, 'month')} past their retention destroyed`;
}

function tablesText({
  dataset,
  skipped,
  expired,
  removed,
  unstaged,
  joined,
  conflicts,
}: Omit<Tended, 'endedPeriods'>): string {
  if (skipped !== null)
    return `${dataset}: left alone, ${skipped === 'off' ? 'as its contract says' : skipped}`;
  const done = [
    ...(expired > 0 ? [`${plural(expired, 'snapshot')} expired`] : []),
    ...(joined > 0 ? [`${plural(joined, 'small file')} joined`] : []),
    ...(removed > 0 ? [`${plural(removed, 'file')} of expired snapshots removed`] : []),
    ...(unstaged > 0 ? [`${plural(unstaged, 'staged object')} of ended runs removed`] : []),
    ...(conflicts > 0 ? [`${plural(conflicts, 'step')} left to the next time, since a run committed`] : []),
  ];
  return `${dataset}: ${done.length === 0 ? 'nothing to do' : done.join(', ')}`;
}
