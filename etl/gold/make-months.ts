import type { Contract, GoldContract } from '../contract/contract.ts';
import { tableColumns } from '../contract/table-columns.ts';
import { type Engine, readParquet } from '../engine/engine.ts';
import { tableName } from '../naming/datasets.ts';
import type { Effects } from '../ports.ts';
import type { LakeTable } from '../table/lake-table.ts';
import type { DataFile } from '../table/schema.ts';
import { hasStates } from './consent.ts';
import { filesRead, type GoldQuery } from './files-read.ts';
import type { MonthRange } from './months.ts';
import { createTableView, rebuildMonths, viewColumns } from './rebuild.ts';

/** A Silver table that a Gold table is made from, and all of its files. */
export interface MadeFrom {
  readonly dataset: string;
  readonly table: LakeTable;
  readonly files: readonly DataFile[];
}

/** Months of a Gold table that are to be made. */
export interface MonthsWork extends GoldQuery {
  readonly effects: Pick<Effects, 'data'>;
  readonly engine: Engine;
  readonly contract: GoldContract;
  /** By which the inputs are read. */
  readonly contracts: ReadonlyMap<string, Contract>;
  readonly inputs: readonly MadeFrom[];
  /** Of a table that carries: its files of the month before. */
  readonly carried: readonly DataFile[];
}

/**
 * Makes the table `rebuilt` as `rebuildMonths` does, from the files that the SQL leaves for its months; of a table that
 * carries one month after the other, and copies of files that the next month doesn't read are freed. Returns the files that
 * were read.
 */
export async function makeMonths(work: MonthsWork): Promise<readonly DataFile[]> {
  const { effects, engine, contract, sql, ranges, carried } = work;
  const read = new Map<string, DataFile>();
  if (contract.carry !== true) {
    for (const file of await createInputViews(work, ranges)) read.set(file.key, file);
    await rebuildMonths(engine, contract, { sql, ranges });
    return [...read.values()];
  }
  let held: ReadonlyMap<string, DataFile> = new Map();
  const prepare = async (range: MonthRange): Promise<void> => {
    const next = new Map((await createInputViews(work, [range])).map((file) => [file.key, file]));
    for (const [key, file] of next) read.set(key, file);
    await release(
      effects,
      [...held.keys()].filter((key) => !next.has(key)),
    );
    held = next;
  };
  const paths = await pathsOf(effects, carried);
  const rows = paths.length === 0 ? {} : { carried: `FROM ${readParquet(paths)}` };
  await rebuildMonths(engine, contract, { sql, ranges, ...rows, prepare });
  return [...read.values()];
}

/** Makes the inputs readable, as far as the SQL reads them for some months; returns their files. */
async function createInputViews(
  { effects, engine, contract, contracts, sql, inputs }: MonthsWork,
  ranges: readonly MonthRange[],
): Promise<DataFile[]> {
  const all: DataFile[] = [];
  for (const { dataset, table, files } of inputs) {
    const source = contracts.get(dataset);
    const columns = source === undefined ? [] : viewColumns(tableColumns(source));
    const name = tableName('silver', dataset);
    const read = hasStates(contract, dataset)
      ? files
      : await filesRead(engine, { sql, ranges }, { name, table, files });
    await createTableView(engine, name, columns, await pathsOf(effects, read));
    all.push(...read);
  }
  return all;
}

function pathsOf({ data }: Pick<Effects, 'data'>, files: readonly DataFile[]): Promise<string[]> {
  return Promise.all(files.map(({ key }) => data.localPath(key)));
}

async function release({ data }: Pick<Effects, 'data'>, keys: readonly string[]): Promise<void> {
  if (data.releasePath === undefined) return;
  for (const key of keys) await data.releasePath(await data.localPath(key));
}
