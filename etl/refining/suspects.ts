import type { SourceContract } from '../contract/contract.ts';
import type { Engine } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';
import { measureColumns, measureValues } from './rejects.ts';

/**
 * Suspects are records that passed, but whose key may stand twice among the chunk's records read so far. They are
 * kept apart in small files of their own with their raw values, so that seal, which decides, need neither
 * write large files anew nor read the source again to take a duplicate out.
 */

/** Creates `seen_keys`, which all lanes see, and `suspect_records`, empty. */
export async function createSuspects(engine: Engine, contract: SourceContract): Promise<void> {
  await engine.run('CREATE OR REPLACE TABLE seen_keys (h UBIGINT)');
  const measures = measureColumns(contract);
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE suspect_records (source_file_id VARCHAR, source_row_number BIGINT, row_hash VARCHAR, record VARCHAR${measures})`,
  );
}

/** Makes the table `suspects` (position) for the staged segment. One segment at a time: of two with one key the later must see the earlier. */
export async function findSuspects(engine: Engine, contract: SourceContract): Promise<void> {
  const hash = `hash(${contract.key.map(identifier).join(', ')})`;
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE segment_keys AS SELECT ${hash} AS h, position$ AS position FROM positioned WHERE passed$`,
  );
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE suspects AS SELECT position FROM segment_keys WHERE h IN (
       SELECT h FROM segment_keys GROUP BY h HAVING count(*) > 1
       UNION ALL SELECT segment_keys.h FROM segment_keys SEMI JOIN seen_keys ON segment_keys.h = seen_keys.h)`,
  );
  await engine.run('INSERT INTO seen_keys SELECT h FROM segment_keys');
}

/** Adds those of the staged records that passed, which are suspects by now, to `suspect_records`. */
export async function collectSuspects(engine: Engine, contract: SourceContract): Promise<void> {
  await engine.run(
    `INSERT INTO suspect_records SELECT source_file_id, source_row_number, row_hash, record$${measureValues(contract)}
     FROM staged WHERE passed$`,
  );
}
