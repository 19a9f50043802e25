import type { Contract } from '../contract/contract.ts';
import { ConflictError } from '../errors.ts';
import { type Layer, tableName } from '../naming/datasets.ts';
import { runFolder, upgradedPart } from '../naming/tables.ts';
import type { Effects } from '../ports.ts';
import { boundedColumns } from '../stages/bounded-columns.ts';
import { recordDecision } from '../stages/decisions.ts';
import { followCatalog } from '../stages/follow-catalog.ts';
import { readKnownPointer } from '../stages/known-pointer.ts';
import { refreshGold } from '../stages/refresh-gold.ts';
import { newRunId } from '../stages/run-id.ts';
import { type Pointer, type ReadPointer, readPointer } from '../table/pointer.ts';
import type { DataFile } from '../table/schema.ts';
import { commitUpgrade, type RewrittenBin } from './commit-upgrade.ts';
import type { Word } from './decide-run.ts';
import { planUpgrade, type TablePlan } from './plan-upgrade.ts';
import { rewriteBin, withBench } from './rewrite-bin.ts';
import { withWriter } from './with-writer.ts';

/** How often a commit that lost a race is tried again. */
const ATTEMPTS = 5;

/** What an upgrade did to a table, or would. */
export interface UpgradedTable {
  /** As analysts write it, e.g. `silver.spend_council_payments`. */
  readonly table: string;
  /** Whether its metadata gets a name that other engines take. */
  readonly renamed: boolean;
  /** Whether its metadata names its files where they lie now, and named another place before. */
  readonly relocated: boolean;
  /** Files that were written anew, and their rows. */
  readonly filesBefore: number;
  readonly bytesBefore: number;
  readonly rows: number;
  /** Null in a dry run. */
  readonly filesAfter: number | null;
  readonly bytesAfter: number | null;
}

/** What an upgrade did to a dataset or a Gold table, or would. */
export interface Upgraded {
  readonly dataset: string;
  readonly layer: Contract['layer'];
  /** The main table's snapshot before, and the one that is current now; the same where no file was written anew. */
  readonly from: number;
  readonly to: number;
  /** Version of the pointer; 0 where nothing was ever published. */
  readonly version: number;
  /** Tables that other engines could not read as they were. */
  readonly tables: readonly UpgradedTable[];
}

/** What is to be upgraded. */
export interface UpgradeRequest {
  readonly contract: Contract;
  /** Only says what would be done. */
  readonly isDryRun: boolean;
}

/**
 * Makes the tables of a dataset, or a Gold table, what other engines read, in one commit that changes no row: metadata
 * gets a name as Iceberg gives it and names files where they lie, and Parquet files of version 2 are written anew in version 1, which is proven as a
 * compaction is. Gold isn't made anew, it only notes Silver's snapshot; the catalog follows. Runs may commit meanwhile:
 * what they replaced is left out. A repeat does what is left to do. Throws DataError `ROWS_CHANGED` where the proof fails,
 * and `POINTER_LOST`.
 */
export async function upgrade(
  effects: Effects,
  { contract, isDryRun }: UpgradeRequest,
  word: Word,
): Promise<Upgraded> {
  const { dataset, layer } = contract;
  const read = await readKnownPointer(effects.objects, layer, dataset);
  if (read === undefined) return { dataset, layer, from: 0, to: 0, version: 0, tables: [] };
  const { snapshot_id: from, version } = read.pointer;
  const plans = await planUpgrade(effects, read.pointer);
  if (plans.length === 0 && !isDryRun) await followCatalog(effects, contract);
  if (plans.length === 0 || isDryRun)
    return { dataset, layer, from, to: from, version, tables: plans.map((plan) => tableOf(dataset, plan)) };
  const id = newRunId(effects.clock.now());
  return withWriter(effects, { dataset, id, kind: 'upgrade' }, async () => {
    const rewritten = await rewrite(effects, { contract, pointer: read.pointer, plans, id });
    const pointer = await commit(effects, { layer, dataset, rewritten, id });
    const tables = plans.map((plan) => tableOf(dataset, plan, rewritten.get(plan.layer) ?? []));
    const { snapshot_id: to } = pointer;
    const details = { from, to, version: pointer.version, tables };
    await recordDecision(effects, { id, kind: 'upgraded', dataset, ...word, runId: null, details });
    await followCatalog(effects, contract);
    if (layer === 'silver' && from !== to) await refreshGold({ dataset, runId: id }, effects);
    return { dataset, layer, from, to, version: pointer.version, tables };
  });
}

const sum = (files: readonly DataFile[], of: (file: DataFile) => number): number =>
  files.reduce((total, file) => total + of(file), 0);

function tableOf(
  dataset: string,
  { layer, needsName, needsPlace, bins }: TablePlan,
  rewritten?: readonly RewrittenBin[],
): UpgradedTable {
  const before = bins.flatMap(({ files }) => files);
  const after = rewritten?.flatMap(({ add }) => add);
  return {
    table: tableName(layer, dataset),
    renamed: needsName,
    relocated: needsPlace,
    filesBefore: before.length,
    bytesBefore: sum(before, (file) => file.sizeBytes),
    rows: sum(before, (file) => file.recordCount),
    filesAfter: after?.length ?? null,
    bytesAfter: after === undefined ? null : sum(after, (file) => file.sizeBytes),
  };
}

interface Rewriting {
  readonly contract: Contract;
  readonly pointer: Pointer;
  readonly plans: readonly TablePlan[];
  readonly id: string;
}

/** Writes the bins of each table anew; nobody sees them yet. */
function rewrite(
  effects: Effects,
  { contract, pointer, plans, id }: Rewriting,
): Promise<ReadonlyMap<Layer, RewrittenBin[]>> {
  return withBench(effects, `upgrade-${id}`, async (bench) => {
    const rewritten = new Map<Layer, RewrittenBin[]>();
    for (const { layer, table, bins } of plans) {
      const root = runFolder(table.root, pointer.contract_version, id);
      const place = { table, root, bounded: boundedColumns(contract, layer) };
      const done: RewrittenBin[] = [];
      for (const [n, { files }] of bins.entries()) {
        const add = await rewriteBin(files, { ...place, part: upgradedPart(n) }, bench);
        done.push({ remove: files.map(({ key }) => key), add });
      }
      rewritten.set(layer, done);
    }
    return rewritten;
  });
}

interface Committing {
  readonly layer: Contract['layer'];
  readonly dataset: string;
  readonly rewritten: ReadonlyMap<Layer, readonly RewrittenBin[]>;
  readonly id: string;
}

/** Commits on the current state; retries after a lost race. */
async function commit(effects: Effects, { layer, dataset, rewritten, id }: Committing): Promise<Pointer> {
  for (let attempt = 1; ; attempt++) {
    const read = (await readPointer(effects.objects, layer, dataset)) as ReadPointer;
    try {
      return await commitUpgrade(effects, { layer, read, rewritten, id });
    } catch (error) {
      if (!(error instanceof ConflictError) || attempt === ATTEMPTS) throw error;
    }
  }
}
