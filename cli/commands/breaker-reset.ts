import { parseDataset } from '../../etl/naming/datasets.ts';
import { resetBreaker } from '../../etl/operations/reset-breaker.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { WORD_OPTIONS, wordOf } from '../identity.ts';
import { nextCommand } from '../locations.ts';
import { openLakeOf } from '../open-lake.ts';
import { printable } from '../print/printable.ts';

/** `assay breaker reset`: closes a circuit breaker. */
export const breakerReset: Command = {
  name: 'breaker reset',
  usage: 'DATASET --reason TEXT [--by NAME] [--lake DIR]',
  description: `Closes a dataset's circuit breaker, so that its runs start again. Errors from before count no more. The run that opened it
stays held: approve, refuse or readmit it.`,
  options: WORD_OPTIONS,
  examples: ['assay breaker reset spend.council_payments --reason "the source has corrected its export"'],
  positionals: { min: 1, max: 1, name: 'DATASET' },
  async run(args, io) {
    const word = wordOf(args, io);
    const [dataset = ''] = args.positionals;
    parseDataset(dataset);
    const lake = await openLakeOf(args, io);
    const { runId, code, count, openedAt, resetAt } = await resetBreaker(lake.effects, dataset, word);
    if (args.has('json')) {
      const breaker = { dataset, state: 'closed', openedAt, runId, code, errors: count, resetAt };
      io.out(JSON.stringify(breaker, null, 2));
      return EXIT.ok;
    }
    io.out(printable(`The circuit breaker of ${dataset} is closed again.`));
    io.out(`Next: ${nextCommand(args, io, `show ${runId}`)}`);
    return EXIT.ok;
  },
};
