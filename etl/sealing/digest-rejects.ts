import { createHash, type Hash } from 'node:crypto';
import { type Engine, integerOf } from '../engine/engine.ts';

/** Lines that are taken out of the database at once: some 2 MB. */
const LINES_AT_ONCE = 20_000;

/**
 * SHA-256 over every reject's file, number, verdict and codes, a line each, in order: with the files, it says which records
 * are in Silver. `from` is a table with source_file_id, source_row_number, verdict and reasons. However many there are, only
 * `linesAtOnce` of the lines are in memory at once beside what the database takes up to its limit.
 */
export async function digestRejects(
  engine: Engine,
  from: string,
  linesAtOnce = LINES_AT_ONCE,
): Promise<string> {
  const digest = createHash('sha256');
  const lines = `SELECT concat_ws(':', source_file_id, source_row_number, verdict,
      array_to_string(list_transform(reasons, lambda r: r.code), ',')) AS line
    FROM ${from} ORDER BY source_file_id, source_row_number`;
  const [row = {}] = await engine.rows(`SELECT count(*) AS n FROM ${from}`);
  const count = integerOf(row, 'n');
  if (count <= linesAtOnce) addLines(digest, await engine.texts(lines), true);
  else await addPages(engine, digest, { lines, count, linesAtOnce });
  return digest.digest('hex');
}

/** Sorts the lines into a table, which goes to disk where it must, and takes them from there. */
async function addPages(
  engine: Engine,
  digest: Hash,
  {
    lines,
    count,
    linesAtOnce,
  }: { readonly lines: string; readonly count: number; readonly linesAtOnce: number },
): Promise<void> {
  await engine.run(`CREATE OR REPLACE TEMP TABLE reject_lines AS ${lines}`);
  for (let first = 0; first < count; first += linesAtOnce) {
    const page = `SELECT line FROM reject_lines WHERE rowid BETWEEN ${first} AND ${first + linesAtOnce - 1} ORDER BY rowid`;
    addLines(digest, await engine.texts(page), first === 0);
  }
  await engine.run('DROP TABLE reject_lines');
}

function addLines(digest: Hash, lines: readonly string[], isFirst: boolean): void {
  if (lines.length > 0) digest.update(`${isFirst ? '' : '\n'}${lines.join('\n')}`);
}
