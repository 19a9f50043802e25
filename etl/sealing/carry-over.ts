import { join } from 'node:path';
import { type Engine, readParquet, textOf } from '../engine/engine.ts';
import { literal } from '../engine/sql.ts';
import { retryOf } from '../naming/decisions.ts';
import { migrationHashesKey } from '../naming/generations.ts';
import { vaultOf } from '../personal/vault-of.ts';
import type { Effects, Scratch } from '../ports.ts';
import {
  CONDEMNED_CODE,
  isCurrentSql,
  loadReplaced,
  OWN_FAILURE_SQL,
} from '../quarantine/current-rejects.ts';
import { loadRehashed } from '../quarantine/rehashed.ts';
import { loadReleases } from '../quarantine/retry-files.ts';
import { lastReads } from '../refining/prior-failures.ts';
import { loadAdopted, readAdoption } from '../stages/adopted-files.ts';
import type { DatasetTables } from '../stages/dataset-tables.ts';
import type { Plan } from '../stages/documents.ts';
import type { Adoption } from '../stages/migration-documents.ts';
import type { Pointer } from '../table/pointer.ts';
import type { DataFile } from '../table/schema.ts';
import type { HeldFiles } from './held-files.ts';

/** What carrying over needs. */
export interface CarryInput {
  readonly engine: Engine;
  readonly effects: Effects;
  readonly scratch: Scratch;
  readonly plan: Plan;
  /** What readers see: the generation that the new one is made after. */
  readonly published: Pointer;
  /** Its tables; Silver isn't asked for. */
  readonly tables: DatasetTables;
  /** Silver's new files. */
  readonly files: readonly DataFile[];
  readonly held: HeldFiles;
}

/**
 * Carries a generation's failures into its migration. Matches records by place in the source file, since hashes may
 * change. Makes `prior`, so that the migration counts no attempt and people's condemnations stay, and stores which hash
 * became which. Needs `rejects`.
 */
export async function carryOver(input: CarryInput): Promise<void> {
  await loadOldRejects(input);
  // First with the hashes that readers see, by which releases are counted.
  await loadRehashed(input.engine, input.effects, input.published);
  await findCarried(input);
  const adoption = await readAdoption(input.effects, input.plan);
  if (adoption !== undefined) await nameSealedFiles(input.engine, adoption);
  await findRehashed(input);
  if (adoption !== undefined) await withoutClearValues(input);
  await storeRehashed(input);
  await input.engine.run(
    `CREATE OR REPLACE TABLE prior AS SELECT coalesce(new_hash, row_hash) AS row_hash, CAST(max(failures) - 1 AS INTEGER) AS failures,
       CAST(max(own_failures) - 1 AS INTEGER) AS own_failures, bool_or(by_person) AS condemned
     FROM carried LEFT JOIN rehashed ON old_hash = row_hash GROUP BY 1`,
  );
  // A first failure in a migration is no failed delivery.
  await input.engine.run(
    'INSERT INTO prior SELECT DISTINCT row_hash, -1, -1, false FROM rejects WHERE row_hash NOT IN (SELECT row_hash FROM prior)',
  );
}

