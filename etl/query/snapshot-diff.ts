import type { Contract } from '../contract/contract.ts';
import { type Engine, readParquet } from '../engine/engine.ts';
import { ConfigError } from '../errors.ts';
import type { Effects } from '../ports.ts';
import { readKnownPointer } from '../stages/known-pointer.ts';
import { openTable } from '../table/lake-table.ts';
import { changedFiles } from '../table/live-files.ts';
import { compareRows, type RowsDiff } from './compare-rows.ts';

/** Which snapshots to compare, and how many keys to name. */
export interface DiffSpan {
  readonly fromId: number;
  readonly toId: number;
  readonly mostKeys: number;
}

/**
 * What came and what went between two snapshots of a dataset's Silver or Gold table, by the contract's columns: a row
 * that only moved to another file is no change. Throws ConfigError `NO_SNAPSHOT` where the table lacks one of them.
 */
export async function diffSnapshots(
  engine: Engine,
  effects: Effects,
  contract: Contract,
  { fromId, toId, mostKeys }: DiffSpan,
): Promise<RowsDiff> {
  const { dataset, layer } = contract;
  const state = (await readKnownPointer(effects.objects, layer, dataset))?.pointer.tables[layer];
  if (state === undefined) throw new ConfigError('NO_SNAPSHOT', `Nothing of ${dataset} was published yet.`);
  const table = await openTable(effects.objects, state);
  const files = await changedFiles(table.metadata, { fromId, toId }, table.reader);
  const pathsOf = (keys: readonly { key: string }[]): Promise<string[]> =>
    Promise.all(keys.map(({ key }) => effects.data.localPath(key)));
  const rowsOf = (paths: readonly string[]): string | undefined =>
    paths.length === 0 ? undefined : readParquet(paths);
  const sides = {
    before: rowsOf(await pathsOf(files.removed)),
    after: rowsOf(await pathsOf(files.added)),
  };
  return await compareRows(engine, contract, sides, mostKeys);
}
