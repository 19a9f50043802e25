import type { Contract, GoldContract } from '../contract/contract.ts';
import { type Engine, readParquet } from '../engine/engine.ts';
import type { Effects } from '../ports.ts';
import { compareRows, type KeyChange } from '../query/compare-rows.ts';
import type { DataFile } from '../table/schema.ts';
import { amountUnit } from './amount-unit.ts';
import type { CarriedRanges } from './carry-from.ts';
import { checkGold } from './check-gold.ts';
import { type MadeFrom, makeMonths } from './make-months.ts';
import { type MonthTotals, monthTotals } from './month-totals.ts';

/** What a Gold table would be made anew from, and what readers see of the same months. */
export interface PreviewedMaking extends CarriedRanges {
  readonly contract: GoldContract;
  readonly contracts: ReadonlyMap<string, Contract>;
  /** Silver tables as they would be. */
  readonly inputs: readonly MadeFrom[];
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
  { contract, contracts, inputs, ranges, carried, before, mostKeys }: PreviewedMaking,
): Promise<PreviewedGold> {
  const sql = await effects.contracts.sql(contract.sql);
  const pathsOf = (files: readonly DataFile[]): Promise<string[]> =>
    Promise.all(files.map(({ key }) => effects.data.localPath(key)));
  // First without data: an error's text then quotes no values.
  await checkGold(engine, contract, { sql, contracts });
  await makeMonths({ effects, engine, contract, contracts, sql, inputs, ranges, carried });
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
