/** A table as the tab key knows it. */
export interface KnownTable {
  readonly name: string;
  readonly columns: readonly string[];
}

const KEYWORDS =
  'SELECT FROM WHERE GROUP BY ORDER LIMIT HAVING JOIN LEFT ON USING WITH AS DISTINCT COUNT SUM AVG MIN MAX CASE WHEN THEN ELSE END AND OR NOT NULL IS IN BETWEEN LIKE ASC DESC UNION ALL DESCRIBE SUMMARIZE SHOW TABLES PIVOT QUALIFY CAST DATE'.split(
    ' ',
  );

/**
 * What the word before the cursor may become, and that word: tables, columns of the tables that `statement` names (of all
 * where it names none), keywords. A table is found by its own name too, without its schema.
 */
export function completeSql(
  line: string,
  statement: string,
  { tables, commands }: { readonly tables: readonly KnownTable[]; readonly commands: readonly string[] },
): [string[], string] {
  if (/^\s*\.\w*$/.test(line)) return startingWith(line.trim(), commands);
  const word = /[\w.]*$/.exec(line)?.[0] ?? '';
  const text = `${statement}\n${line}`.toLowerCase();
  const named = tables.filter(({ name }) => text.includes(name));
  const columns = (named.length > 0 ? named : tables).flatMap((table) => table.columns);
  const names = tables.map(({ name }) => name);
  const byOwnName = word.includes('.')
    ? []
    : names.filter((name) => word.length > 1 && name.split('.')[1]?.startsWith(word.toLowerCase()));
  const isUpper = word !== word.toLowerCase() || word === '';
  const keywords = KEYWORDS.map((one) => (isUpper ? one : one.toLowerCase()));
  const [found] = startingWith(word, [...names, ...columns, ...keywords]);
  return [[...new Set([...found, ...byOwnName])], word];
}

function startingWith(word: string, candidates: readonly string[]): [string[], string] {
  const wanted = word.toLowerCase();
  return [candidates.filter((one) => one.toLowerCase().startsWith(wanted)), word];
}
