import type { SourceContract } from '../contract/contract.ts';
import { loadContracts, requireSourceContract } from '../contract/load-contracts.ts';
import { DataError } from '../errors.ts';
import { compactedPart, metadataFolder, monthLabel, runFolder } from '../naming/tables.ts';
import type { Effects } from '../ports.ts';
import { boundedColumns } from '../stages/bounded-columns.ts';
import { stateSummary } from '../stages/dataset-history.ts';
import { recordDecision } from '../stages/decisions.ts';
import { followCatalog } from '../stages/follow-catalog.ts';
import { readKnownPointer } from '../stages/known-pointer.ts';
import { refreshGold } from '../stages/refresh-gold.ts';
import { newRunId } from '../stages/run-id.ts';
import { commitTable } from '../table/commit-table.ts';
import { filesOf, type LakeTable, openTable } from '../table/lake-table.ts';
import { movePointer, type Pointer, type ReadPointer, type TableState } from '../table/pointer.ts';
import type { DataFile } from '../table/schema.ts';
import type { Word } from './decide-run.ts';
import { type Bin, planCompaction } from './plan-compaction.ts';
import { rewriteBin, withBench } from './rewrite-bin.ts';
import { withWriter } from './with-writer.ts';

/** What is to be compacted. */
export interface CompactRequest {
  readonly dataset: string;
  /** Files are joined up to this size; those of half of it and more are left alone. */
  readonly targetBytes: number;
  /** Only says what would be joined. */
  readonly isDryRun: boolean;
  /** Which files become one; all that are small, month by month, unless said. */
  readonly plan?: (files: readonly DataFile[]) => readonly Bin[];
}

/** Files that became one. */
export interface CompactedBin {
  /** `YYYY-MM`. */
  readonly month: string;
  readonly rows: number;
  readonly filesBefore: number;
  readonly bytesBefore: number;
  /** Null in a dry run. */
  readonly filesAfter: number | null;
  readonly bytesAfter: number | null;
}

/** What compacting did. */
export interface Compacted {
  readonly dataset: string;
  /** Silver's snapshot before, and the one that is current now; the same where there was nothing to join. */
  readonly from: number;
  readonly to: number;
  /** Version of the pointer; 0 where nothing was ever published. */
  readonly version: number;
  readonly joined: readonly CompactedBin[];
}

/**
 * Joins a dataset's small Silver files into larger ones in one `replace` snapshot that changes no row: what was written
 * is read back, and is not committed unless it has the rows, every value of them, of what it replaces. Gold isn't made
 * anew, it only notes the snapshot; the catalog follows. Earlier snapshots go on naming the small files. Throws DataError
 * `ROWS_CHANGED` where the proof fails, and ConflictError where a run committed meanwhile.
 */
export async function compact(effects: Effects, request: CompactRequest, word: Word): Promise<Compacted> {
  const { dataset, targetBytes, isDryRun } = request;
  const contract = requireSourceContract(await loadContracts(effects.contracts), dataset);
  const read = await readKnownPointer(effects.objects, 'silver', dataset);
  const state = read?.pointer.tables.silver;
  if (read === undefined || state === undefined) return { dataset, from: 0, to: 0, version: 0, joined: [] };
  const table = await openTable(effects.objects, state);
  const { plan = (files) => planCompaction(files, targetBytes) } = request;
  const bins = plan(await filesOf(table));
  const { snapshot_id: from, version } = read.pointer;
  if (bins.length === 0 && !isDryRun) await followCatalog(effects, contract);
  if (bins.length === 0 || isDryRun)
    return { dataset, from, to: from, version, joined: bins.map((bin) => binOf(bin)) };
  const id = newRunId(effects.clock.now());
  const work = { effects, contract, table, read, id };
  return withWriter(effects, { dataset, id, kind: 'compaction' }, async () => {
    const written = await rewriteBins(work, bins);
    const pointer = await commitBins(work, bins, written.flat());
    const { snapshot_id: to } = pointer;
    const joined = bins.map((bin, n) => binOf(bin, written[n]));
    const details = { from, to, version: pointer.version, joined };
    await recordDecision(effects, { id, kind: 'compacted', dataset, ...word, runId: null, details });
    await followCatalog(effects, contract);
    await refreshGold({ dataset, runId: id }, effects);
    return { dataset, from, to, version: pointer.version, joined };
  });
}

const sum = (files: readonly DataFile[], of: (file: DataFile) => number): number =>
  files.reduce((total, file) => total + of(file), 0);

function binOf({ month, files }: Bin, written?: readonly DataFile[]): CompactedBin {
  return {
    month: month === undefined ? '' : monthLabel(month),
    rows: sum(files, (file) => file.recordCount),
    filesBefore: files.length,
    bytesBefore: sum(files, (file) => file.sizeBytes),
    filesAfter: written?.length ?? null,
    bytesAfter: written === undefined ? null : sum(written, (file) => file.sizeBytes),
  };
}

interface Work {
  readonly effects: Effects;
  readonly contract: SourceContract;
  readonly table: LakeTable;
  readonly read: ReadPointer;
  readonly id: string;
}

/** Writes each bin's rows as one file and proves that they are the same. */
function rewriteBins(
  { effects, contract, table, read, id }: Work,
  bins: readonly Bin[],
): Promise<DataFile[][]> {
  const root = runFolder(table.root, read.pointer.contract_version, id);
  const bounded = boundedColumns(contract, 'silver');
  return withBench(effects, `compact-${id}`, async (bench) => {
    const written: DataFile[][] = [];
    for (const [n, { files }] of bins.entries())
      written.push(await rewriteBin(files, { table, root, part: compactedPart(n), bounded }, bench));
    return written;
  });
}

/** The replacing snapshot of Silver, and one of the ledger that says which states belong together. */
async function commitBins(
  { effects, table, read, id }: Work,
  bins: readonly Bin[],
  add: readonly DataFile[],
): Promise<Pointer> {
  const { objects } = effects;
  const { pointer, etag } = read;
  const { dataset, run_id, seal_digest, contract_version, contract_digest } = pointer;
  const now = effects.clock.now();
  const committed_at = now.toISOString();
  const version = pointer.version + 1;
  const state = { dataset, version, run_id, seal_digest, contract_version, contract_digest, committed_at };
  const summary = { 'assay.run-id': id };
  const common = { objects, nowMs: now.getTime() };
  const silver = await commitTable({
    ...common,
    table,
    keyPrefix: metadataFolder(table.root),
    add,
    remove: new Set(bins.flatMap(({ files }) => files.map(({ key }) => key))),
    operation: 'replace',
    attempt: `silver:${id}:${etag}`,
    summary,
  });
  const tables: Record<string, TableState> = { ...pointer.tables, silver };
  const { source_files: before, ...others } = tables;
  if (before === undefined)
    throw new DataError('POINTER_DAMAGED', `The pointer of ${dataset} names no ledger.`);
  const ledger = await openTable(objects, before);
  const source_files = await commitTable({
    ...common,
    table: ledger,
    keyPrefix: metadataFolder(ledger.root),
    add: [],
    remove: new Set(),
    attempt: `source_files:${id}:${etag}`,
    summary: { ...summary, ...stateSummary(state, others) },
  });
  const { snapshot_id, metadata_location } = silver;
  const moved = { ...state, execution: id, snapshot_id, metadata_location };
  const next: Pointer = { ...pointer, ...moved, tables: { ...tables, source_files } };
  await movePointer(objects, 'silver', next, etag);
  return next;
}
