import type { SourceContract } from '../etl/contract/contract.ts';
import { loadContracts, requireSourceContract } from '../etl/contract/load-contracts.ts';
import type { Word } from '../etl/operations/decide-run.ts';
import type { Effects } from '../etl/ports.ts';
import { readLegalTerm, termBefore } from '../etl/quarantine/letting-go/legal-term.ts';
import { type LetGo, letGo, previewLetGo } from '../etl/quarantine/letting-go/let-go.ts';
import type { Args } from './command.ts';
import { EXIT, type ExitCode, exitCodeOf, worst } from './exit-codes.ts';
import { wordOf } from './identity.ts';
import type { Io } from './io.ts';
import { nextCommand } from './locations.ts';
import { openLakeOf } from './open-lake.ts';
import { errorJson, isDebug, printError } from './print/error.ts';
import { count, plural } from './print/format.ts';
import { printable } from './print/printable.ts';
import { table } from './print/table.ts';
import { tellUnusable } from './unusable.ts';
import { usageError } from './usage-error.ts';

/** `assay expire --condemned`: lets condemned and quarantined records go whose legal time is over, of one dataset or of all. */
export async function expireCondemned(args: Args, io: Io): Promise<ExitCode> {
  const term = readLegalTerm(args.text('older-than') ?? '');
  if (term === undefined)
    throw usageError(
      "--condemned needs --older-than with days, months or years: write e.g. 90d, 18m or 7y. 'm' are months here.",
    );
  const isDryRun = args.has('dry-run') || args.text('reason') === undefined;
  const word = isDryRun ? undefined : wordOf(args, io);
  const lake = await openLakeOf(args, io, { changes: !isDryRun });
  const before = termBefore(lake.effects.clock.now(), term);
  const contracts = await contractsOf(lake.effects, args.positionals[0]);
  const { done, refused } = await letAllGo(lake.effects, { contracts, before, word });
  // Whoever names one dataset gets its error as of any command.
  if (args.positionals.length > 0 && refused[0] !== undefined) throw refused[0].error;
  const result = { before: before.toISOString(), isDryRun, datasets: done };
  if (args.has('json')) {
    const errors = refused.map(({ dataset, error }) => ({ dataset, error: errorJson(error) }));
    io.out(JSON.stringify({ ...result, refused: errors }, null, 2));
  } else {
    for (const line of textOf(result)) io.out(printable(line));
    const some = done.some(({ records }) => records > 0);
    if (some && !isDryRun) io.out(`Next: ${nextCommand(args, io, 'vacuum')}`);
    if (some && isDryRun)
      io.out('Nothing was changed: with --reason they are let go. That can not be undone.');
    for (const { error } of refused) printError(error, io, { json: false, debug: isDebug(args, io) });
  }
  const left =
    args.positionals.length > 0
      ? EXIT.ok
      : tellUnusable(await loadContracts(lake.effects.contracts), args, io);
  return refused.map(({ error }) => exitCodeOf(error)).reduce(worst, left);
}

interface LettingGo {
  readonly contracts: readonly SourceContract[];
  readonly before: Date;
  /** Nothing goes without one. */
  readonly word: Word | undefined;
}

interface AllLetGo {
  readonly done: readonly LetGo[];
  readonly refused: readonly { readonly dataset: string; readonly error: unknown }[];
}

/** Of each dataset; an error of one keeps no other from it. */
async function letAllGo(effects: Effects, { contracts, before, word }: LettingGo): Promise<AllLetGo> {
  const done: LetGo[] = [];
  const refused: { dataset: string; error: unknown }[] = [];
  for (const contract of contracts) {
    const request = { contract, before };
    try {
      done.push(await (word === undefined ? previewLetGo(effects, request) : letGo(effects, request, word)));
    } catch (error) {
      refused.push({ dataset: contract.dataset, error });
    }
  }
  return { done, refused };
}

async function contractsOf(effects: Effects, dataset: string | undefined): Promise<SourceContract[]> {
  const loaded = await loadContracts(effects.contracts);
  if (dataset !== undefined) return [requireSourceContract(loaded, dataset)];
  return [...loaded.contracts.values()].flatMap((one) => (one.layer === 'silver' ? [one] : []));
}

interface Shown {
  readonly before: string;
  readonly isDryRun: boolean;
  readonly datasets: readonly LetGo[];
}

function textOf({ before, isDryRun, datasets }: Shown): string[] {
  const found = datasets.filter(({ records }) => records > 0);
  if (found.length === 0) return [`No record was condemned or rejected before ${before}.`];
  return found.flatMap((one) => datasetText(one, { before, isDryRun }));
}

function datasetText(
  { dataset, version, records, oldest, newest, runs }: LetGo,
  { before, isDryRun }: Pick<Shown, 'before' | 'isDryRun'>,
): string[] {
  const what = `${plural(records, 'record')} of ${dataset} from before ${before}`;
  const head = isDryRun ? `${what} would be let go` : `${what} let go, as version ${version}`;
  const right = { align: 'right' as const };
  const columns = [
    { name: 'run' },
    { name: 'quarantined', ...right },
    { name: 'condemned', ...right },
    { name: 'oldest' },
    { name: 'newest' },
  ];
  const rows = runs.map((run) => [
    run.runId,
    count(run.quarantined),
    count(run.condemned),
    run.oldest.slice(0, 10),
    run.newest.slice(0, 10),
  ]);
  const lines = table(columns, rows).split('\n');
  return [
    `${head}; oldest ${(oldest ?? '').slice(0, 10)}, newest ${(newest ?? '').slice(0, 10)}:`,
    '',
    ...lines,
    '',
  ];
}
