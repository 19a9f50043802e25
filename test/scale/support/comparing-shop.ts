import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from '@jest/globals';
import { runMain, runMainJson } from '../../cli/run-main.ts';
import { RunsJson } from '../../cli/shapes.ts';
import { goodSales, keepShop, openShop, type Shop } from '../../cli/shop.ts';

type Run = NonNullable<ReturnType<typeof RunsJson.parse>[number]>;

/** A shop with published sales, and a file that waits, some of whose sales are there already. */
export interface ComparingShop extends Shop {
  /** The lake as it was before the file was run. */
  putBack(): Promise<void>;
  /** `assay run` with further options, and its only run. */
  run(
    args: readonly string[],
    env?: Readonly<Record<string, string>>,
  ): Promise<{ readonly code: number | null; readonly run: Run }>;
  /** What readers see: the pointer, as it is stored. */
  seen(): Promise<string>;
}

/** Makes one. */
export async function openComparingShop(): Promise<ComparingShop> {
  const shop = await openShop();
  await shop.write('a.csv', goodSales(1, 20));
  await shop.write('b.csv', goodSales(15, 30));
  const ingest = async (file: string): Promise<void> =>
    expect((await runMain(['ingest', file, '--dataset', 'shop.sales'], shop)).code).toBe(0);
  await ingest('a.csv');
  expect((await runMain(['run'], shop)).code).toBe(0);
  await ingest('b.csv');
  const kept = await keepShop(shop);
  return {
    ...shop,
    ...kept,
    async run(args, env = {}) {
      const { code, json } = await runMainJson(['run', '--no-tend', ...args], { ...shop, env });
      const [run] = RunsJson.parse(json);
      if (run === undefined) throw new Error('nothing was run');
      return { code, run };
    },
    seen: () => readFile(path.join(shop.cwd, 'lake/silver/shop/sales/_LATEST.json'), 'utf8'),
  };
}
