import type { GoldContract } from '../contract/contract.ts';
import type { Engine } from '../engine/engine.ts';
import { identifier, literal } from '../engine/sql.ts';
import type { DataStore } from '../ports.ts';

/** What keeping rows needs. */
interface Keeping {
  readonly engine: Engine;
  readonly data: Pick<DataStore, 'publish'>;
  readonly contract: GoldContract;
}

/** Keeps the rows of a SELECT as Parquet under a key of their own, ordered as a report shows them. */
export async function keepRows(
  { engine, data, contract }: Keeping,
  select: string,
  { scratchPath, key }: { readonly scratchPath: string; readonly key: string },
): Promise<void> {
  const { partitionColumn, key: names } = contract;
  const order = [partitionColumn, ...names.filter((name) => name !== partitionColumn)].map(identifier);
  await engine.run(
    `COPY (${select} ORDER BY ${order.join(', ')}) TO ${literal(scratchPath)} (FORMAT parquet, PARQUET_VERSION v1, COMPRESSION zstd)`,
  );
  await data.publish(scratchPath, key);
}
