import { askAssay, differences, type EngineTable, type Rows, selectAll, tablesOf } from './lake.ts';
import type { Reader } from './reader.ts';

/** Rows by what is asked most: a time from one day until before another, or the run that wrote them. */
export type Filter =
  | { readonly kind: 'time'; readonly column: string; readonly from: string; readonly to: string }
  | { readonly kind: 'run'; readonly runId: string };

/** A filter in SQL, with the days as moments of the column's type. */
export function conditionOf(filter: Filter, moment: (day: string) => string): string {
  if (filter.kind === 'run') return `run_id = '${filter.runId}'`;
  const { column, from, to } = filter;
  const literal = (day: string): string => (column.endsWith('_date') ? `DATE '${day}'` : moment(day));
  return `${column} >= ${literal(from)} AND ${column} < ${literal(to)}`;
}

/** An engine as these tests use it. */
export interface Engine {
  /** All rows of a table, now or as of a snapshot. */
  read(table: EngineTable, snapshot?: number): Promise<Rows>;
  /** All rows of a table as of the snapshot that a tag names. */
  readTagged(table: EngineTable, tag: string): Promise<Rows>;
  /** How many data files it plans to read for the rows that a filter leaves. */
  plannedFiles(table: EngineTable, filter: Filter): Promise<number>;
}

/** How many tables and snapshots were compared, and where an engine read something else than `assay query`. */
export interface Compared {
  readonly compared: number;
  readonly found: readonly string[];
}

/** Reads every table that is meant; all unless said. */
export async function compareTables(
  engine: Pick<Engine, 'read'>,
  folder: string,
  isMeant: (table: EngineTable) => boolean = () => true,
): Promise<Compared> {
  const tables = (await tablesOf(folder)).filter(isMeant);
  const found: string[] = [];
  for (const table of tables) {
    const what = `${table.namespace}.${table.name}`;
    found.push(...(await compare(what, engine.read(table), await askAssay(folder, selectAll(table)))));
  }
  return { compared: tables.length, found };
}

/** Reads every kept snapshot of every table, but for those from before what `assay query` can tell. */
export async function compareSnapshots(engine: Engine, folder: string): Promise<Compared> {
  const found: string[] = [];
  let compared = 0;
  for (const table of await tablesOf(folder)) {
    for (const snapshot of table.snapshots) {
      const expected = await askAssay(folder, selectAll(table), snapshot).catch((error: Error) => error);
      if (expected instanceof Error) {
        if (!isBeforeExpiry(table, expected)) throw expected;
        continue;
      }
      compared += 1;
      const what = `${table.namespace}.${table.name} as of ${snapshot}`;
      found.push(...(await compare(what, engine.read(table, snapshot), expected)));
    }
  }
  return { compared, found };
}

/** Reads every table in which months were closed, as of the tags that closings leave. */
export async function compareTags(engine: Engine, folder: string): Promise<Compared> {
  const found: string[] = [];
  let compared = 0;
  for (const table of await tablesOf(folder)) {
    for (const { tag, snapshot_id: snapshot } of table.closings) {
      compared += 1;
      const expected = await askAssay(folder, selectAll(table), snapshot);
      found.push(...(await compare(`${table.name} as of ${tag}`, engine.readTagged(table, tag), expected)));
    }
  }
  return { compared, found };
}

/** The ledger keeps every snapshot, also from before the ones of Silver that were expired. */
const isBeforeExpiry = ({ namespace }: EngineTable, { message }: Error): boolean =>
  namespace === 'ops' && /expired/.test(message);

async function compare(what: string, actual: Promise<Rows>, expected: Rows): Promise<string[]> {
  try {
    return differences(what, await actual, expected);
  } catch (error) {
    return [`${what}: ${error instanceof Error ? error.message : error}`];
  }
}

/** What is filtered in the tests of pruning. */
export async function filtersOf(
  folder: string,
  table: EngineTable,
  column: string,
  months: readonly string[],
): Promise<Filter[]> {
  const runs = await askAssay(
    folder,
    `SELECT DISTINCT run_id FROM ${table.namespace}.${table.name} ORDER BY run_id`,
  );
  return [
    ...months.map((month) => ({ kind: 'time' as const, column, from: `${month}-01`, to: monthAfter(month) })),
    ...runs.rows.map(([runId]) => ({ kind: 'run' as const, runId: String(runId) })),
  ];
}

/** `2024-12` → `2025-01-01`. */
function monthAfter(month: string): string {
  const [year = 0, one = 0] = month.split('-').map(Number);
  return new Date(Date.UTC(year, one, 1)).toISOString().slice(0, 10);
}

const PRUNED = [
  { name: 'lab_samples', column: 'taken_at', months: ['2024-02', '2024-03', '1583-01'] },
  { name: 'spend_council_payments', column: 'payment_date', months: ['2010-12', '2012-03'] },
  { name: 'mortgages_transactions', column: 'transaction_timestamp', months: ['2024-02'] },
];

/**
 * Has an engine plan filters by month and by run, and says where it would read other files than those whose values lie
 * about what is asked for, as pyarrow finds them in the files.
 */
export async function compareFiles(engine: Engine, pyiceberg: Reader, folder: string): Promise<Compared> {
  const tables = await tablesOf(folder);
  const found: string[] = [];
  let compared = 0;
  for (const { name, column, months } of PRUNED) {
    const table = tables.find((one) => one.namespace === 'silver' && one.name === name);
    if (table === undefined) throw new Error(`There is no silver.${name}.`);
    for (const filter of await filtersOf(folder, table, column, months)) {
      const holding = await pyiceberg.request({ do: 'holding', metadata: table.metadataLocation, ...filter });
      const planned = await engine.plannedFiles(table, filter).catch((error: Error) => error.message);
      compared += 1;
      if (planned !== holding)
        found.push(`${name}, ${JSON.stringify(filter)}: ${planned} files instead of ${holding}`);
    }
  }
  return { compared, found };
}
