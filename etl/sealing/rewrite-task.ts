import type { SourceContract } from '../contract/contract.ts';
import { type Engine, readParquet } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';
import { tableRowsSql } from '../engine/table-rows.ts';
import { DataError } from '../errors.ts';
import { loadReplaced } from '../quarantine/current-rejects.ts';
import { replacedFiles } from '../stages/documents.ts';
import type { RewriteResult, RewriteTask } from '../stages/rewrite-documents.ts';
import type { RunContext } from '../stages/run-context.ts';
import { LEFT_OUT_SQL } from './exclusions.ts';
import { keyIdentifiers, leavesBaseSql, markOf, PLACE_COLUMNS } from './leaving.ts';
import { type NumberedFile, type RewriteTarget, rewriteWithout } from './rewrite.ts';

/**
 * Does one task, and says which files lost rows, and what took their place. Throws DataError `LEAVING_CHANGED` where the list
 * of what leaves isn't the one that seal wrote.
 */
export async function rewriteTask(
  { plan, contract }: Pick<RunContext, 'plan' | 'contract'>,
  task: RewriteTask,
  target: Omit<RewriteTarget, 'partPrefix'>,
): Promise<RewriteResult['files']> {
  const replaced = replacedFiles(plan);
  const files = task.files.map(({ n, ...file }) => ({ n, file }));
  if (task.kind === 'base' && replaced.length > 0) await loadReplaced(target.engine, replaced);
  if (task.leaving !== undefined) await loadLeaving(contract, { task, files, target });
  const condition =
    task.kind === 'run'
      ? LEFT_OUT_SQL
      : leavesBaseSql(contract, {
          isReplacing: replaced.length > 0,
          isSuperseding: task.leaving !== undefined,
        });
  if (condition === undefined) return [];
  const { partPrefix } = task;
  const rewritten = await rewriteWithout(condition, files, { ...target, partPrefix });
  return rewritten.map(({ n, left, made }) => ({ n, left, made: [...made] }));
}

/** A task, its files and where they are written. */
interface Loading {
  readonly task: RewriteTask;
  readonly files: readonly NumberedFile[];
  readonly target: Omit<RewriteTarget, 'partPrefix'>;
}

/** Makes `left_out`, or `superseded`, of what leaves the task's files. */
async function loadLeaving(contract: SourceContract, { task, files, target }: Loading): Promise<void> {
  const { engine, data } = target;
  const { key = '', rows = 0, sum = '0' } = task.leaving ?? {};
  const path = await data.localPath(key);
  const list = readParquet([path]);
  const columns = task.kind === 'run' ? PLACE_COLUMNS : keyIdentifiers(contract);
  const found = await markOf(engine, list, columns);
  if (found.rows !== rows || found.sum !== sum)
    throw new DataError(
      'LEAVING_CHANGED',
      `${key} isn't as seal wrote it: it lists ${found.rows} rows instead of ${rows}, or others. Nothing was published; the files are taken up by the next run.`,
      { context: { key, rows: found.rows, wanted: rows } },
    );
  if (task.kind === 'run') await loadPlaces(engine, list);
  else await loadSuperseded(contract, { list, files, target });
  await data.releasePath?.(path);
}

/** Makes `left_out`, and of it `excluded` and `stays`, as findExclusions does. */
async function loadPlaces(engine: Engine, list: string): Promise<void> {
  const place = 'source_file_id, source_row_number';
  await engine.run(`CREATE OR REPLACE TEMP TABLE left_out AS SELECT ${place} FROM ${list}`);
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE excluded AS SELECT ${place}, code FROM ${list} WHERE code IS NOT NULL`,
  );
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE stays AS SELECT ${place}, event FROM ${list} WHERE event IS NOT NULL`,
  );
}

/** Only the keys that the task's files have: the list may be of the whole base's. */
async function loadSuperseded(
  { key }: SourceContract,
  { list, files, target }: Omit<Loading, 'task'> & { readonly list: string },
): Promise<void> {
  const { engine, held, table } = target;
  await engine.run(`CREATE OR REPLACE TEMP TABLE superseded AS SELECT * FROM ${list} WHERE false`);
  const same = key.map((name) => `list.${identifier(name)} IS NOT DISTINCT FROM old.${identifier(name)}`);
  for (const batch of held.batches(files.map(({ file }) => file)))
    await engine.run(
      `INSERT INTO superseded SELECT * FROM ${list} AS list
       WHERE EXISTS (SELECT 1 FROM (${tableRowsSql(table, await held.paths(batch))}) AS old WHERE ${same.join(' AND ')})`,
    );
}
