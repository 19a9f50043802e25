import type { SourceContract } from '../contract/contract.ts';
import { duckType } from '../contract/duck-type.ts';
import { keyColumns } from '../contract/record-key.ts';
import { tableColumns } from '../contract/table-columns.ts';
import type { Engine } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';
import { measureColumns, measureValues } from './rejects.ts';
import type { SeenKeys } from './seen-keys.ts';

/**
 * Suspects are records that passed, but whose key may stand twice among the chunk's records read so far. They are
 * kept apart in small files of their own with their raw values, so that seal, which decides, need neither
 * write large files anew nor read the source again to take a duplicate out.
 */

/**
 * Creates `suspect_records` (raw values) and `suspect_rows` (as they go to Silver), empty; all lanes see them.
 */
export async function createSuspects(engine: Engine, contract: SourceContract): Promise<void> {
  const measures = measureColumns(contract);
  await engine.run(
    `CREATE OR REPLACE TABLE suspect_records (source_file_id VARCHAR, source_row_number BIGINT, row_hash VARCHAR, record VARCHAR${measures})`,
  );
  const columns = tableColumns(contract).map(({ name, type }) => `${identifier(name)} ${duckType(type)}`);
  await engine.run(`CREATE OR REPLACE TABLE suspect_rows (${columns.join(', ')})`);
}

/**
 * Makes the table `suspects` (position) for the staged segment: records whose key may have occurred before, in this
 * segment or another. Segments take turns: of two with one key, the later must see the earlier.
 */
export async function findSuspects(engine: Engine, contract: SourceContract, seen: SeenKeys): Promise<void> {
  const hash = `hash(${keyColumns(contract).map(identifier).join(', ')})`;
  // 53 of the hash's 64 bits: what a number of JavaScript holds.
  const hashes = await engine.numbers(
    `SELECT CASE WHEN passed$ THEN CAST(${hash} >> 11 AS DOUBLE) ELSE -1 END FROM positioned`,
  );
  await engine.run('CREATE OR REPLACE TEMP TABLE suspects (position BIGINT)');
  const found = seen.add(hashes).map((n) => [BigInt(n)]);
  if (found.length > 0) await engine.append('suspects', found);
}

/**
 * Adds those of the staged records that passed, which are suspects by now, to `suspect_records` and to `suspect_rows`.
 * `silver` is a SELECT of them by the names of Silver's columns.
 */
export async function collectSuspects(
  engine: Engine,
  contract: SourceContract,
  silver: string,
): Promise<void> {
  await engine.run(
    `INSERT INTO suspect_records SELECT source_file_id, source_row_number, row_hash, record$${measureValues(contract)}
     FROM staged WHERE passed$`,
  );
  await engine.run(`INSERT INTO suspect_rows BY NAME ${silver}`);
}
