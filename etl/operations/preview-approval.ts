import type { Contract, GoldContract } from '../contract/contract.ts';
import { loadContracts } from '../contract/load-contracts.ts';
import { withScratchEngine } from '../engine/with-scratch-engine.ts';
import { AssayError, ConflictError } from '../errors.ts';
import { carryFrom } from '../gold/carry-from.ts';
import { goldDigest } from '../gold/gold-digest.ts';
import type { MadeFrom } from '../gold/make-months.ts';
import { affectedRanges, changedMonths, type MonthRange } from '../gold/months.ts';
import { openGold } from '../gold/open-gold.ts';
import { type PreviewedGold, previewGold } from '../gold/preview-gold.ts';
import { commitPlanKey } from '../naming/runs.ts';
import type { Effects } from '../ports.ts';
import { getCommitPlan } from '../stages/commit-plans.ts';
import { openDatasetTable } from '../stages/dataset-tables.ts';
import { readKnownPointer } from '../stages/known-pointer.ts';
import { loadRun } from '../stages/run-context.ts';
import { inFormat } from '../stages/run-documents.ts';
import type { RunInput } from '../stages/stage.ts';
import { closedMonths } from '../table/closings.ts';
import { filesOf, openTable } from '../table/lake-table.ts';
import { readPointer } from '../table/pointer.ts';
import type { DataFile } from '../table/schema.ts';

/** What approving a held run would make of one Gold table. */
export interface PreviewedReport extends PreviewedGold {
  readonly report: string;
  /** Months that are closed: they would stay, and what is different would wait for finance. */
  readonly closed: readonly string[];
  /** Why it would not be made; null where it would. */
  readonly problem: string | null;
}

/** What approving a held run would publish. */
export interface ApprovalPreview {
  /** Why it can't be told before the run is sealed anew; null where it can. */
  readonly outdated: string | null;
  readonly reports: readonly PreviewedReport[];
}

/** Changed rows that are named of each Gold table. */
const MOST_KEYS = 50;

/** What each Gold table would be once a held run was approved, beside what readers see; nothing is published or stored. */
export async function previewApproval(
  effects: Effects,
  { dataset, runId }: RunInput,
): Promise<ApprovalPreview> {
  const { contracts } = await loadContracts(effects.contracts);
  try {
    const staged = await stagedSilver(effects, { dataset, runId });
    const reports: PreviewedReport[] = [];
    for (const contract of contracts.values())
      if (contract.layer === 'gold' && contract.inputs.includes(dataset))
        reports.push(await previewReport(effects, { contract, contracts, staged }));
    return { outdated: null, reports };
  } catch (error) {
    if (error instanceof ConflictError) return { outdated: error.message, reports: [] };
    throw error;
  }
}

/** Silver of a held run's dataset as it would be. */
interface Staged extends MadeFrom {
  /** Months whose rows come or go. */
  readonly months: ReadonlySet<number>;
  /** Whether the table is made anew, and all that is made from it. */
  readonly isAnew: boolean;
  /** What was published before: undefined where nothing was. */
  readonly snapshotId: number | undefined;
}

async function stagedSilver(effects: Effects, { dataset, runId }: RunInput): Promise<Staged> {
  const { objects } = effects;
  const { contract, base, plan } = await loadRun(effects, { dataset, runId });
  const key = commitPlanKey(dataset, runId);
  const { silver, removeFromSilver } = inFormat(await getCommitPlan(objects, { dataset, runId }), key);
  const table = await openDatasetTable(objects, contract, base, 'silver');
  const old = table.metadataKey === undefined ? [] : await filesOf(table);
  const gone = new Set(removeFromSilver);
  const moved = [...silver, ...old.filter((file) => gone.has(file.key))];
  return {
    dataset,
    table,
    files: [...old.filter((file) => !gone.has(file.key)), ...silver],
    months: new Set(moved.flatMap(({ month }) => (month === undefined ? [] : [month]))),
    isAnew: plan.generation !== undefined,
    snapshotId: base?.tables.silver?.snapshot_id,
  };
}

