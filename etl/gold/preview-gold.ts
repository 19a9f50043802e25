import type { Contract, GoldContract } from '../contract/contract.ts';
import { tableColumns } from '../contract/table-columns.ts';
import { type Engine, readParquet } from '../engine/engine.ts';
import { tableName } from '../naming/datasets.ts';
import type { Effects } from '../ports.ts';
import { compareRows, type KeyChange } from '../query/compare-rows.ts';
import type { LakeTable } from '../table/lake-table.ts';
import type { DataFile } from '../table/schema.ts';
import { amountUnit } from './amount-unit.ts';
import { checkGold } from './check-gold.ts';
import { hasStates } from './consent.ts';
import { filesRead } from './files-read.ts';
import { type MonthTotals, monthTotals } from './month-totals.ts';
import type { MonthRange } from './months.ts';
import { createTableView, rebuildMonths, viewColumns } from './rebuild.ts';

/** A Silver table as it would be. */
export interface PreviewedInput {
  readonly dataset: string;
  readonly table: LakeTable;
  readonly files: readonly DataFile[];
}

/** What a Gold table would be made anew from, and what readers see of the same months. */
export interface PreviewedMaking {
  readonly contract: GoldContract;
  readonly contracts: ReadonlyMap<string, Contract>;
  readonly inputs: readonly PreviewedInput[];
  readonly ranges: readonly MonthRange[];
  readonly before: readonly DataFile[];
  readonly mostKeys: number;
}

/** What would become of a Gold table. */
export interface PreviewedGold {
  readonly months: readonly MonthTotals[];
  readonly keyCount: number;
  readonly keys: readonly KeyChange[];
}

/** Makes months of a Gold table from Silver as it would be, in the engine alone, and compares them with those that readers see. */
export async function previewGold(
  engine: Engine,
  effects: Effects,
  { contract, contracts, inputs, ranges, before, mostKeys }: PreviewedMaking,
): Promise<PreviewedGold> {
  const sql = await effects.contracts.sql(contract.sql);
  const pathsOf = (files: readonly DataFile[]): Promise<string[]> =>
    Promise.all(files.map(({ key }) => effects.data.localPath(key)));
  // First without data: an error's text then quotes no values.
  await checkGold(engine, contract, { sql, contracts });
  for (const { dataset, table, files } of inputs) {
    const source = contracts.get(dataset);
    const columns = source === undefined ? [] : viewColumns(tableColumns(source));
    const name = tableName('silver', dataset);
    const read = hasStates(contract, dataset)
      ? files
      : await filesRead(engine, { sql, ranges }, { name, table, files });
    await createTableView(engine, name, columns, await pathsOf(read));
  }
  await rebuildMonths(engine, contract, sql, ranges);
  const old = await pathsOf(before);
  const sides = { before: old.length === 0 ? undefined : readParquet(old), after: 'rebuilt' };
  const sources = inputs.flatMap(({ dataset }) => contracts.get(dataset) ?? []);
  const unit = amountUnit(
    sources,
    contract.columns.map(({ name }) => name),
  );
  const months = await monthTotals(engine, contract, { ...sides, unit });
  const { keyCount, keys } = await compareRows(engine, contract, sides, mostKeys);
  return { months, keyCount, keys };
}
