import { join } from 'node:path';
import { firstDaySql } from '../closing/month.ts';
import type { GoldContract, SourceContract } from '../contract/contract.ts';
import type { LoadedContracts } from '../contract/load-contracts.ts';
import { tableColumns } from '../contract/table-columns.ts';
import { type Engine, integerOf, textOf } from '../engine/engine.ts';
import { identifier, literal } from '../engine/sql.ts';
import { monthIndexSql } from '../engine/write-data-files.ts';
import { AssayError } from '../errors.ts';
import { checkGold } from '../gold/check-gold.ts';
import { comparableWith } from '../gold/comparable.ts';
import { createTableView, findRestatements, rebuildMonths, viewColumns } from '../gold/rebuild.ts';
import { tableName } from '../naming/datasets.ts';
import type { Effects, Scratch } from '../ports.ts';
import { readKnownPointer } from '../stages/known-pointer.ts';
import { closedMonths } from '../table/closings.ts';
import { filesOf, openTable } from '../table/lake-table.ts';

/** A published figure that would change; null where its row would come or go. */
export interface FigureChange {
  /** `YYYY-MM`. */
  readonly month: string;
  readonly key: Readonly<Record<string, unknown>>;
  readonly column: string;
  readonly old: string | null;
  readonly new: string | null;
  /** Set where the month is closed: the figure would wait for a decision. */
  readonly waits?: true;
}

/** What would become of one Gold table. */
export interface GoldEffect {
  readonly report: string;
  /** Published values that would change. */
  readonly restated: number;
  /** Values of closed months that would wait for a decision; absent where there would be none. */
  readonly waiting?: number;
  /** The first of them, by month and key. */
  readonly figures: readonly FigureChange[];
  /** Why it could not be made, if its SQL or contract fails on the new Silver; null where it could. */
  readonly problem: string | null;
}

/** What working out the effect needs. */
export interface GoldTrial {
  readonly engine: Engine;
  readonly effects: Effects;
  readonly scratch: Scratch;
  readonly loaded: LoadedContracts;
  readonly proposed: SourceContract;
  readonly mostFigures: number;
}

/** Makes every Gold table that reads the dataset anew from what Silver would be, and compares it with what is published. Needs `judgeTried`. */
export async function goldEffects(trial: GoldTrial): Promise<GoldEffect[]> {
  const { engine, scratch, proposed } = trial;
  const path = join(scratch.directory, 'silver-tried.parquet');
  const names = tableColumns(proposed).map(({ name }) => `t.${identifier(name)}`);
  await engine.run(
    `COPY (SELECT ${names.join(', ')} FROM tried_rows AS t JOIN silver_tried AS s ON s.id$ = t.source_file_id AND s.row$ = t.source_row_number)
     TO ${literal(path)} (FORMAT parquet)`,
  );
  return effectsOfSilver(trial, [path]);
}

/** Makes every Gold table that reads the dataset anew from Parquet files of Silver, and compares it with what is published. */
export async function effectsOfSilver(trial: GoldTrial, paths: readonly string[]): Promise<GoldEffect[]> {
  const { loaded, proposed } = trial;
  const effects: GoldEffect[] = [];
  for (const contract of loaded.contracts.values()) {
    if (contract.layer !== 'gold' || !contract.inputs.includes(proposed.dataset)) continue;
    effects.push(await effectOn(trial, contract, paths));
  }
  return effects;
}

async function effectOn(
  trial: GoldTrial,
  contract: GoldContract,
  paths: readonly string[],
): Promise<GoldEffect> {
  const { engine, effects, proposed, mostFigures } = trial;
  const report = contract.dataset;
  const pointer = (await readKnownPointer(effects.objects, 'gold', report))?.pointer;
  const state = pointer?.tables.gold;
  if (state === undefined) return { report, restated: 0, figures: [], problem: null };
  const table = await openTable(effects.objects, state);
  const files = await filesOf(table);
  const old = await Promise.all(files.map(({ key }) => effects.data.localPath(key)));
  try {
    const sql = await effects.contracts.sql(contract.sql);
    const contracts = new Map([...trial.loaded.contracts, [proposed.dataset, proposed]]);
    await checkGold(engine, contract, { sql, contracts });
    const others = await otherInputs(trial, contract);
    const view = tableName('silver', proposed.dataset);
    await createTableView(engine, view, viewColumns(tableColumns(proposed)), paths);
    const months = files.flatMap(({ month }) => (month === undefined ? [] : [month]));
    const own = await engine.integers(
      `SELECT DISTINCT ${monthIndexSql(identifier(proposed.partitionColumn))} FROM ${view} WHERE ${identifier(proposed.partitionColumn)} IS NOT NULL`,
    );
    // What is carried begins with the first month of any input.
    const all = [...months, ...own, ...(contract.carry === true ? others : [])];
    if (all.length === 0) return { report, restated: 0, figures: [], problem: null };
    await rebuildMonths(engine, contract, {
      sql,
      ranges: [{ from: Math.min(...all), to: Math.max(...all) }],
    });
    const comparable = comparableWith(contract, table.metadata);
    const changed = await findRestatements(
      engine,
      comparable ?? contract,
      comparable === undefined ? [] : old,
    );
    const closed = closedMonths(pointer ?? {}).map(({ month }) => month);
    const waiting = await countIn(engine, closed);
    return {
      report,
      restated: changed - waiting,
      ...(waiting === 0 ? {} : { waiting }),
      figures: await readFigures(engine, mostFigures, closed),
      problem: null,
    };
  } catch (error) {
    if (!(error instanceof AssayError)) throw error;
    return { report, restated: 0, figures: [], problem: error.message };
  }
}

/** Makes the other Silver tables that the SQL reads readable, as they are; returns their months. */
async function otherInputs(
  { engine, effects, loaded, proposed }: GoldTrial,
  { inputs }: GoldContract,
): Promise<number[]> {
  const months: number[] = [];
  for (const input of inputs) {
    const contract = loaded.contracts.get(input);
    if (input === proposed.dataset || contract === undefined) continue;
    const state = (await readKnownPointer(effects.objects, 'silver', input))?.pointer.tables.silver;
    const files = state === undefined ? [] : await filesOf(await openTable(effects.objects, state));
    months.push(...files.flatMap(({ month }) => (month === undefined ? [] : [month])));
    const paths = await Promise.all(files.map(({ key }) => effects.data.localPath(key)));
    await createTableView(engine, tableName('silver', input), viewColumns(tableColumns(contract)), paths);
  }
  return months;
}

/** How many of the values in `restated` are of some months. */
async function countIn(engine: Engine, months: readonly string[]): Promise<number> {
  if (months.length === 0) return 0;
  const list = months.map(firstDaySql).join(', ');
  const [row = {}] = await engine.rows(`SELECT count(*) AS n FROM restated WHERE as_of_month IN (${list})`);
  return integerOf(row, 'n');
}

async function readFigures(engine: Engine, most: number, closed: readonly string[]): Promise<FigureChange[]> {
  const rows = await engine.rows(
    `SELECT strftime(as_of_month, '%Y-%m') AS month, "key", "column", old_value, new_value FROM restated ORDER BY ALL LIMIT ${most}`,
  );
  return rows.map((row) => ({
    month: textOf(row, 'month'),
    key: JSON.parse(textOf(row, 'key')) as FigureChange['key'],
    column: textOf(row, 'column'),
    old: typeof row.old_value === 'string' ? row.old_value : null,
    new: typeof row.new_value === 'string' ? row.new_value : null,
    ...(closed.includes(textOf(row, 'month')) ? { waits: true as const } : {}),
  }));
}
