import { Buffer } from 'node:buffer';
import { type DuckDbFault, duckDbFault } from '../engine/engine-error.ts';
import { ConfigError } from '../errors.ts';
import { noTable } from './no-table.ts';

/** A failed question, with what explains its error. */
export interface FailedQuery {
  readonly sql: string;
  /** Its tree, where DuckDB gives one. */
  readonly tree: unknown;
  /** What stood before it in the statement that was run. */
  readonly prefix: string;
  /** Every table that may be named. */
  readonly names: () => Promise<readonly string[]>;
}

/** Classes of errors that are about the SQL, and quote nothing else. */
const OF_THE_SQL: ReadonlySet<string> = new Set([
  'Binder',
  'Catalog',
  'Parser',
  'Syntax',
  'Not implemented',
  'Invalid Type',
  'Permission',
  'Missing Extension',
  'Parameter Not Resolved',
]);

/**
 * What DuckDB said of a question, in words that help: the tables there are, the line of the user's own text. Errors of other
 * classes, which may quote values, say their class; those that may pass stay as they are.
 */
export async function explained(error: unknown, query: FailedQuery): Promise<unknown> {
  const fault = duckDbFault(error);
  if (fault === undefined || (error instanceof Error && error.name === 'TransientError')) return error;
  const at = fault.position === undefined ? -1 : fault.position - Buffer.byteLength(query.prefix);
  const missing = fault.type === 'Catalog' ? missingTable(fault, query.tree, at) : undefined;
  if (missing !== undefined) return noTable(missing, await query.names());
  const details = { cause: fault, context: { engineError: fault.type, ...placeIn(query.sql, at) } };
  const tooLarge =
    fault.type === 'Out of Range'
      ? ' A number becomes larger than its type holds; a decimal, and a sum or product of decimals, has 38 digits at most: add up less, or take CAST(… AS DOUBLE).'
      : '';
  if (!OF_THE_SQL.has(fault.type))
    return new ConfigError(
      'SQL',
      `The SQL can't be answered: ${fault.type} error.${tooLarge} What DuckDB says of it may quote values: --debug shows it.`,
      details,
    );
  return new ConfigError(
    'SQL',
    `The SQL can't be answered. ${fault.type} Error: ${fault.text}${quotedLine(query.sql, at)}`,
    details,
  );
}

/** The table that isn't there, as it was written: the tree says its whole name. */
function missingTable(fault: DuckDbFault, tree: unknown, at: number): string | undefined {
  const found = namedTables(tree).find(({ location }) => location === at);
  const isTable = fault.subtype === 'MISSING_ENTRY' && fault.objectKind === 'Table';
  return found?.name ?? (isTable ? fault.subject : undefined);
}

/** Every table that a tree names, and where in the text. */
export function namedTables(tree: unknown): { readonly name: string; readonly location: number }[] {
  if (tree === null || typeof tree !== 'object') return [];
  const below = Object.values(tree).flatMap(namedTables);
  if (!('table_name' in tree && 'query_location' in tree)) return below;
  const schema = 'schema_name' in tree && tree.schema_name !== '' ? `${String(tree.schema_name)}.` : '';
  return [{ name: `${schema}${String(tree.table_name)}`, location: Number(tree.query_location) }, ...below];
}

/** The line of the user's text that a position, in bytes, is on, and a mark below it; nothing where it is on none. */
export function quotedLine(sql: string, at: number): string {
  const { line, column } = placeIn(sql, at);
  if (line === undefined || column === undefined) return '';
  const label = `LINE ${line}: `;
  return `\n\n${label}${sql.split('\n')[line - 1] ?? ''}\n${' '.repeat(label.length + column - 1)}^`;
}

/** Where a position, in bytes, is in a text, counted from 1; nothing where it is outside. */
export function placeIn(sql: string, at: number): { readonly line?: number; readonly column?: number } {
  if (at < 0 || at > Buffer.byteLength(sql)) return {};
  const before = Buffer.from(sql).subarray(0, at).toString().split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