/** Makes `old_rejects`: all that ever failed in the generation before. */
async function loadOldRejects({ engine, tables }: CarryInput): Promise<void> {
  const columns =
    'row_hash, source_file_id, source_file, source_row_number, source_line, attempt_count, ingestion_timestamp, run_id, contract_version, reasons, record, raw_text';
  const selects: string[] = [];
  for (const layer of ['quarantine', 'condemned'] as const) {
    const paths = await tables.paths(layer);
    if (paths.length > 0)
      selects.push(`SELECT ${columns}, ${layer === 'condemned'} AS is_condemned FROM ${readParquet(paths)}`);
  }
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE old_rejects AS ${selects.length === 0 ? NO_REJECTS : selects.join(' UNION ALL BY NAME ')}`,
  );
}

const NO_REJECTS = `SELECT ''::VARCHAR AS row_hash, '' AS source_file_id, '' AS source_file, 0::BIGINT AS source_row_number, 0::BIGINT AS source_line, 0 AS attempt_count,
  NULL::TIMESTAMPTZ AS ingestion_timestamp, '' AS run_id, '' AS contract_version,
  []::STRUCT("rule" VARCHAR, "column" VARCHAR, code VARCHAR, "value" VARCHAR)[] AS reasons, '' AS record, '' AS raw_text, false AS is_condemned WHERE false`;

/** Names the files that old rejects are of as they are called since they were sealed. */
async function nameSealedFiles(engine: Engine, adoption: Adoption): Promise<void> {
  await loadAdopted(engine, adoption);
  await engine.run(
    'UPDATE old_rejects SET source_file_id = to_id, source_file = to_key FROM adopted WHERE from_id = source_file_id',
  );
}

/**
 * Gives the old rejects what their records say now, where they are sealed: nothing where that is not known yet, which is
 * not the same as a record that was let go. Adds to `rehashed` what stands for each
 * earlier hash in the documents that an adoption seals: by a plain hash, values could be guessed.
 */
async function withoutClearValues({ engine, effects, plan }: CarryInput): Promise<void> {
  const kept = `list_filter(o.reasons, lambda r: r.code = '${CONDEMNED_CODE}')`;
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE old_rejects AS
     SELECT o.* REPLACE (CASE WHEN o.record IS NULL AND o.raw_text IS NULL THEN NULL ELSE n.record END AS record, CASE WHEN o.record IS NULL AND o.raw_text IS NULL THEN NULL WHEN n.record IS NULL THEN coalesce(n.raw_text, '') ELSE n.raw_text END AS raw_text, coalesce(n.source_line, o.source_line) AS source_line,
       list_concat(coalesce(n.reasons, []), ${kept}) AS reasons)
     FROM old_rejects AS o LEFT JOIN (SELECT source_file_id, source_row_number, any_value(record) AS record, any_value(raw_text) AS raw_text,
       any_value(source_line) AS source_line, any_value(reasons) AS reasons FROM rejects GROUP BY ALL) AS n USING (source_file_id, source_row_number)`,
  );
  const hashes = (
    await engine.rows('SELECT old_hash FROM rehashed UNION SELECT row_hash FROM old_rejects ORDER BY ALL')
  ).map((row) => textOf(row, 'old_hash'));
  if (hashes.length === 0) return;
  const names = await vaultOf(effects).fileNames(plan.dataset, hashes);
  await engine.run('CREATE OR REPLACE TEMP TABLE hash_names (old_hash VARCHAR, name VARCHAR)');
  await engine.append(
    'hash_names',
    hashes.map((hash, n) => [hash, names[n] ?? '']),
  );
  await engine.run(
    'INSERT INTO rehashed SELECT name, coalesce(new_hash, old_hash) FROM hash_names LEFT JOIN rehashed USING (old_hash)',
  );
}

/** Makes `rehashed` from any earlier hash to the current one. */
async function findRehashed(input: CarryInput): Promise<void> {
  const { engine, files, held } = input;
  await engine.run(
    'CREATE OR REPLACE TEMP TABLE passed_now (source_file_id VARCHAR, source_row_number BIGINT, row_hash VARCHAR)',
  );
  for (const batch of held.batches(files))
    await engine.run(
      `INSERT INTO passed_now SELECT source_file_id, source_row_number, row_hash FROM ${readParquet(await held.paths(batch))} SEMI JOIN old_rejects USING (source_file_id, source_row_number)`,
    );
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE rehashed_now AS SELECT DISTINCT o.row_hash AS old_hash, n.row_hash AS new_hash
     FROM old_rejects AS o JOIN (SELECT source_file_id, source_row_number, row_hash FROM rejects UNION ALL SELECT * FROM passed_now) AS n USING (source_file_id, source_row_number)
     WHERE o.row_hash <> n.row_hash`,
  );
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE rehashed AS
     SELECT r.old_hash, coalesce(n.new_hash, r.new_hash) AS new_hash FROM rehashed AS r LEFT JOIN rehashed_now AS n ON n.old_hash = r.new_hash
     UNION SELECT old_hash, new_hash FROM rehashed_now`,
  );
}

