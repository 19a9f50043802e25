import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { type Contender, runContender } from './contenders.ts';
import { generateFile } from './generate.ts';
import { ingestRowByRow } from './row-by-row.ts';

const ROWS = 20_000;

/**
 * Has contenders do the loop's work on a small file before they are measured. Throws where one counts otherwise than the
 * generator, or writes a row or a row hash that the loop doesn't.
 */
export async function requireSameWork(contenders: readonly Contender[], python: string): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-same-work-'));
  try {
    const file = join(directory, 'in.csv');
    const expected = generateFile({ rows: ROWS, seed: 5, months: 12 }, file);
    await ingestRowByRow(file, join(directory, 'loop'));
    const wanted = await readRows(join(directory, 'loop', 'silver'));
    for (const contender of contenders) {
      const out = join(directory, contender.name);
      const found = await runContender(contender, { file, out, python });
      const counts = ['rows', 'silver', 'rejected', 'duplicates'] as const;
      const wrong = counts.find((count) => found[count] !== expected[count]);
      if (wrong !== undefined)
        throw otherWork(contender, `it counts ${found[wrong]} ${wrong}, not ${expected[wrong]}`);
      if (contender.keepsSource && !readFileSync(file).equals(readFileSync(join(out, 'bronze', 'in.csv'))))
        throw otherWork(contender, 'it keeps no copy of the source');
      const written = await readRows(join(out, 'silver'));
      if (written.size !== wanted.size) throw otherWork(contender, `it writes ${written.size} rows`);
      const stray = [...written].find((row) => !wanted.has(row));
      if (stray !== undefined) throw otherWork(contender, `it writes ${stray}`);
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function otherWork({ name }: Contender, what: string): Error {
  return new Error(`${name} doesn't do the loop's work: ${what}.`);
}

/** The rows of all Parquet files below a folder, with the columns that every contender writes alike. */
async function readRows(folder: string): Promise<Set<string>> {
  const rows = new Set<string>();
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.parquet')) continue;
    const source = { file: await asyncBufferFromFile(join(folder, name)), compressors };
    for (const row of await parquetReadObjects(source)) {
      const { transaction_id, customer_id, currency, transaction_timestamp: time, row_hash } = row;
      rows.add([transaction_id, customer_id, currency, time.toISOString(), row_hash].join());
    }
  }
  return rows;
}
