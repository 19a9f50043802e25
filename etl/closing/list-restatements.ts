import { join } from 'node:path';
import type { GoldContract } from '../contract/contract.ts';
import { loadContracts } from '../contract/load-contracts.ts';
import { type Engine, readParquet, withEngine } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';
import { FIGURE_SQL, type Figure, figureOf } from '../gold/figures.ts';
import { findRestatements } from '../gold/rebuild.ts';
import { closedRowsKey, waitingRowsKey } from '../naming/closings.ts';
import type { Effects } from '../ports.ts';
import { publishedContract } from '../stages/kept-contracts.ts';
import { type Closing, closedMonths, type Waiting } from '../table/closings.ts';
import { readPointer } from '../table/pointer.ts';
import { shapedRows } from './shaped-rows.ts';

/** A closed month whose rows Silver would change; that waits for a decision. */
export interface WaitingRestatement {
  readonly id: string;
  readonly report: string;
  /** `YYYY-MM`. */
  readonly month: string;
  /** The closing whose rows readers see. */
  readonly closing: string;
  readonly closedAt: string;
  readonly since: string;
  /** The run or decision that made the waiting rows. */
  readonly runId: string;
  readonly rows: { readonly closed: number; readonly waiting: number };
  /** Each value that would change, as it was closed and as it would be. */
  readonly figures: readonly Figure[];
}

/** Everything that waits for a decision on a closed month, of some Gold tables, by report and month. */
export async function listRestatements(
  effects: Effects,
  reports?: readonly string[],
): Promise<WaitingRestatement[]> {
  const { contracts } = await loadContracts(effects.contracts);
  const found: WaitingRestatement[] = [];
  for (const contract of contracts.values()) {
    if (contract.layer !== 'gold' || reports?.includes(contract.dataset) === false) continue;
    const pointer = (await readPointer(effects.objects, 'gold', contract.dataset))?.pointer;
    const closed = closedMonths(pointer ?? {}).filter(({ waiting }) => waiting !== undefined);
    if (closed.length > 0)
      found.push(...(await waitingOf(effects, await publishedContract(effects.objects, contract), closed)));
  }
  return found.sort((a, b) => (`${a.report} ${a.month}` < `${b.report} ${b.month}` ? -1 : 1));
}

async function waitingOf(
  effects: Effects,
  contract: GoldContract,
  closings: readonly Closing[],
): Promise<WaitingRestatement[]> {
  const scratch = await effects.openScratch('restatements');
  try {
    return await withEngine(effects.engine, join(scratch.directory, 'spill'), async (engine) => {
      const found: WaitingRestatement[] = [];
      for (const closing of closings) {
        const { waiting } = closing;
        if (waiting === undefined) continue;
        const figures = await figuresOf(engine, { effects, contract, closing, waiting });
        found.push({
          id: waiting.id,
          report: contract.dataset,
          month: closing.month,
          closing: closing.id,
          closedAt: closing.at,
          since: waiting.since,
          runId: waiting.run_id,
          rows: { closed: closing.rows, waiting: waiting.rows },
          figures,
        });
      }
      return found;
    });
  } finally {
    await scratch.dispose();
  }
}

interface Comparing {
  readonly effects: Effects;
  readonly contract: GoldContract;
  readonly closing: Closing;
  readonly waiting: Waiting;
}

async function figuresOf(
  engine: Engine,
  { effects, contract, closing, waiting }: Comparing,
): Promise<Figure[]> {
  const { dataset } = contract;
  const { month } = closing;
  const closed = await effects.data.localPath(closedRowsKey(dataset, month, closing.id));
  const fresh = await effects.data.localPath(waitingRowsKey(dataset, month, waiting.id));
  const { shared } = await shapedRows(engine, [closed], contract);
  const columns = contract.columns.filter(({ name }) => shared.includes(name));
  const names = columns.map(({ name }) => identifier(name)).join(', ');
  await engine.run(`CREATE OR REPLACE TEMP TABLE rebuilt AS SELECT ${names} FROM ${readParquet([fresh])}`);
  await findRestatements(engine, { ...contract, columns }, [closed]);
  const rows = await engine.rows(
    `SELECT ${FIGURE_SQL} FROM (SELECT *, CAST(NULL AS VARCHAR) AS waits FROM restated) ORDER BY as_of_month, "key", "column"`,
  );
  return rows.map((row) => figureOf(row, contract));
}
