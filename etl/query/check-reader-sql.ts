import { type Expression, plainKind, wrongCall } from '../engine/parse-sql.ts';
import { firstWrongPart, type SqlSource } from '../engine/walk-sql.ts';
import { READER_FUNCTIONS, READER_TABLE_FUNCTIONS, REVEAL } from './reader-functions.ts';

/** The parts of DuckDB's own catalog that a reader may see: which tables there are, not how they are made. */
const CATALOG: ReadonlySet<string> = new Set(
  ['tables', 'columns', 'schemata'].map((table) => `information_schema.${table}`),
);

/**
 * What a query of somebody else does that it may not: it may read the tables named, in lower case, and call functions that
 * compute, or open envelopes where they may, and nothing else. Undefined where everything is allowed. `tree` is the parsed statement that will be run.
 */
export function wrongReaderSql(
  tree: unknown,
  tables: ReadonlySet<string>,
  { mayReveal = false }: { readonly mayReveal?: boolean } = {},
): string | undefined {
  const functions = mayReveal ? REVEALING_FUNCTIONS : READER_FUNCTIONS;
  return firstWrongPart(tree, {
    query: () => undefined,
    source: (source, named) => wrongSource(source, named, tables),
    expression: (expression) => wrongExpression(expression, functions),
  });
}

const REVEALING_FUNCTIONS: ReadonlySet<string> = new Set([...READER_FUNCTIONS, REVEAL]);

/** Kinds of source that read nothing by themselves. */
const SOURCES: ReadonlySet<string> = new Set([
  'EMPTY',
  'SUBQUERY',
  'JOIN',
  'EXPRESSION_LIST',
  'PIVOT',
  'SHOW_REF',
]);

function wrongSource(
  source: SqlSource,
  named: ReadonlySet<string>,
  tables: ReadonlySet<string>,
): string | undefined {
  if (source.type === 'BASE_TABLE') return wrongTable(source, named, tables);
  if (source.type === 'TABLE_FUNCTION') {
    const { function_name: name = '', schema = '', catalog = '' } = source.function ?? {};
    // A projection at a moment is there for who may read its table.
    const projection = /^(\w+)_at$/.exec(name.toLowerCase())?.[1] ?? '';
    if (catalog === '' && schema.toLowerCase() === 'projection' && tables.has(`projection.${projection}`))
      return undefined;
    return READER_TABLE_FUNCTIONS.has(name.toLowerCase()) &&
      catalog === '' &&
      (schema === '' || schema === 'main')
      ? undefined
      : `reads the table function '${name}'; it may read tables of the lake, and ${[...READER_TABLE_FUNCTIONS].join(', ')}`;
  }
  return SOURCES.has(source.type) ? undefined : `has a ${plainKind(source.type)} behind FROM`;
}

function wrongTable(
  source: SqlSource,
  named: ReadonlySet<string>,
  tables: ReadonlySet<string>,
): string | undefined {
  const { catalog_name: catalog = '', schema_name: schema = '', table_name: table = '' } = source;
  const name = [catalog, schema, table].filter((part) => part !== '').join('.');
  if (catalog !== '') return `reads '${name}'; write <schema>.<table>`;
  if (schema === '')
    // DuckDB would look for a file of that name.
    return named.has(table.toLowerCase())
      ? undefined
      : `reads '${name}', which names no schema; write e.g. silver.${table}`;
  const plain = name.toLowerCase();
  if (tables.has(plain) || CATALOG.has(plain)) return undefined;
  return `reads '${name}', which is no table that you may read`;
}

function wrongExpression(expression: Expression, functions: ReadonlySet<string>): string | undefined {
  const { class: kind } = expression;
  if (kind === 'PARAMETER') return 'has a parameter; write its value';
  return kind === 'FUNCTION' || kind === 'WINDOW'
    ? wrongCall(expression, functions, 'those of DuckDB that compute a value')
    : undefined;
}
