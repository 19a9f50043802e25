import type { Lake } from '../adapters/local/lake.ts';
import { loadContracts } from '../etl/contract/load-contracts.ts';
import { bronzePrefix, tableName } from '../etl/naming.ts';
import { lastGoodSnapshot } from '../etl/stages/run-context.ts';
import type { RunRecord } from '../etl/stages/documents.ts';
import { readPointer } from '../etl/table/pointer.ts';
import type { Args } from './command.ts';
import type { Io } from './io.ts';
import { nextCommand } from './locations.ts';
import type { RunContextLines } from './print/run-text.ts';

/** What to say of a run beside its record: the Gold made from it, what readers see, what to type next. */
export async function describeRun(
  lake: Lake,
  run: RunRecord,
  { args, io, isShown }: { readonly args: Args; readonly io: Io; readonly isShown: boolean },
): Promise<RunContextLines> {
  const gold = await goldOf(lake, run);
  const next = (await nextOf(lake, run, { gold: gold.map(({ dataset }) => dataset), isShown })).map((command) =>
    nextCommand(args, io, command),
  );
  const lines = gold.map(({ dataset, isMade }) =>
    isMade ? tableName('gold', dataset) : `${tableName('gold', dataset)} is not made from this snapshot`,
  );
  if (run.status === 'promoted' || run.status === 'nothing-to-do') return { gold: lines, next };
  const pointer = await readPointer(lake.effects.objects, 'silver', run.dataset);
  return { gold: [], next, readersSee: lastGoodSnapshot(pointer?.pointer) };
}

/** Gold tables that read the run's dataset, and whether they stand on its snapshot now. */
async function goldOf(lake: Lake, run: RunRecord): Promise<{ dataset: string; isMade: boolean }[]> {
  if (run.status !== 'promoted') return [];
  const { contracts } = await loadContracts(lake.effects.contracts);
  const tables: { dataset: string; isMade: boolean }[] = [];
  for (const contract of contracts.values()) {
    if (contract.layer !== 'gold' || !contract.inputs.includes(run.dataset)) continue;
    const pointer = (await readPointer(lake.effects.objects, 'gold', contract.dataset))?.pointer;
    tables.push({ dataset: contract.dataset, isMade: pointer?.inputs?.[run.dataset] === run.snapshotId });
  }
  return tables;
}

async function nextOf(
  lake: Lake,
  run: RunRecord,
  { gold, isShown }: { readonly gold: readonly string[]; readonly isShown: boolean },
): Promise<string[]> {
  const { status, dataset, runId, counts } = run;
  if (status === 'nothing-to-do') {
    const files = await lake.effects.objects.list(bronzePrefix(dataset));
    return files.length === 0 ? [`ingest FILE… --dataset ${dataset}`] : [];
  }
  const needsLook =
    status !== 'promoted' ||
    counts.quarantined + counts.condemned > 0 ||
    run.files.some((file) => file.status === 'rejected');
  const look = needsLook && !isShown ? [`show ${runId}`] : [];
  if (status === 'failed') return [...look, `run --dataset ${dataset}`];
  if (status !== 'promoted') return look;
  const reports = gold.slice(0, 1).map((table) => `report ${table}`);
  return [...look, ...reports, ...(isShown ? [`snapshots ${dataset}`] : [])];
}