/** Stores which hash became which, for later use. */
async function storeRehashed({ engine, effects, scratch, plan }: CarryInput): Promise<void> {
  const path = join(scratch.directory, 'hashes.parquet');
  await engine.run(
    `COPY (SELECT * FROM rehashed ORDER BY ALL) TO ${literal(path)} (FORMAT parquet, COMPRESSION zstd)`,
  );
  await effects.data.publish(path, migrationHashesKey(plan.dataset, plan.runId));
}

/** Makes `carried`: of each hash of before how often it failed since its last release, and whether a person condemned it. */
async function findCarried({ engine, effects, plan, tables }: CarryInput): Promise<void> {
  await loadReplaced(engine, []);
  await loadReleases(engine, effects, plan.dataset);
  const byPerson = `list_contains(list_transform(reasons, lambda x: x.code), '${CONDEMNED_CODE}')`;
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE carried AS
     SELECT row_hash, coalesce(max(attempt_count) FILTER (NOT by_person$), 0) AS failures,
       coalesce(max(attempt_count) FILTER (own$ AND NOT by_person$), 0) AS own_failures, bool_or(by_person$) AS by_person
     FROM (
       SELECT r.row_hash, r.attempt_count, ${byPerson} AS by_person$, ${OWN_FAILURE_SQL} AS own$
       FROM old_rejects AS r LEFT JOIN (${await lastReads(tables)}) USING (source_file_id)
         LEFT JOIN (SELECT row_hash, max(released_at) AS released_at FROM releases_now GROUP BY row_hash) AS l ON l.row_hash = r.row_hash
       WHERE ${isCurrentSql('now')} AND (released_at IS NULL OR r.ingestion_timestamp > released_at)
     ) GROUP BY row_hash`,
  );
}

/** SELECT of the rows by which persons condemned records, with the hashes of now: they stay for good. Needs `carryOver`. */
export function condemnedByPersonsSql(): string {
  return `SELECT coalesce(new_hash, row_hash) AS row_hash, source_file_id, source_file, source_row_number, source_line, attempt_count, ingestion_timestamp,
      run_id, contract_version, reasons, record, raw_text
    FROM old_rejects LEFT JOIN rehashed ON old_hash = row_hash
    WHERE is_condemned AND list_contains(list_transform(reasons, lambda x: x.code), '${CONDEMNED_CODE}')`;
}

/**
 * SELECT of the places (source_file_id, source_row_number) of records that are in a migration's Silver files, but were
 * retried since with what people corrected, where a later try is there, too: that one stays. Undefined without retries.
 */
export async function retriedSince({
  engine,
  effects,
  plan,
  files,
  held,
}: CarryInput): Promise<string | undefined> {
  const tries: string[] = [];
  for (const { key, sourceFileId, index, repeatOf } of plan.files) {
    const retry = repeatOf === undefined ? retryOf(plan.dataset, key) : undefined;
    if (retry === undefined) continue;
    const from = readParquet([await effects.data.localPath(retry.origins)]);
    tries.push(
      `SELECT origin_file_id, origin_row_number, ${literal(sourceFileId)} AS source_file_id, source_row_number, ${index} AS n FROM ${from}`,
    );
  }
  if (tries.length === 0 || files.length === 0) return undefined;
  const all = tries.join(' UNION ALL ');
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE tries AS SELECT * FROM (${all})
     UNION SELECT origin_file_id, origin_row_number, origin_file_id, origin_row_number, -1 FROM (${all})`,
  );
  await engine.run(
    'CREATE OR REPLACE TEMP TABLE tried_now (source_file_id VARCHAR, source_row_number BIGINT)',
  );
  for (const batch of held.batches(files))
    await engine.run(
      `INSERT INTO tried_now SELECT source_file_id, source_row_number FROM ${readParquet(await held.paths(batch))} SEMI JOIN tries USING (source_file_id, source_row_number)`,
    );
  return `SELECT source_file_id, source_row_number FROM tries SEMI JOIN tried_now USING (source_file_id, source_row_number)
    QUALIFY row_number() OVER (PARTITION BY origin_file_id, origin_row_number ORDER BY n DESC) > 1`;
}
