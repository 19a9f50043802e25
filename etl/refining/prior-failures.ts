import { type Engine, readParquet, textOf } from '../engine/engine.ts';
import { literal } from '../engine/sql.ts';
import {
  isCurrentSql,
  lastReadsSql,
  loadReplaced,
  OWN_FAILURE_SQL,
  UNREAD_SQL,
} from '../quarantine/current-rejects.ts';
import type { DatasetTables } from '../stages/dataset-tables.ts';

const LAYERS = ['quarantine', 'condemned'] as const;

/** Where to look for what failed before. */
export interface PriorOptions {
  readonly tables: Pick<DatasetTables, 'paths'>;
  /** source_file_ids of files that are read again now: what failed in them before doesn't count. */
  readonly replaced: readonly string[];
  /** The migration's run, whose rows carry earlier failures; undefined without a migration. */
  readonly carriedRun: string | undefined;
}

/**
 * Makes the table `prior`, which all lanes see (row_hash, failures, own_failures, condemned): in how many sealed runs
 * each record failed, in how many by itself, and whether it was condemned for that. Failures in files that were read
 * again since don't count. `among`, a SELECT of row_hash, limits the records; all where it is absent. Returns whether
 * any failed.
 */
export async function loadPriorFailures(
  engine: Engine,
  { tables, replaced, carriedRun }: PriorOptions,
  among?: string,
): Promise<boolean> {
  await engine.run(
    'CREATE OR REPLACE TABLE prior (row_hash VARCHAR, failures INTEGER, own_failures INTEGER, condemned BOOLEAN)',
  );
  const selects: string[] = [];
  for (const layer of LAYERS) {
    const paths = await pathsWith(engine, await tables.paths(layer), among);
    if (paths.length === 0) continue;
    selects.push(
      `SELECT row_hash, run_id, CASE WHEN ${UNREAD_SQL} THEN 0 ${carriedRun === undefined ? '' : `WHEN run_id = ${literal(carriedRun)} THEN attempt_count `}ELSE 1 END AS n, ${OWN_FAILURE_SQL} AS own, ${layer === 'condemned'} AS condemned, source_file_id, reasons FROM ${readParquet(paths)}`,
    );
  }
  if (selects.length === 0) return false;
  await loadReplaced(engine, replaced);
  const meant = among === undefined ? '' : `AND row_hash IN (${among})`;
  // Grouped twice: counting distinct runs in one go takes six times as long.
  await engine.run(
    `INSERT INTO prior SELECT row_hash, sum(n), coalesce(sum(n) FILTER (own), 0), bool_or(condemned) FROM (
       SELECT row_hash, run_id, max(n) AS n, bool_or(own) AS own, bool_or(own AND condemned) AS condemned
       FROM (${selects.join(' UNION ALL ')}) AS r LEFT JOIN (${await lastReads(tables)}) USING (source_file_id)
       WHERE ${isCurrentSql('now')} ${meant} GROUP BY row_hash, run_id
     ) GROUP BY row_hash`,
  );
  return true;
}

/** Those of the files that hold any such record: their reasons take ten times as long to read as their hashes. */
async function pathsWith(
  engine: Engine,
  paths: readonly string[],
  among: string | undefined,
): Promise<readonly string[]> {
  if (among === undefined || paths.length === 0) return paths;
  const rows = await engine.rows(
    `SELECT DISTINCT filename AS path FROM read_parquet([${paths.map(literal).join(', ')}], filename = true, hive_partitioning = false)
     WHERE row_hash IN (${among}) ORDER BY path`,
  );
  return rows.map((row) => textOf(row, 'path'));
}

/**
 * Earlier failures, for lanes whose records are nearly all new. Keeps only the hashes of all that failed; the first
 * time that one returns, makes `prior` for all of them.
 */
export class PriorFailures {
  readonly #engine: Engine;
  readonly #options: PriorOptions;
  readonly #hasAny: boolean;
  #loaded: Promise<boolean> | undefined;

  private constructor(engine: Engine, options: PriorOptions, hasAny: boolean) {
    this.#engine = engine;
    this.#options = options;
    this.#hasAny = hasAny;
  }

  /** Reads the hashes of everything in quarantine and condemned. */
  static async open(engine: Engine, options: PriorOptions): Promise<PriorFailures> {
    const paths = (await Promise.all(LAYERS.map((layer) => options.tables.paths(layer)))).flat();
    if (paths.length > 0)
      await engine.run(
        `CREATE OR REPLACE TABLE failed_before AS SELECT hash(row_hash) AS h$ FROM ${readParquet(paths)}`,
      );
    return new PriorFailures(engine, options, paths.length > 0);
  }

  /** Whether a record of a SELECT of row_hash may have failed before; if so, the table `prior` is there. */
  async hasAnyOf(lane: Engine, select: string): Promise<boolean> {
    if (!this.#hasAny) return false;
    const again = await lane.rows(
      `SELECT 1 FROM (${select}) WHERE hash(row_hash) IN (SELECT h$ FROM failed_before) LIMIT 1`,
    );
    if (again.length === 0) return false;
    this.#loaded ??= loadPriorFailures(this.#engine, this.#options);
    return await this.#loaded;
  }
}

/** `lastReadsSql` of the dataset's ledger. */
export async function lastReads(tables: Pick<DatasetTables, 'paths'>): Promise<string> {
  const paths = await tables.paths('source_files');
  return lastReadsSql(paths.length === 0 ? NO_LEDGER : readParquet(paths));
}

const NO_LEDGER =
  '(SELECT NULL::VARCHAR AS source_file_id, NULL::VARCHAR AS run_id, NULL::TIMESTAMPTZ AS processed_at, NULL::VARCHAR AS status WHERE false)';
