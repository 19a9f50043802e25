import { type Engine, readParquet } from '../engine/engine.ts';
import { literal } from '../engine/sql.ts';
import { releasesPrefix, retryOf } from '../naming/decisions.ts';
import type { Effects } from '../ports.ts';
import { lastReads } from '../refining/prior-failures.ts';
import type { DatasetTables } from '../stages/dataset-tables.ts';
import { type Plan, replacedFiles } from '../stages/documents.ts';
import type { Pointer } from '../table/pointer.ts';
import {
  CONDEMNED_CODE,
  failuresSql,
  isCurrentSql,
  loadReplaced,
  OWN_FAILURE_SQL,
  UNREAD_SQL,
} from './current-rejects.ts';
import { loadRehashed } from './rehashed.ts';
import { loadReleases } from './retry-files.ts';

/** A run, some of whose records may have been released. */
export interface ReleaseOptions {
  readonly plan: Plan;
  readonly tables: Pick<DatasetTables, 'paths'>;
  readonly base: Pointer | undefined;
}

/**
 * Removes from `prior` what was before a record's release: it has all its attempts again, and is condemned only if that
 * happened since. Costs nothing if nothing was ever released.
 */
export async function forgetReleased(
  engine: Engine,
  effects: Effects,
  { plan, tables, base }: ReleaseOptions,
): Promise<void> {
  const objects = await effects.objects.list(releasesPrefix(plan.dataset));
  if (objects.length === 0) return;
  await loadRehashed(engine, effects, base);
  await loadReleases(engine, effects, plan.dataset);
  await engine.run(
    'CREATE OR REPLACE TEMP TABLE released AS SELECT row_hash, max(released_at) AS released_at FROM releases_now GROUP BY ALL',
  );
  const reads = await lastReads(tables);
  await loadReplaced(engine, replacedFiles(plan));
  await engine.run('DELETE FROM prior WHERE row_hash IN (SELECT row_hash FROM released)');
  const isCarried = base?.generation_run === undefined ? 'false' : `run_id = ${literal(base.generation_run)}`;
  for (const layer of ['quarantine', 'condemned'] as const) {
    const files = await tables.paths(layer);
    if (files.length === 0) continue;
    const codes = 'list_transform(reasons, lambda x: x.code)';
    await engine.run(
      `INSERT INTO prior SELECT row_hash, ${failuresSql(`NOT list_contains(${codes}, '${CONDEMNED_CODE}') AND NOT ${UNREAD_SQL}`, isCarried)},
         ${failuresSql(`${OWN_FAILURE_SQL} AND NOT list_contains(${codes}, '${CONDEMNED_CODE}')`, isCarried)}, ${layer === 'condemned' ? `bool_or(${OWN_FAILURE_SQL})` : 'false'}
       FROM ${readParquet(files)} AS r JOIN released USING (row_hash) LEFT JOIN (${reads}) USING (source_file_id)
       WHERE ingestion_timestamp > released_at AND ${isCurrentSql('now')} GROUP BY row_hash`,
    );
  }
  await engine.run(
    `CREATE OR REPLACE TABLE prior AS SELECT row_hash, CAST(sum(failures) AS INTEGER) AS failures,
       CAST(sum(own_failures) AS INTEGER) AS own_failures, bool_or(condemned) AS condemned FROM prior GROUP BY row_hash`,
  );
}

/**
 * Gives a retried record the failures of the record that it was: a correction changes its hash, but doesn't make it
 * new. Needs `rejects` and `prior`.
 */
export async function inheritFailures(engine: Engine, effects: Effects, plan: Plan): Promise<void> {
  for (const { key, sourceFileId } of plan.files) {
    const retry = retryOf(plan.dataset, key);
    if (retry === undefined) continue;
    const origins = readParquet([await effects.data.localPath(retry.origins)]);
    await engine.run(
      `CREATE OR REPLACE TEMP TABLE inherited AS SELECT rejects.row_hash, CAST(max(o.failures) AS INTEGER) AS failures, CAST(max(o.own_failures) AS INTEGER) AS own_failures
       FROM rejects JOIN ${origins} AS o USING (source_row_number) WHERE rejects.source_file_id = ${literal(sourceFileId)} GROUP BY rejects.row_hash`,
    );
    await engine.run(
      `UPDATE prior SET failures = greatest(prior.failures, inherited.failures), own_failures = greatest(prior.own_failures, inherited.own_failures)
       FROM inherited WHERE inherited.row_hash = prior.row_hash`,
    );
    await engine.run('INSERT INTO prior SELECT *, false FROM inherited ANTI JOIN prior USING (row_hash)');
  }
}
