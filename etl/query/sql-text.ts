/** White space and comments; texts and names in quotes of any kind; one sign of anything else. What isn't closed runs to the end. */
const PIECES =
  /(?<space>\s+|--[^\n]*|\/\*(?:[\s\S]*?\*\/|[\s\S]*$))|(?<quoted>'(?:[^']|'')*(?:'|$)|"(?:[^"]|"")*(?:"|$)|\$(?<tag>\w*)\$[\s\S]*?(?:\$\k<tag>\$|$))|(?<sign>[\s\S])/gu;

interface Piece {
  readonly kind: 'space' | 'quoted' | 'sign';
  readonly text: string;
  readonly end: number;
}

function piecesOf(sql: string): Piece[] {
  return [...sql.matchAll(PIECES)].map(({ 0: text, index, groups = {} }) => ({
    kind: groups.space !== undefined ? 'space' : groups.quoted !== undefined ? 'quoted' : 'sign',
    text,
    end: index + text.length,
  }));
}

/** A statement without the semicolons, blanks and comments behind it. */
export function withoutEnd(sql: string): string {
  const last = piecesOf(sql).findLast(({ kind, text }) => kind !== 'space' && text !== ';');
  return last === undefined ? '' : sql.slice(0, last.end);
}

/** Whether a text that is being typed ends with a semicolon that ends its statement, and not a text, a name or a comment. */
export function isEnded(sql: string): boolean {
  const last = piecesOf(sql).findLast(({ kind }) => kind !== 'space');
  return last?.kind === 'sign' && last.text === ';' && !/\/\*(?![\s\S]*\*\/)/.test(sql.slice(last.end));
}

/** A statement on one line, without comments; undefined where a text in quotes has several lines. */
export function oneLine(sql: string): string | undefined {
  const pieces = piecesOf(sql).filter(
    ({ kind }, n, all) => kind !== 'space' || (n > 0 && all[n - 1]?.kind !== 'space'),
  );
  const joined = pieces
    .map(({ kind, text }) => (kind === 'space' ? ' ' : text))
    .join('')
    .trimEnd();
  return joined.includes('\n') || joined === '' ? undefined : joined;
}

/** Whether there is nothing in a text but blanks, comments and semicolons. */
export const isBlankSql = (sql: string): boolean => withoutEnd(sql) === '';
