import type { Lake } from '../../adapters/local/lake.ts';
import { type LoadedContracts, loadContracts } from '../../etl/contract/load-contracts.ts';
import { withScratchEngine } from '../../etl/engine/with-scratch-engine.ts';
import { parseDataset } from '../../etl/naming/datasets.ts';
import { runnable } from '../../etl/operations/run-datasets.ts';
import { breakerRecords } from '../../etl/query/breaker-records.ts';
import { maskRejects } from '../../etl/query/run-rejects.ts';
import { openBreaker } from '../../etl/stages/make-plan.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { nextCommand } from '../locations.ts';
import { openLakeOf } from '../open-lake.ts';
import { fileName } from '../print/counts-table.ts';
import { count, time } from '../print/format.ts';
import { printable } from '../print/printable.ts';
import { rejectsText } from '../print/rejects-text.ts';
import { table } from '../print/table.ts';

const EXAMPLES = 10;

/** `assay breaker status`: which circuit breakers are open, and what opened them. */
export const breakerStatus: Command = {
  name: 'breaker status',
  usage: '[DATASET] [--unmasked] [--lake DIR]',
  description: `Says which circuit breakers are open, of one dataset or of all, with the records that opened them. An open breaker keeps
every run of its dataset from starting, until 'assay breaker reset'. Ends with 1 where one is open.
Values of personal and confidential columns are shown as •••.`,
  options: {
    unmasked: { type: 'boolean', help: 'show the values of personal and confidential columns, too' },
  },
  examples: ['assay breaker status', 'assay breaker status spend.council_payments --json'],
  positionals: { min: 0, max: 1, name: 'DATASET' },
  async run(args, io) {
    const lake = await openLakeOf(args, io);
    const loaded = await loadContracts(lake.effects.contracts);
    const [named] = args.positionals;
    if (named !== undefined) parseDataset(named);
    const states: BreakerState[] = [];
    for (const dataset of named === undefined ? runnable(loaded) : [named])
      states.push(await readState(lake, dataset, loaded, args.has('unmasked')));
    if (args.has('json')) io.out(JSON.stringify(states, null, 2));
    else
      io.out(
        states
          .map((state) =>
            stateText(state, nextCommand(args, io, `breaker reset ${state.dataset} --reason '…'`)),
          )
          .join('\n'),
      );
    return states.some(({ state }) => state === 'open') ? EXIT.data : EXIT.ok;
  },
};

type BreakerState = Awaited<ReturnType<typeof readState>>;

async function readState(lake: Lake, dataset: string, { contracts }: LoadedContracts, isUnmasked: boolean) {
  const breaker = await openBreaker(lake.effects, dataset);
  if (breaker === undefined) return { dataset, state: 'closed' as const };
  const found = await withScratchEngine(lake.effects, 'breaker', (engine) =>
    breakerRecords(engine, lake.effects, breaker, EXAMPLES),
  );
  const { runId, code, count: errors, windowMinutes, openedAt } = breaker;
  const examples = isUnmasked ? found.examples : maskRejects(found.examples, contracts.get(dataset));
  const { sources } = found;
  return { dataset, state: 'open' as const, openedAt, runId, code, errors, windowMinutes, sources, examples };
}

function stateText(state: BreakerState, reset: string): string {
  if (state.state === 'closed') return `${state.dataset}: closed`;
  const { dataset, openedAt, runId, code, errors, windowMinutes, sources, examples } = state;
  const head = `${dataset}: open since ${time(openedAt)} UTC, by run ${runId}: ${count(errors)} errors ${code} within ${windowMinutes} minutes`;
  const rows = sources.map((source) => [source.runId, fileName(source.sourceFile), count(source.records)]);
  const columns = [{ name: 'run' }, { name: 'file' }, { name: 'records', align: 'right' as const }];
  return [
    printable(head),
    table(columns, rows),
    `\nExamples\n${rejectsText(examples)}`,
    `\nNext      ${printable(reset)}`,
  ].join('\n');
}
