import { type Engine, readParquet } from '../engine/engine.ts';
import { identifier, literal } from '../engine/sql.ts';
import {
  correctionsPrefix,
  redrivesPrefix,
  releasesPrefix,
  retriesPrefix,
  retryOf,
} from '../naming/decisions.ts';
import type { Effects } from '../ports.ts';
import { listWithheld } from '../stages/list-sources.ts';

import { generationAt } from '../table/generations.ts';
import { readPointer } from '../table/pointer.ts';
import { loadRehashed, rehashedSql } from './rehashed.ts';

/** Where each record of a retry came from: one row a record. */
export const ORIGIN_COLUMNS = {
  source_row_number: 'BIGINT',
  row_hash: 'VARCHAR',
  origin_file_id: 'VARCHAR',
  origin_file: 'VARCHAR',
  origin_row_number: 'BIGINT',
  failures: 'BIGINT',
  own_failures: 'BIGINT',
  is_corrected: 'BOOLEAN',
} as const;

/** One value that a person corrected. */
export const CORRECTION_COLUMNS = {
  decision_id: 'VARCHAR',
  decided_by: 'VARCHAR',
  reason: 'VARCHAR',
  decided_at: 'TIMESTAMPTZ',
  row_hash: 'VARCHAR',
  source_file: 'VARCHAR',
  source_row_number: 'BIGINT',
  field: 'VARCHAR',
  old_value: 'VARCHAR',
  new_value: 'VARCHAR',
} as const;

/** A condemned record that two people gave another life. */
export const RELEASE_COLUMNS = {
  decision_id: 'VARCHAR',
  asked_by: 'VARCHAR',
  approved_by: 'VARCHAR',
  released_at: 'TIMESTAMPTZ',
  row_hash: 'VARCHAR',
} as const;

/** An event that was sent to its topic again: its record is closed, and what comes of it is another. */
export const REDRIVE_COLUMNS = {
  decision_id: 'VARCHAR',
  decided_by: 'VARCHAR',
  reason: 'VARCHAR',
  redriven_at: 'TIMESTAMPTZ',
  row_hash: 'VARCHAR',
  evidence_id: 'VARCHAR',
} as const;

/** SQL names of what loadRetryTables makes for a dataset. */
export function retryTables(
  dataset: string,
): Readonly<Record<'origins' | 'corrections' | 'releases' | 'redrives' | 'carried', string>> {
  const named = (kind: string): string => identifier(`${kind} of ${dataset}`);
  return {
    origins: named('retries'),
    corrections: named('corrections'),
    releases: named('releases'),
    redrives: named('redrives'),
    carried: named('carried'),
  };
}

/**
 * Makes five tables of a dataset, empty where there is nothing: where the records of its retries came from (with
 * retry_file_id and retry_file, and is_abandoned where the retry was refused or rolled back), what people
 * corrected, what they released, what they sent to its topic again, and the run that made its tables anew from Bronze. Records are named by the hashes that
 * they have in its tables, now or at a moment.
 */
export async function loadRetryTables(
  engine: Engine,
  effects: Effects,
  dataset: string,
  atMs?: number,
): Promise<void> {
  const tables = retryTables(dataset);
  const now = (await readPointer(effects.objects, 'silver', dataset))?.pointer;
  const seen = now && atMs !== undefined ? (generationAt(now, atMs) ?? now) : now;
  const carried = seen?.generation_run;
  await loadRehashed(engine, effects, {
    dataset,
    ...(carried === undefined ? {} : { generation_run: carried }),
  });
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE ${tables.carried} AS SELECT CAST(${carried === undefined ? 'NULL' : literal(carried)} AS VARCHAR) AS run_id`,
  );
  const selects: string[] = [];
  const abandoned = await abandonedKeys(effects, dataset);
  const listed = new Set((await effects.objects.list(retriesPrefix(dataset))).map(({ key }) => key));
  for (const key of listed) {
    const retry = retryOf(dataset, key);
    if (retry === undefined || !listed.has(retry.manifest)) continue;
    const id = await effects.data.digest(retry.manifest);
    const from = readParquet([await effects.data.localPath(retry.origins)]);
    selects.push(
      `SELECT ${literal(id)} AS retry_file_id, ${literal(key)} AS retry_file, ${abandoned.has(key)} AS is_abandoned, * FROM ${from}`,
    );
  }
  const empty = `SELECT CAST(NULL AS VARCHAR) AS retry_file_id, CAST(NULL AS VARCHAR) AS retry_file, false AS is_abandoned, ${nulls(ORIGIN_COLUMNS)} WHERE false`;
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE ${tables.origins} AS ${rehashedSql([empty, ...selects].join(' UNION ALL BY NAME '))}`,
  );
  await loadCorrections(engine, effects, dataset);
  await loadAll(engine, effects, {
    table: tables.releases,
    prefix: releasesPrefix(dataset),
    columns: RELEASE_COLUMNS,
  });
  await loadAll(engine, effects, {
    table: tables.redrives,
    prefix: redrivesPrefix(dataset),
    columns: REDRIVE_COLUMNS,
  });
}

/** Makes the table of what people corrected in a dataset. Needs `loadRehashed`. */
export function loadCorrections(engine: Engine, effects: Effects, dataset: string): Promise<void> {
  return loadAll(engine, effects, {
    table: retryTables(dataset).corrections,
    prefix: correctionsPrefix(dataset),
    columns: CORRECTION_COLUMNS,
  });
}

/** Retries that came to nothing: their records are open as if they had not been retried. */
async function abandonedKeys(effects: Effects, dataset: string): Promise<Set<string>> {
  const withheld = await listWithheld(effects, dataset);
  return new Set(withheld.filter(({ decision }) => decision !== 'held').flatMap(({ keys }) => keys));
}

interface Loading {
  readonly table: string;
  readonly prefix: string;
  readonly columns: Readonly<Record<string, string>>;
}

async function loadAll(engine: Engine, effects: Effects, { table, prefix, columns }: Loading): Promise<void> {
  const objects = await effects.objects.list(prefix);
  const paths = await Promise.all(objects.map(({ key }) => effects.data.localPath(key)));
  const rows = paths.length === 0 ? '' : ` UNION ALL BY NAME SELECT * FROM ${readParquet(paths)}`;
  const select = rehashedSql(`SELECT ${nulls(columns)} WHERE false${rows}`);
  await engine.run(`CREATE OR REPLACE TEMP TABLE ${table} AS ${select}`);
}

/** Makes the table `releases_now`: what people released. Needs `loadRehashed`. */
export function loadReleases(engine: Engine, effects: Effects, dataset: string): Promise<void> {
  return loadAll(engine, effects, {
    table: 'releases_now',
    prefix: releasesPrefix(dataset),
    columns: RELEASE_COLUMNS,
  });
}

function nulls(columns: Readonly<Record<string, string>>): string {
  return Object.entries(columns)
    .map(([name, type]) => `CAST(NULL AS ${type}) AS ${name}`)
    .join(', ');
}
