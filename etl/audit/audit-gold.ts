import { monthIndex } from '../closing/month.ts';
import type { GoldContract } from '../contract/contract.ts';
import type { LoadedContracts } from '../contract/load-contracts.ts';
import { tableColumns } from '../contract/table-columns.ts';
import { type Engine, integerOf, readParquet } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';
import { messageOf } from '../errors.ts';
import { goldDigest } from '../gold/gold-digest.ts';
import type { MonthRange } from '../gold/months.ts';
import { createTableView, rebuildMonths, viewColumns } from '../gold/rebuild.ts';
import { tableName } from '../naming/datasets.ts';
import { monthLabel } from '../naming/tables.ts';
import type { Effects } from '../ports.ts';
import { keptGold } from '../stages/kept-contracts.ts';
import { closedMonths } from '../table/closings.ts';
import { filesOf, openTable } from '../table/lake-table.ts';
import { type Pointer, readPointer } from '../table/pointer.ts';
import type { DataFile } from '../table/schema.ts';
import { auditClosings, auditWaiting } from './audit-closings.ts';
import type { Problem } from './problem.ts';

/** What auditing Gold works with. */
export interface GoldAudit {
  readonly engine: Engine;
  readonly effects: Effects;
  readonly loaded: LoadedContracts;
  /** Whether an input waits for a new major version: both are then audited under the one before. */
  readonly isWaiting: boolean;
}

/**
 * Recomputes a Gold table from the Silver snapshots that it names, and compares every row. Reports where those
 * snapshots aren't the current ones. Closed months must have the rows that they were closed with, and the recomputed
 * ones must equal these or the waiting ones.
 */
export async function auditGold(audit: GoldAudit, today: GoldContract, pointer: Pointer): Promise<Problem[]> {
  const { engine, effects } = audit;
  const closings = await auditClosings({ engine, effects, contract: today, pointer });
  const damaged = new Set(closings.map(({ key }) => key));
  return [...closings, ...(await auditComputed({ ...audit, damaged }, today, pointer))];
}

async function auditComputed(
  { engine, effects, loaded: { contracts }, isWaiting, damaged }: GoldAudit & Pick<Recomputing, 'damaged'>,
  today: GoldContract,
  pointer: Pointer,
): Promise<Problem[]> {
  const key = tableName('gold', today.dataset);
  const now = { contract: today, sql: await effects.contracts.sql(today.sql) };
  const isSame = pointer.contract_digest === goldDigest(now.contract, now.sql);
  if (!isSame && !isWaiting)
    return [
      { code: 'GOLD', key, problem: 'it was made under another contract or SQL: the next run makes it anew' },
    ];
  const kept = isSame ? now : await keptGold(effects.objects, today.dataset, pointer.contract_digest);
  // Made before texts were kept: what it should be can't be told until its input is migrated.
  if (kept === undefined) return [];
  const { sql } = kept;
  const { consents } = today;
  const contract = consents === undefined ? kept.contract : { ...kept.contract, consents };
  const problems: Problem[] = [];
  const months = new Set<number>();
  try {
    for (const input of contract.inputs) {
      const silver = (await readPointer(effects.objects, 'silver', input))?.pointer;
      const snapshotId = pointer.inputs?.[input];
      const state = silver?.tables.silver;
      const source = contracts.get(input);
      if (state === undefined || snapshotId === undefined || source === undefined) continue;
      if (silver?.snapshot_id !== snapshotId)
        problems.push({
          code: 'GOLD',
          key,
          problem: `it was made from snapshot ${snapshotId} of ${input}, and ${silver?.snapshot_id} is current`,
        });
      const table = await openTable(effects.objects, state);
      const files = await filesOf(table, snapshotId);
      for (const { month } of files) if (month !== undefined) months.add(month);
      await createTableView(
        engine,
        tableName('silver', input),
        viewColumns(tableColumns(source)),
        await paths(effects, files),
      );
    }
    const { differing, waiting, beyond } = await compareAll(engine, effects, contract, {
      pointer,
      sql,
      months,
      damaged,
    });
    problems.push(...waiting);
    if (beyond.length > 0) {
      const months = beyond.map(monthLabel).join(', ');
      const problem = `it has rows of ${months}, and its inputs end before or begin later: the next change of them takes these months out`;
      problems.push({ code: 'GOLD', key, problem });
    }
    if (differing > 0)
      problems.push({ code: 'GOLD', key, problem: `${differing} rows are not what its SQL makes of Silver` });
  } catch (error) {
    problems.push({ code: 'GOLD', key, problem: `it can't be computed anew: ${messageOf(error)}` });
  }
  return problems;
}

interface Recomputing {
  readonly pointer: Pointer;
  readonly sql: string;
  readonly months: ReadonlySet<number>;
  /** Objects with closed rows that are not what they were. */
  readonly damaged: ReadonlySet<string>;
}

interface Compared {
  /** Rows of months that aren't closed. */
  readonly differing: number;
  /** Months of the table, not closed ones, that lie outside of those of its inputs, in order. */
  readonly beyond: readonly number[];
  /** What is amiss with closed ones. */
  readonly waiting: readonly Problem[];
}

async function compareAll(
  engine: Engine,
  effects: Effects,
  contract: GoldContract,
  { pointer, sql, months, damaged }: Recomputing,
): Promise<Compared> {
  const state = pointer.tables.gold;
  if (state === undefined) return { differing: 0, waiting: [], beyond: [] };
  const table = await openTable(effects.objects, state);
  const live = await filesOf(table);
  const closed = new Set(closedMonths(pointer).map(({ month }) => monthIndex(month)));
  const isOpen = ({ month }: DataFile): boolean => month === undefined || !closed.has(month);
  const [range] = rangesOf(months);
  const isBeyond = ({ month }: DataFile): boolean =>
    month !== undefined && (range === undefined || month < range.from || range.to < month);
  const beyond = new Set(
    live.filter((file) => isOpen(file) && isBeyond(file)).flatMap(({ month }) => month ?? []),
  );
  const files = live.filter((file) => isOpen(file) && !isBeyond(file));
  await rebuildMonths(engine, contract, { sql, ranges: rangesOf(months) });
  const waiting = await auditWaiting({ engine, effects, contract, pointer }, damaged);
  const names = contract.columns.map(({ name }) => identifier(name)).join(', ');
  const published =
    files.length === 0
      ? 'SELECT * FROM rebuilt LIMIT 0'
      : `SELECT ${names} FROM ${readParquet(await paths(effects, files))}`;
  const [row = {}] = await engine.rows(
    `SELECT (SELECT count(*) FROM ((${published}) EXCEPT ALL SELECT ${names} FROM rebuilt))
       + (SELECT count(*) FROM (SELECT ${names} FROM rebuilt EXCEPT ALL (${published}))) AS n`,
  );
  return { differing: integerOf(row, 'n'), waiting, beyond: [...beyond].sort((a, b) => a - b) };
}

/** From the first to the last month of the inputs; none where they have none. */
const rangesOf = (months: ReadonlySet<number>): MonthRange[] =>
  months.size === 0 ? [] : [{ from: Math.min(...months), to: Math.max(...months) }];

function paths(effects: Effects, files: readonly DataFile[]): Promise<string[]> {
  return Promise.all(files.map(({ key }) => effects.data.localPath(key)));
}
