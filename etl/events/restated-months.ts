import { join } from 'node:path';
import { integerOf, textOf, withEngine } from '../engine/engine.ts';
import { restatementsSql } from '../gold/restatements-sql.ts';
import { restatementsKey } from '../naming/closings.ts';
import type { Effects } from '../ports.ts';
import type { GoldPart } from './published-event.ts';
import type { TableChange } from './table-change.ts';

/** By month, how many published figures of a Gold table were restated by what changed it. */
export async function restatedMonths(
  effects: Effects,
  dataset: string,
  change: TableChange,
): Promise<GoldPart['restated']> {
  const paths: string[] = [];
  for (const runId of runsOf(change)) {
    const key = restatementsKey(dataset, runId);
    const isThere = (await effects.objects.list(key)).some((one) => one.key === key);
    if (isThere) paths.push(await effects.data.localPath(key));
  }
  if (paths.length === 0) return [];
  const scratch = await effects.openScratch('events');
  try {
    return await withEngine(effects.engine, join(scratch.directory, 'spill'), async (engine) => {
      const rows = await engine.rows(
        `SELECT strftime(as_of_month, '%Y-%m') AS month, count(*) AS figures, bool_or(was_over) AS was_over
         FROM (${restatementsSql(paths)}) WHERE waits IS NULL GROUP BY 1 ORDER BY 1`,
      );
      return rows.map((row) => ({
        month: textOf(row, 'month'),
        figures: integerOf(row, 'figures'),
        wasOver: row.was_over === true,
      }));
    });
  } finally {
    await scratch.dispose();
  }
}

/** The runs and decisions after which the table was made anew since the state that was told of. */
function runsOf({ table: { metadata }, to, before }: TableChange): Set<string> {
  // Closing a month, or keeping aside what would change it, makes no snapshot.
  if (before?.snapshot === to.snapshot) return new Set();
  const log = metadata['snapshot-log'].map((entry) => entry['snapshot-id']);
  const since = log.slice(before === null ? 0 : log.lastIndexOf(before.snapshot) + 1);
  const ids = new Set([...since, to.snapshot]);
  return new Set(
    metadata.snapshots
      .filter((one) => ids.has(one['snapshot-id']))
      .flatMap(({ summary }) => summary['assay.run-id'] ?? []),
  );
}
