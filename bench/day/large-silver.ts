import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { initLake, openLake } from '../../adapters/local/lake.ts';
import type { SourceContract } from '../../etl/contract/contract.ts';
import { loadContracts, requireSourceContract } from '../../etl/contract/load-contracts.ts';
import { bronzeKey } from '../../etl/naming/bronze.ts';
import { commitTables } from '../../etl/stages/commit-tables.ts';
import { openDatasetTables } from '../../etl/stages/dataset-tables.ts';
import { CHUNK_BYTES } from '../../etl/stages/make-plan.ts';
import { movePointer, readPointer } from '../../etl/table/pointer.ts';
import type { DataFile } from '../../etl/table/schema.ts';
import { runWorkflow } from '../fleet/run-workflow.ts';
import { type StageUse, useOfStages } from '../fleet/stage-use.ts';
import { openWorkerPool } from '../fleet/worker-pool.ts';
import { generateFile } from '../generate.ts';
import { DATASET, type DayOptions } from './day-of-runs.ts';

/** Rows that are added. */
export const NEW_ROWS = 1_000_000;

/** What a segment of 48 MiB leaves in a month; files of one commit; months that the table spreads over. */
const ROWS_PER_FILE = 500_000;
const FILES_PER_COMMIT = 10;
const MONTHS = 100;
/** The table's first month, 1970 being 0: January 2016. */
const FIRST_MONTH = 46 * 12;

type TableOptions = Omit<DayOptions, 'gigabytes' | 'runs'>;
type Opened = Awaited<ReturnType<typeof openLake>>;

/** What each stage of a run takes that adds a million rows of the newest month to a table of so many. */
export async function measureLargeTable(
  rows: number,
  { workers, memoryMb, contractsDir, sqlDir, folder, script }: TableOptions,
): Promise<{ readonly stages: readonly StageUse[]; readonly files: number }> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const root = join(folder, 'lake');
  await initLake(root);
  const lake = await openLake(root, { contractsDir, sqlDir });
  const pool = await openWorkerPool(workers, script, {
    ...{ lake: root, contractsDir, sqlDir, memoryMb, folder: join(folder, 'disks') },
    ...{ chunkBytes: CHUNK_BYTES, diskMb: 10_240 },
  });
  try {
    const run = async (size: { rows: number; firstRow: number; firstMonth: number }): Promise<StageUse[]> => {
      const file = join(folder, 'new.csv');
      generateFile({ ...size, seed: size.firstRow, months: 1 }, file);
      const key = bronzeKey(DATASET, '2026-01-01', `from-${size.firstRow}.csv`);
      await lake.data.addFile(file, key, { arrivedMs: Date.now() });
      const before = pool.uses.length;
      const { failure } = await runWorkflow(pool, lake.effects.objects, { dataset: DATASET, workers });
      if (failure !== undefined) throw new Error(`The run failed: ${failure}`);
      return useOfStages(pool.uses.slice(before));
    };
    // Months of generated files count from January 2024, 1970 being 648 months before.
    const monthAfter = FIRST_MONTH + MONTHS - 54 * 12;
    await run({ rows: 1000, firstRow: 0, firstMonth: monthAfter });
    const files = await addEntries(lake, rows);
    const stages = await run({ rows: NEW_ROWS, firstRow: rows + 10_000, firstMonth: monthAfter + 1 });
    return { stages, files };
  } finally {
    pool.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Commits entries of data files that nobody wrote, as many runs would have; returns how many. */
async function addEntries(lake: Opened, rows: number): Promise<number> {
  const { effects } = lake;
  const contract = requireSourceContract(await loadContracts(effects.contracts), DATASET);
  const total = Math.ceil(rows / ROWS_PER_FILE);
  for (let first = 0; first < total; first += FILES_PER_COMMIT) {
    const numbers = Array.from({ length: Math.min(FILES_PER_COMMIT, total - first) }, (_, n) => first + n);
    await addCommit(lake, contract, { numbers, total });
  }
  return total;
}

async function addCommit(
  { effects }: Opened,
  contract: SourceContract,
  { numbers, total }: { readonly numbers: readonly number[]; readonly total: number },
): Promise<void> {
  const read = await readPointer(effects.objects, 'silver', DATASET);
  if (read === undefined) throw new Error('Nothing was published before.');
  const { pointer: base, etag } = read;
  const [like] = await openDatasetTables(effects, contract, base).files('silver');
  if (like === undefined) throw new Error('Silver has no file.');
  const add = numbers.map((n) => entryLike(like, n, total));
  const state = {
    ...{ dataset: DATASET, version: base.version + 1, run_id: `entries-${numbers[0]}` },
    ...{ seal_digest: base.seal_digest, contract_version: base.contract_version },
    ...{ contract_digest: base.contract_digest, committed_at: effects.clock.now().toISOString() },
  };
  const changes = { silver: { add } };
  const tables = await commitTables(effects, { contract, base, state, attempt: state.run_id, changes });
  const { snapshot_id, metadata_location } = tables.silver;
  const next = { ...base, ...state, execution: state.run_id, snapshot_id, metadata_location, tables };
  await movePointer(effects.objects, 'silver', next, etag);
}

/** A file like this one, of a place of its own among all: ascending keys, months in turn. */
function entryLike(like: DataFile, n: number, total: number): DataFile {
  const month = FIRST_MONTH + Math.floor((n / total) * MONTHS);
  const instant = (day: number): string =>
    `${Math.floor(month / 12) + 1970}-${String((month % 12) + 1).padStart(2, '0')}-${String(day).padStart(2, '0')} 00:00:00+00`;
  const id = (row: number): string => `TXN${String(row).padStart(10, '0')}`;
  const bounds: Readonly<Record<string, readonly [string, string]>> = {
    transaction_id: [id(10_000 + n * ROWS_PER_FILE), id(10_000 + (n + 1) * ROWS_PER_FILE - 1)],
    transaction_timestamp: [instant(1), instant(28)],
  };
  const columns = Object.entries(like.columns).map(([name, stats]) => {
    const [min, max] = bounds[name] ?? [stats.min, stats.max];
    const counts = { ...stats, valueCount: ROWS_PER_FILE, nullCount: 0 };
    return [name, min === undefined || max === undefined ? counts : { ...counts, min, max }] as const;
  });
  return {
    key: like.key.replace(/[^/]+\.parquet$/, `entry-${n}.parquet`),
    ...{ recordCount: ROWS_PER_FILE, sizeBytes: 20_000_000, month },
    columns: Object.fromEntries(columns),
  };
}