interface Making {
  readonly contract: GoldContract;
  readonly contracts: ReadonlyMap<string, Contract>;
  readonly staged: Staged;
}

async function previewReport(effects: Effects, making: Making): Promise<PreviewedReport> {
  const { contract } = making;
  const nothing = { report: contract.dataset, closed: [], months: [], keyCount: 0, keys: [] };
  try {
    return await makeReport(effects, making);
  } catch (error) {
    // Approving would publish Silver all the same, and fail here.
    if (error instanceof AssayError && !(error instanceof ConflictError))
      return { ...nothing, problem: error.message };
    throw error;
  }
}

async function makeReport(
  effects: Effects,
  { contract, contracts, staged }: Making,
): Promise<PreviewedReport> {
  const { dataset: report } = contract;
  const pointer = (await readKnownPointer(effects.objects, 'gold', report))?.pointer;
  const { files: gold, anew } = await openGold(effects.objects, contract, pointer);
  const before = anew === undefined ? gold : await filesOf(anew.before);
  const inputs: MadeFrom[] = [];
  const changed = new Set(staged.months);
  const isOther =
    pointer === undefined ||
    pointer.contract_digest !== goldDigest(contract, await effects.contracts.sql(contract.sql));
  let isAll = staged.isAnew || isOther;
  for (const dataset of contract.inputs) {
    const input = dataset === staged.dataset ? staged : await publishedInput(effects, dataset);
    if (input === undefined) {
      const problem = `${dataset} was not published yet, and ${report} is made from it too.`;
      return { report, closed: [], months: [], keyCount: 0, keys: [], problem };
    }
    inputs.push(input);
    const late = await lateMonths(input, pointer?.inputs?.[dataset]);
    if (late === undefined) isAll = true;
    else for (const month of late) changed.add(month);
  }
  const months = (files: readonly DataFile[]): number[] =>
    files.flatMap(({ month }) => (month === undefined ? [] : [month]));
  const all = new Set(inputs.flatMap(({ files }) => months(files)));
  const goldMonths = new Set(months(before));
  if (isAll) for (const month of [...all, ...goldMonths]) changed.add(month);
  const affected = affectedRanges(contract.affects, { all, changed }, goldMonths);
  const closings = pointer?.closings ?? [];
  const closed = closedMonths({ closings }).map(({ month }) => month);
  if (affected.length === 0) return { report, closed, months: [], keyCount: 0, keys: [], problem: null };
  const made = await withScratchEngine(effects, 'preview', async (engine) => {
    const published = { effects, engine, contract, files: gold, closings };
    const work = isAll ? { ranges: affected, carried: [] } : await carryFrom(published, affected);
    return await previewGold(engine, effects, {
      ...{ contract, contracts, inputs, mostKeys: MOST_KEYS, ...work },
      before: before.filter(({ month }) => month === undefined || isIn(work.ranges, month)),
    });
  });
  return { report, closed, problem: null, ...made };
}

const isIn = (ranges: readonly MonthRange[], month: number): boolean =>
  ranges.some(({ from, to }) => month >= from && month <= to);

interface Published extends MadeFrom {
  readonly snapshotId: number | undefined;
}

async function publishedInput({ objects }: Effects, dataset: string): Promise<Published | undefined> {
  const state = (await readPointer(objects, 'silver', dataset))?.pointer.tables.silver;
  if (state === undefined) return undefined;
  const table = await openTable(objects, state);
  return { dataset, table, files: await filesOf(table), snapshotId: state.snapshot_id };
}

/** Months that changed since Gold was last made, before the run is published; undefined where that isn't kept any more. */
async function lateMonths(
  { table, snapshotId }: Published,
  lastSnapshotId: number | undefined,
): Promise<ReadonlySet<number> | undefined> {
  if (snapshotId === undefined) return new Set();
  if (lastSnapshotId === undefined) return undefined;
  if (!table.metadata.snapshots.some((one) => one['snapshot-id'] === lastSnapshotId)) return undefined;
  return await changedMonths({ table, snapshotId, lastSnapshotId });
}
