import { loadContracts, requireContract } from '../../etl/contract/load-contracts.ts';
import { lookAfter } from '../../etl/operations/look-after.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { nextCommand } from '../locations.ts';
import { openLakeOf } from '../open-lake.ts';
import { time } from '../print/format.ts';
import { printable, printableLines } from '../print/printable.ts';
import { stackOf } from '../target.ts';
import { usageError } from '../usage-error.ts';

/** `assay health`: what is late, waits for a decision or stopped coming. */
export const health: Command = {
  name: 'health',
  usage: '[--dataset D] [--alert] [--lake DIR]',
  description: `Compares every dataset with what its contract promises (slaProperties): new data as often as 'frequency' says, dropped files
published within 'latency', as many records as 'minRecords' and 'maxRecords' say, and as good as 'maxQuarantineRate' says.
Also finds runs that wait for a decision, open circuit breakers, seals that are gone, and Gold tables that were not made from
what is current. On AWS the platform itself looks every hour, and sends the alerts. Ends with 1 where anything is amiss, for cron and monitors.`,
  options: {
    dataset: { type: 'string', value: 'D', help: 'only this dataset or Gold table (default: all)' },
    alert: { type: 'boolean', help: 'also send an alert for each new problem; one that lasts is told once' },
  },
  examples: ['assay health', 'assay health --alert', 'assay health --dataset spend.council_payments --json'],
  positionals: { min: 0, max: 0, name: '' },
  async run(args, io) {
    if (args.has('alert') && stackOf(args, io) !== undefined)
      throw usageError('--alert is for a lake in a folder: on AWS the platform looks and tells, every hour.');
    const lake = await openLakeOf(args, io);
    const loaded = await loadContracts(lake.effects.contracts);
    const named = args.text('dataset');
    const contracts = named === undefined ? [...loaded.contracts.values()] : [requireContract(loaded, named)];
    const found = await lookAfter(lake.effects, contracts, args.has('alert') ? { tells: () => true } : {});
    if (args.has('json')) io.out(JSON.stringify(found, null, 2));
    else
      for (const { dataset, publishedAt, ailments, notes = [] } of found) {
        const last = publishedAt === null ? 'nothing published' : `published ${time(publishedAt)} UTC`;
        io.out(printable(`${dataset}: ${ailments.length === 0 ? 'well' : 'NOT WELL'}; ${last}`));
        for (const { code, what, next } of ailments)
          io.out(printableLines(`  ${code}: ${what}\n    Next: ${nextCommand(args, io, next)}`));
        for (const note of notes) io.out(printable(`  Note: ${note}`));
      }
    return found.some(({ ailments }) => ailments.length > 0) ? EXIT.data : EXIT.ok;
  },
};
