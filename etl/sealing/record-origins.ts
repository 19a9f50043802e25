import { type Engine, readParquet } from '../engine/engine.ts';
import { literal } from '../engine/sql.ts';
import { tableRowsSql } from '../engine/table-rows.ts';
import { retriesPrefix, retryOf } from '../naming/decisions.ts';
import type { DataStore } from '../ports.ts';
import { loadRepeatSpans, repeatRowsSql } from '../repeats/load-repeats.ts';
import type { DatasetTables } from '../stages/dataset-tables.ts';
import type { Plan } from '../stages/documents.ts';
import { ledgerRows } from '../stages/ledger.ts';

/** Where retries' records are looked up. */
export interface OriginInput {
  readonly engine: Engine;
  readonly data: DataStore;
  readonly plan: Plan;
  readonly tables: DatasetTables;
  /** The condition under which a row (`old`) of the base's Silver files stands. */
  readonly standing: string;
}

/**
 * Makes the tables that say among which records a record's equals are counted, where its key is its values: `origins`
 * (id$, row$, origin$, origin_row$), where the records of retries first came from, and `equals_before` (file$, hash$, n$), how
 * many equal records of a file the base has already, or knows as repeats. Both are empty where no record was ever retried.
 */
export async function loadOrigins(input: OriginInput): Promise<void> {
  const { engine, data, plan } = input;
  await engine.run(
    'CREATE OR REPLACE TEMP TABLE origins (id$ VARCHAR, row$ BIGINT, origin$ VARCHAR, origin_row$ BIGINT)',
  );
  await engine.run('CREATE OR REPLACE TEMP TABLE equals_before (file$ VARCHAR, hash$ VARCHAR, n$ BIGINT)');
  const retries = new Map<string, string>();
  for (const { id, key } of [...ownRetries(plan), ...(await publishedRetries(input))]) {
    const origins = retryOf(plan.dataset, key)?.origins;
    if (origins !== undefined) retries.set(id, origins);
  }
  for (const [id, key] of retries)
    await engine.run(
      `INSERT INTO origins SELECT ${literal(id)}, source_row_number, origin_file_id, origin_row_number FROM ${readParquet([await data.localPath(key)])}`,
    );
  if (retries.size > 0) await countEquals(input);
}

interface Retry {
  readonly id: string;
  readonly key: string;
}

const ownRetries = ({ files, dataset }: Plan): Retry[] =>
  files
    .filter(({ key, repeatOf }) => repeatOf === undefined && retryOf(dataset, key) !== undefined)
    .map(({ sourceFileId, key }) => ({ id: sourceFileId, key }));

async function publishedRetries({ engine, plan, tables }: OriginInput): Promise<Retry[]> {
  if ((await tables.paths('source_files')).length === 0) return [];
  const rows = await engine.rows(
    `SELECT DISTINCT source_file_id AS id, source_file AS key FROM (${await ledgerRows(tables)})
     WHERE status = 'accepted' AND starts_with(source_file, ${literal(retriesPrefix(plan.dataset))}) ORDER BY key`,
  );
  return rows.map((row) => ({ id: String(row.id), key: String(row.key) }));
}

/** Fills `equals_before` for the files that retries are of. */
async function countEquals({ engine, data, plan, tables, standing }: OriginInput): Promise<void> {
  const silver = tableRowsSql(await tables.table('silver'), await tables.paths('silver'));
  await loadRepeatSpans(engine, { data, dataset: plan.dataset, ledger: await ledgerRows(tables) });
  const rowsOf = `SELECT source_file_id AS id$, source_row_number AS row$, row_hash AS hash$ FROM (${silver}) AS old WHERE ${standing}`;
  const ofOrigins = 's.source_file_id IN (SELECT origin$ FROM origins UNION SELECT id$ FROM origins)';
  const twins = `SELECT r.source_file_id, r.source_row_number, s.hash$ FROM (${repeatRowsSql(ofOrigins)}) AS r
    JOIN (${rowsOf}) AS s ON s.id$ = r.twin_file_id AND s.row$ = r.twin_row_number`;
  await engine.run(
    `INSERT INTO equals_before SELECT file$, hash$, count(*) FROM (
       SELECT coalesce(o.origin$, p.id$) AS file$, p.hash$ FROM (${rowsOf} UNION ALL (${twins})) AS p
         LEFT JOIN origins AS o ON o.id$ = p.id$ AND o.row$ = p.row$
     ) WHERE file$ IN (SELECT origin$ FROM origins) GROUP BY ALL`,
  );
}
