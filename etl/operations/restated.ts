import { join } from 'node:path';
import { loadContracts } from '../contract/load-contracts.ts';
import { madeOf } from '../contract/made-of.ts';
import { textOf, withEngine } from '../engine/engine.ts';
import { FIGURE_SQL, type Figure, figureOf } from '../gold/figures.ts';
import { restatementsSql } from '../gold/restatements-sql.ts';
import { restatementsKey } from '../naming/closings.ts';
import type { Effects } from '../ports.ts';
import type { RunInput } from '../stages/stage.ts';

/** A published figure that a run changed. */
export interface Restatement extends Figure {
  readonly report: string;
  /** Whether the month was over when the old value was published: then people were told. */
  readonly isTold: boolean;
}

/** What a run changed of published figures, and what it would have changed were their months not closed. */
export interface RunChanges {
  readonly restated: readonly Restatement[];
  /** Each has the id of the restatement as which it waits for a decision. */
  readonly waiting: readonly Restatement[];
}

/** A run changed nothing. */
export const NO_CHANGES: RunChanges = { restated: [], waiting: [] };

/**
 * Every published value of Gold and projections that a run of a dataset restated, and those of closed months that wait since it, by report,
 * month and key. Values that only some may see
 * are not among them; ops.restatements has them.
 */
export async function restatedBy(effects: Effects, { dataset, runId }: RunInput): Promise<RunChanges> {
  const { contracts } = await loadContracts(effects.contracts);
  const paths: string[] = [];
  for (const contract of contracts.values()) {
    if (!madeOf(contract).includes(dataset)) continue;
    const key = restatementsKey(contract.dataset, runId);
    if ((await effects.objects.list(key)).length > 0) paths.push(await effects.data.localPath(key));
  }
  if (paths.length === 0) return NO_CHANGES;
  const scratch = await effects.openScratch('restated');
  try {
    return await withEngine(effects.engine, join(scratch.directory, 'spill'), async (engine) => {
      const rows = await engine.rows(
        `SELECT dataset, ${FIGURE_SQL}, was_over FROM (${restatementsSql(paths)}) ORDER BY ALL`,
      );
      const all = rows.map((row) => {
        const report = textOf(row, 'dataset');
        const figure = figureOf(row, contracts.get(report) ?? { columns: [] });
        return { report, ...figure, isTold: row.was_over === true };
      });
      return {
        restated: all.filter(({ waits }) => waits === undefined),
        waiting: all.filter(({ waits }) => waits !== undefined),
      };
    });
  } finally {
    await scratch.dispose();
  }
}
