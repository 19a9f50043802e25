import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { type Outcome, runDatasets } from '../../etl/operations/run-datasets.ts';
import { usableContract } from '../../etl/stages/usable-contract.ts';
import type { Command } from '../command.ts';
import { EXIT, type ExitCode, worst } from '../exit-codes.ts';
import { NO_TEND, openLakeOf } from '../open-lake.ts';
import { afterOutcome, outcomeJson, printOutcome } from '../outcome.ts';
import { outcomeCode } from '../outcome-code.ts';
import { printPlans } from '../plan-run.ts';
import { progressBar } from '../print/progress.ts';
import { isLeftBehind } from '../print/projections-text.ts';
import { SET_OPTIONS, setOptionsOf } from '../set-engine.ts';

/** `assay run`: processes everything pending. */
export const run: Command = {
  name: 'run',
  usage: '[--dataset D] [--dry-run] [--no-tend] [--engine ENGINE] [--trino URL] [--lake DIR]',
  description: `Processes every source file that no run has dealt with: tests each record against the contract, proves that none was lost,
and publishes what passes; then brings the Gold tables and projections up to date, and says what that did. A run beyond the contract's limits is held: nothing
of it is published until a person has decided. Safe to repeat and to interrupt: what is left over is done the next time.
Now and then it also tends the tables, as 'assay tend' does.
With --target aws, the platform runs them; the command waits for their end.`,
  options: {
    dataset: { type: 'string', value: 'D', help: 'only this dataset (default: all that have a contract)' },
    'dry-run': { type: 'boolean', help: 'print what would be done, and change nothing' },
    'no-tend': NO_TEND,
    ...SET_OPTIONS,
  },
  examples: ['assay run', 'assay run --dataset spend.council_payments --dry-run', 'assay run --json'],
  positionals: { min: 0, max: 0, name: '' },
  async run(args, io) {
    const bar = progressBar(io, !args.has('json'));
    const lake = await openLakeOf(args, io, { progress: bar.advance, setOptions: setOptionsOf(args) });
    const dataset = args.text('dataset');
    const loaded = await loadContracts(lake.effects.contracts);
    // For one dataset, a broken contract is the command's error; for all, it is one of several results.
    if (dataset !== undefined) await usableContract(lake.effects, loaded, dataset);
    if (args.has('dry-run')) return await printPlans(lake, dataset, args, io);
    const outcomes: Outcome[] = [];
    let code: ExitCode = EXIT.ok;
    for await (const outcome of runDatasets(lake, dataset)) {
      bar.stop();
      outcomes.push(outcome);
      code = worst(code, outcomeCode(outcome));
      if (!args.has('json')) await printOutcome(outcome, outcomes.length === 1, { lake, args, io });
      if ((await afterOutcome(lake, outcome)).some(isLeftBehind)) code = worst(code, EXIT.data);
    }
    bar.stop();
    if (args.has('json')) {
      const all = await Promise.all(outcomes.map((outcome) => outcomeJson(lake, outcome)));
      io.out(JSON.stringify(all, null, 2));
    } else if (outcomes.length === 0) io.out('No contract is for source files, so there is nothing to run.');
    return code;
  },
};
