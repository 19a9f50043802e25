import type { Contract, GoldContract, SourceContract } from '../etl/contract/contract.ts';
import { type Engine, withEngine } from '../etl/engine/engine.ts';
import { ConfigError } from '../etl/errors.ts';
import { readOf } from '../etl/estimating/gold-reads.ts';
import { portableGold } from '../etl/gold/gold-on-sets.ts';
import type { ContractSource } from '../etl/ports.ts';

/** What Gold reads in a run of a dataset. */
export interface GoldWorkload {
  readonly goldTables: number;
  readonly goldTablesWhole: number;
  readonly goldLookupBytes: number;
  /** Gold tables that no set engine can make, however large they grow, and why. */
  readonly goldByDuckDb: readonly { readonly report: string; readonly why: string }[];
}

/** What an engine that only parses may take. */
const PARSER = { memoryLimitMb: 200, threads: 1 };

/** What is asked of: contracts, their SQL, and the bytes of another dataset's Silver as they are now. */
interface Asked {
  readonly contracts: ReadonlyMap<string, Contract>;
  readonly source: ContractSource;
  readonly bytesOf: (input: SourceContract) => Promise<number>;
}

/** Counts the Gold tables that follow a dataset, those that read all of it, and what else they read whole. */
export async function goldWorkload(dataset: string, asked: Asked): Promise<GoldWorkload> {
  const tables = [...asked.contracts.values()].filter(
    (one): one is GoldContract => one.layer === 'gold' && one.inputs.includes(dataset),
  );
  return await withEngine(PARSER, undefined, async (engine) => {
    let goldTablesWhole = 0;
    const lookups = new Map<string, SourceContract>();
    for (const table of tables)
      for (const input of await wholeInputs(engine, table, asked)) {
        if (input.dataset === dataset) goldTablesWhole++;
        else lookups.set(input.dataset, input);
      }
    let goldLookupBytes = 0;
    for (const input of lookups.values()) goldLookupBytes += await asked.bytesOf(input);
    const goldByDuckDb = await madeByDuckDb(engine, tables, asked);
    return { goldTables: tables.length, goldTablesWhole, goldLookupBytes, goldByDuckDb };
  });
}

async function madeByDuckDb(
  engine: Engine,
  tables: readonly GoldContract[],
  { contracts, source }: Asked,
): Promise<GoldWorkload['goldByDuckDb']> {
  const found = [];
  for (const table of tables) {
    const sql = await source.sql(table.sql);
    const made = await portableGold(engine, table, { sql, contracts }).catch((error: unknown) => {
      // What is wrong with its SQL is told by `contracts check`.
      if (!(error instanceof ConfigError)) throw error;
    });
    if (made?.kind === 'other') found.push({ report: table.dataset, why: made.why });
  }
  return found;
}

async function wholeInputs(
  engine: Engine,
  contract: GoldContract,
  { contracts, source }: Asked,
): Promise<SourceContract[]> {
  const sql = await source.sql(contract.sql);
  const whole: SourceContract[] = [];
  for (const name of contract.inputs) {
    const input = contracts.get(name);
    if (input?.layer !== 'silver') continue;
    if ((await readOf(engine, { contract, sql }, input)) === 'whole') whole.push(input);
  }
  return whole;
}
