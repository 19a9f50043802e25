import type { SourceContract } from '../contract/contract.ts';
import { type Engine, integerOf, textOf } from '../engine/engine.ts';
import { literal } from '../engine/sql.ts';
import { footersSql, hasFooter } from '../refining/footers.ts';
import { wrongFooter } from '../sealing/footers.ts';

/**
 * Takes the footers of files (by their numbers) out of `tried`, as a run would: what would be a footer has nothing to test, and a
 * file whose footer would pass as a record, or is too short, can't be read. `contract` is the one in whose dialect they are
 * read. Returns the ids of files that can't be read for that.
 */
export async function tryFooters(
  engine: Engine,
  contract: SourceContract,
  files: readonly number[],
): Promise<string[]> {
  if (!hasFooter(contract) || files.length === 0) return [];
  const content = `(SELECT n$ AS file$, row$, passes$, footer$ FROM tried WHERE NOT is_blank$ AND n$ IN (${files.join(', ')}))`;
  await engine.run(`CREATE OR REPLACE TEMP TABLE tried_footers AS ${footersSql(contract, content)}`);
  const rows = await engine.rows(
    `SELECT n$ AS n, id$ AS id, count(f.row$) AS records, min(f.row$) FILTER (f.passes$) AS wrong
     FROM tried_files JOIN (SELECT DISTINCT n$ FROM tried) USING (n$) LEFT JOIN tried_footers AS f ON f.file$ = n$ WHERE n$ IN (${files.join(', ')}) GROUP BY ALL ORDER BY n`,
  );
  const wrong: string[] = [];
  for (const row of rows) {
    const passing = row.wrong === null || row.wrong === undefined ? undefined : integerOf(row, 'wrong');
    const why = wrongFooter(contract, { records: integerOf(row, 'records'), passing });
    if (why === undefined) continue;
    wrong.push(textOf(row, 'id'));
    const n = integerOf(row, 'n');
    await engine.run(`UPDATE tried_files SET why$ = ${literal(why)} WHERE n$ = ${n}`);
    await engine.run(`DELETE FROM tried WHERE n$ = ${n}`);
  }
  await engine.run(
    'UPDATE tried SET is_blank$ = true FROM tried_footers AS f WHERE f.file$ = n$ AND f.row$ = tried.row$ AND NOT f.passes$',
  );
  return wrong;
}
