import { createHash, type Hash } from 'node:crypto';
import { type Engine, integerOf, textOf } from '../engine/engine.ts';
import { literal } from '../engine/sql.ts';

/** Lines that are taken out of the database at once: some 2 MB; what JavaScript has of them goes later. */
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
  const line = `concat_ws(':', source_file_id, source_row_number, verdict,
      array_to_string(list_transform(reasons, lambda r: r.code), ',')) AS line`;
  const [row = {}] = await engine.rows(`SELECT count(*) AS n FROM ${from}`);
  if (integerOf(row, 'n') <= linesAtOnce)
    addLines(digest, await engine.texts(`SELECT ${line} FROM ${from} ${IN_ORDER}`), true);
  else {
    // Not sorted as a whole: a sort of millions of lines takes memory beside the database's limit.
    await engine.run(`CREATE OR REPLACE TEMP TABLE reject_lines AS
      SELECT source_file_id, source_row_number, source_row_number // ${linesAtOnce} AS block, ${line} FROM ${from}`);
    for (const [n, group] of (await groupsOf(engine, linesAtOnce)).entries())
      addLines(
        digest,
        await engine.texts(`SELECT line FROM reject_lines WHERE ${group} ${IN_ORDER}`),
        n === 0,
      );
    await engine.run('DROP TABLE reject_lines');
  }
  return digest.digest('hex');
}

const IN_ORDER = 'ORDER BY source_file_id, source_row_number';

/** So many records of one file that follow each other, and how many of them are rejects. */
interface Block {
  readonly id: string;
  readonly block: number;
  readonly lines: number;
}

/** Conditions that split `reject_lines` in their order, with at most so many lines in each. */
async function groupsOf(engine: Engine, linesAtOnce: number): Promise<string[]> {
  const rows = await engine.rows(
    'SELECT source_file_id AS id, block, count(*) AS n FROM reject_lines GROUP BY ALL ORDER BY id, block',
  );
  const groups: { first: Block; last: Block; lines: number }[] = [];
  for (const row of rows) {
    const one = { id: textOf(row, 'id'), block: integerOf(row, 'block'), lines: integerOf(row, 'n') };
    const group = groups.at(-1);
    if (group === undefined || group.lines + one.lines > linesAtOnce)
      groups.push({ first: one, last: one, lines: one.lines });
    else Object.assign(group, { last: one, lines: group.lines + one.lines });
  }
  return groups.map(({ first, last }) => betweenSql(first, last));
}

function betweenSql(first: Block, last: Block): string {
  const [from, to] = [literal(first.id), literal(last.id)];
  return `source_file_id BETWEEN ${from} AND ${to}
    AND (source_file_id > ${from} OR block >= ${first.block}) AND (source_file_id < ${to} OR block <= ${last.block})`;
}

function addLines(digest: Hash, lines: readonly string[], isFirst: boolean): void {
  if (lines.length > 0) digest.update(`${isFirst ? '' : '\n'}${lines.join('\n')}`);
}
