import type { Lake } from '../adapters/local/lake.ts';
import { loadContracts } from '../etl/contract/load-contracts.ts';
import { bronzePrefix } from '../etl/naming/bronze.ts';
import { type GoldOfRun, goldOfRun } from '../etl/operations/gold-of-run.ts';
import type { ProjectionAfter } from '../etl/operations/projections-after.ts';
import { commandOfWaiting } from '../etl/stages/awaits-migration.ts';
import { listWithheld } from '../etl/stages/list-sources.ts';
import { isCommitted, type RunRecord, type Withheld } from '../etl/stages/outcomes.ts';
import { readersSee } from '../etl/stages/readers-see.ts';
import { readPointer } from '../etl/table/pointer.ts';
import type { Args } from './command.ts';
import type { Io } from './io.ts';
import { nextCommand } from './locations.ts';
import { plural } from './print/format.ts';
import { projectionCommands, projectionLines } from './print/projections-text.ts';
import type { RunContextLines } from './print/run-text.ts';

/** Who asks, and whether the run is shown in full already. */
interface Reader {
  readonly args: Args;
  readonly io: Io;
  readonly isShown: boolean;
  /** What became of the projections after it. */
  readonly projections: readonly ProjectionAfter[];
}

/** What to say of a run beside its record: the Gold and the projections made from it, what readers see, what to type next. */
export async function describeRun(
  lake: Lake,
  run: RunRecord,
  { args, io, isShown, projections }: Reader,
): Promise<RunContextLines> {
  const next = (commands: readonly string[]): string[] =>
    commands.map((command) => nextCommand(args, io, command));
  if (run.status === 'nothing-to-do') {
    return {
      gold: [],
      projections: projectionLines(projections),
      notes: await waitingNotes(lake, run.dataset),
      next: next(await ingestHint(lake, run)),
    };
  }
  if (run.status === 'promoted') {
    const gold = await goldOfRun(lake.effects, run);
    const reports = gold.map(({ report }) => `report ${report}`);
    const aside = (await listWithheld(lake.effects, run.dataset)).filter(({ runId }) => runId === run.runId);
    return {
      gold: gold.map(goldLine),
      projections: projectionLines(projections),
      notes: asideNotes(aside),
      next: next([...lookHint(run, isShown), ...reports, ...projectionCommands(projections)]),
    };
  }
  const pointer = await readPointer(lake.effects.objects, 'silver', run.dataset);
  const again = run.status === 'failed' ? [`run --dataset ${run.dataset}`] : [];
  const aside = (await listWithheld(lake.effects, run.dataset)).filter(({ runId }) => runId === run.runId);
  // Held without files set aside: the tables wait for a migration.
  if (run.status === 'held' && aside.length === 0 && run.sealDigest === null) {
    return {
      gold: [],
      notes: [],
      next: next(await waitingHint(lake, run)),
      readersSee: await readersSee(lake.effects, pointer?.pointer),
    };
  }
  const decide = run.status === 'held' ? decisionsOn(run, aside) : [];
  return {
    gold: [],
    notes: asideNotes(aside),
    next: next([...lookHint(run, isShown), ...again, ...decide]),
    readersSee: await readersSee(lake.effects, pointer?.pointer),
  };
}

/** What comes next where tables wait for a new major version; nothing of a dataset without a contract. */
async function waitingHint({ effects }: Lake, { dataset }: RunRecord): Promise<string[]> {
  const contract = (await loadContracts(effects.contracts)).contracts.get(dataset);
  return contract?.layer === 'silver' ? [await commandOfWaiting(effects, contract)] : [];
}

/** A Gold table that reads the run's dataset, and who computed it where that was not DuckDB. */
function goldLine({ table, isMade, engine }: GoldOfRun): string {
  if (!isMade) return `${table} stands on another snapshot`;
  return engine === undefined || engine === 'duckdb' ? table : `${table}, computed by ${engine}`;
}

/** Commands that decide on a held run; after files were refused, it must be sealed first. */
function decisionsOn({ runId, sealDigest }: RunRecord, aside: readonly Withheld[]): string[] {
  const [held, refused] = aside;
  const [file] = refused?.keys ?? [];
  if (held?.sealDigest === '' && file !== undefined) return [`refuse ${runId} --file ${file} --reason '…'`];
  const one = (held?.keys.length ?? 0) > 1 ? [`refuse ${runId} --file KEY --reason '…'`] : [];
  return [
    `approve ${runId} --digest ${sealDigest ?? ''} --reason '…'`,
    `refuse ${runId} --reason '…'`,
    ...one,
  ];
}

/** What can be done about files that are set aside. */
function asideNotes(aside: readonly Withheld[]): string[] {
  return aside.map(({ runId, keys, decision, why }, n) => {
    const files = plural(keys.length, 'file');
    // Files refused while the run was held come after its own.
    if (n > 0) return `${files} of it refused (${why.join('; ')}); ${givenBack(runId, '--file KEY')}`;
    const until = {
      held: 'for a decision',
      refused: 'until the contract changes',
      'rolled-back': 'since its rows were taken back',
    }[decision];
    return `${files} of it set aside ${until}; ${givenBack(runId)}`;
  });
}

const givenBack = (runId: string, option?: string): string =>
  `'assay readmit ${runId}${option === undefined ? '' : ` ${option}`}' has them tested again under today's contract.`;

/** Files that no run picks up, which may be why there is nothing to do. */
async function waitingNotes(lake: Lake, dataset: string): Promise<string[]> {
  const withheld = await listWithheld(lake.effects, dataset);
  return withheld.map(
    ({ keys, decision, runId }) =>
      `${plural(keys.length, 'file')} set aside with the ${decision} run ${runId}`,
  );
}

async function ingestHint(lake: Lake, { dataset }: RunRecord): Promise<string[]> {
  const files = await lake.effects.objects.list(bronzePrefix(dataset));
  return files.length === 0 ? [`ingest FILE… --dataset ${dataset}`] : [];
}

/** A run with anything amiss is worth a look, unless this is the look. */
function lookHint(run: RunRecord, isShown: boolean): string[] {
  const isSmooth =
    isCommitted(run.status) &&
    run.why.length === 0 &&
    run.counts.quarantined + run.counts.condemned === 0 &&
    run.files.every((file) => file.status !== 'rejected');
  return isShown || isSmooth ? [] : [`show ${run.runId}`];
}
