import type { Lake } from '../adapters/local/lake.ts';
import { goldOfRun } from '../etl/operations/gold-of-run.ts';
import { type ProjectionAfter, projectionsAfter } from '../etl/operations/projections-after.ts';
import { NO_CHANGES, type RunChanges, restatedBy } from '../etl/operations/restated.ts';
import type { Outcome } from '../etl/operations/run-datasets.ts';
import type { RunRecord } from '../etl/stages/outcomes.ts';
import type { Args } from './command.ts';
import { describeRun } from './describe-run.ts';
import type { Io } from './io.ts';
import { errorJson, printError } from './print/error.ts';
import { changesText } from './print/restated.ts';
import { labelled, runText } from './print/run-text.ts';
import { notStartedJson, runJson } from './run-json.ts';

/** An outcome as --json prints it. */
export async function outcomeJson(lake: Lake, outcome: Outcome) {
  const projections = await afterOutcome(lake, outcome);
  return outcome.kind === 'run'
    ? {
        ...runJson(outcome.run),
        ...(await changesOf(lake, outcome.run)),
        projections,
        gold: await goldJson(lake, outcome.run),
      }
    : {
        ...notStartedJson({ dataset: outcome.dataset, error: errorJson(outcome.error) }),
        ...NO_CHANGES,
        projections,
        gold: [],
      };
}

/** What became of the projections after an outcome; nothing where it got as far as no projection. */
export async function afterOutcome(lake: Lake, outcome: Outcome): Promise<ProjectionAfter[]> {
  if (outcome.kind === 'error') return [];
  const { run } = outcome;
  const isFolded = run.status === 'promoted' || run.status === 'nothing-to-do';
  return isFolded ? await projectionsAfter(lake.effects, run) : [];
}

/** What a run changed of published figures, and what waits since it; nothing where it published nothing. */
export async function changesOf(lake: Lake, run: RunRecord): Promise<RunChanges> {
  return run.status === 'promoted' ? await restatedBy(lake.effects, run) : NO_CHANGES;
}

/** The Gold tables that a run made, and who computed each, as --json prints them; a run with nothing to do makes those that an earlier one could not. */
export async function goldJson(lake: Lake, run: RunRecord) {
  if (run.status !== 'promoted' && run.status !== 'nothing-to-do') return [];
  return (await goldOfRun(lake.effects, run)).flatMap(({ report, table, engine }) =>
    engine === undefined ? [] : [{ report, table, engine }],
  );
}

/** Prints an outcome for people. */
export async function printOutcome(
  outcome: Outcome,
  isFirst: boolean,
  { lake, args, io }: { readonly lake: Lake; readonly args: Args; readonly io: Io },
): Promise<void> {
  if (outcome.kind === 'error') {
    printError(outcome.error, io, { json: false, debug: args.has('debug') });
    return;
  }
  const { run: record } = outcome;
  const projections = await afterOutcome(lake, outcome);
  const lines = await describeRun(lake, record, { args, io, isShown: false, projections });
  if (record.status === 'nothing-to-do') {
    const hint = lines.next.map((command) => `; bring files with: ${command}`).join('');
    const notes = lines.notes.map((note) => `; ${note}`).join('');
    io.out(`${record.dataset}: nothing to do${notes}${hint}`);
    const made = (await goldJson(lake, record)).map(({ table, engine }) => [
      'Gold',
      engine === 'duckdb' ? `${table} was made` : `${table} was made, computed by ${engine}`,
    ]);
    if (made.length > 0) io.out(labelled(made));
    if (lines.projections !== undefined && lines.projections.length > 0)
      io.out(labelled(lines.projections.map((line) => ['Projection', line])));
    return;
  }
  io.out(`${isFirst ? '' : '\n'}${runText(record, lines)}`);
  const text = changesText(await changesOf(lake, record), { args, io });
  if (text !== '') io.out(`\n${text}`);
}
