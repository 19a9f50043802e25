import type { Lake } from '../adapters/local/lake.ts';
import { loadContracts } from '../etl/contract/load-contracts.ts';
import { bronzePrefix } from '../etl/naming/bronze.ts';
import { retriesPrefix } from '../etl/naming/decisions.ts';
import { runnable } from '../etl/operations/run-datasets.ts';
import type { Plan } from '../etl/stages/documents.ts';
import { makePlan, type Planned } from '../etl/stages/make-plan.ts';
import { newRunId } from '../etl/stages/run-id.ts';
import type { Args } from './command.ts';
import { EXIT, type ExitCode, exitCodeOf, worst } from './exit-codes.ts';
import type { Io } from './io.ts';
import { nextCommand } from './locations.ts';
import { type ErrorJson, errorJson, printError } from './print/error.ts';
import { plural, size } from './print/format.ts';
import { printable } from './print/printable.ts';
import { table } from './print/table.ts';

/** Files that a printed plan names. */
const NAMED_FILES = 50;

/** Prints what a run would do, of one dataset or of all, and changes nothing. */
export async function printPlans(
  lake: Lake,
  dataset: string | undefined,
  args: Args,
  io: Io,
): Promise<ExitCode> {
  const datasets = dataset === undefined ? runnable(await loadContracts(lake.effects.contracts)) : [dataset];
  const documents: PlanDocument[] = [];
  let code: ExitCode = EXIT.ok;
  for (const one of datasets) {
    try {
      const planned = await makePlan(
        { dataset: one, runId: newRunId(lake.effects.clock.now()) },
        lake.effects,
      );
      if (planned.status === 'refused' || planned.status === 'held') code = worst(code, EXIT.data);
      documents.push(planJson(one, planned));
      if (!args.has('json')) io.out(planText(one, planned));
    } catch (error) {
      code = worst(code, exitCodeOf(error));
      documents.push({ dataset: one, status: 'failed', error: errorJson(error) });
      if (!args.has('json')) printError(error, io, { json: false, debug: args.has('debug') });
    }
  }
  if (args.has('json')) io.out(JSON.stringify(documents, null, 2));
  else if (code === EXIT.ok && documents.some(isPlanned))
    io.out(`\nNothing was changed. To do it: ${nextCommand(args, io, runCommand(dataset))}`);
  return code;
}

/** A plan, or why there is none, as --json prints it. */
type PlanDocument =
  | ReturnType<typeof planJson>
  | { readonly dataset: string; readonly status: 'failed'; readonly error: ErrorJson };

const isPlanned = ({ status }: PlanDocument): boolean => status === 'planned';

const runCommand = (dataset: string | undefined): string =>
  dataset === undefined ? 'run' : `run --dataset ${dataset}`;

function planJson(dataset: string, planned: Planned) {
  if (planned.status === 'nothing-to-do') return { dataset, status: planned.status };
  if (planned.status !== 'planned') return { dataset, status: planned.status, why: [planned.why] };
  const { contractVersion, baseVersion, files, chunks } = planned.plan;
  return {
    dataset,
    status: planned.status,
    contractVersion,
    baseVersion,
    files: files.map(({ key, sizeBytes, sourceFileId, repeatOf }) => ({
      key,
      sizeBytes,
      digest: sourceFileId,
      repeatOf: repeatOf ?? null,
    })),
    chunks: chunks.map(({ chunk, files: indexes }) => ({
      chunk,
      files: indexes.length,
      sizeBytes: bytesOf(planned.plan, indexes),
    })),
  };
}

function planText(dataset: string, planned: Planned): string {
  if (planned.status === 'nothing-to-do') return `${dataset}: nothing to do`;
  if (planned.status === 'refused') return `${dataset}: would be refused. ${planned.why}`;
  if (planned.status === 'held') return `${dataset}: would be held. ${planned.why}`;
  const { plan } = planned;
  const { files, chunks } = plan;
  const base = plan.baseVersion === 0 ? 'the first' : `on version ${plan.baseVersion}`;
  const head = `${dataset}: ${plural(files.length, 'file')}, ${size(bytesOf(plan, indexesOf(plan)))}, in ${plural(chunks.length, 'chunk')}; contract ${plan.contractVersion}; ${base}`;
  const chunkOf = new Map(
    chunks.flatMap(({ chunk, files: indexes }) => indexes.map((index) => [index, chunk])),
  );
  const rows = files
    .slice(0, NAMED_FILES)
    .map((file) => [
      shortKey(dataset, file.key),
      size(file.sizeBytes),
      chunkOf.get(file.index) ?? '',
      file.repeatOf === undefined ? '' : `repeats ${shortKey(dataset, file.repeatOf)}`,
    ]);
  if (files.length > rows.length)
    rows.push([`… ${plural(files.length - rows.length, 'more file')}`, '', '', '']);
  const columns = [
    { name: 'file' },
    { name: 'size', align: 'right' as const },
    { name: 'chunk' },
    { name: '' },
  ];
  return `${printable(head)}\n${table(columns, rows, { maxCell: 90 })}`;
}

/** A key without the prefix that all of its kind share. */
function shortKey(dataset: string, key: string): string {
  const prefix = [bronzePrefix(dataset), retriesPrefix(dataset)].find((one) => key.startsWith(one));
  return key.slice(prefix?.length ?? 0);
}

const indexesOf = ({ files }: Plan): number[] => files.map(({ index }) => index);

function bytesOf({ files }: Plan, indexes: readonly number[]): number {
  return indexes.reduce((sum, index) => sum + (files[index]?.sizeBytes ?? 0), 0);
}
