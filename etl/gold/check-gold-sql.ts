import { z } from 'zod';
import type { GoldContract } from '../contract/contract.ts';
import type { Engine } from '../engine/engine.ts';
import {
  checkedSql,
  type Expression,
  type ParsedSql,
  plainKind,
  wrongCall,
  wrongConstant,
} from '../engine/parse-sql.ts';
import { firstWrongPart, type SqlQuery, type SqlSource } from '../engine/walk-sql.ts';
import { ConfigError } from '../errors.ts';
import { tableName } from '../naming/datasets.ts';
import { CARRIED_TABLE, CARRY } from './carried.ts';
import { GOLD_FUNCTIONS, VALUE_FUNCTIONS } from './gold-functions.ts';

/**
 * Gold SQL, its months put in, as it may be run: one SELECT that reads the contract's inputs and nothing else, printed from
 * what was parsed. Throws ConfigError `GOLD_SQL` that says what is wrong and what to write.
 */
export async function checkedGoldSql(engine: Engine, contract: GoldContract, sql: string): Promise<string> {
  const inputs = new Set(contract.inputs.map((input) => tableName('silver', input)));
  if (contract.carry === true) inputs.add(CARRIED_TABLE);
  const checked = await checkedSql(engine, sql, (parsed) => problemOf(parsed, inputs));
  if (checked.kind === 'wrong') throw goldSqlError(contract, checked.problem);
  return checked.sql;
}

/** What is wrong with the SQL of a Gold contract, as an error. */
export function goldSqlError({ sql, dataset }: GoldContract, problem: string): ConfigError {
  return new ConfigError('GOLD_SQL', `sql/gold/${sql} (${dataset}) ${problem}`, { context: { dataset } });
}

const Statement = z.strictObject({ node: z.unknown(), named_param_map: z.array(z.unknown()) });

function problemOf(parsed: ParsedSql, inputs: ReadonlySet<string>): string | undefined {
  if (parsed.kind === 'broken') return `is no SQL: ${parsed.why}; write one SELECT`;
  if (parsed.kind === 'other') return 'is not a SELECT that can be checked; write one, without PIVOT';
  if (parsed.trees.length !== 1) return `holds ${parsed.trees.length} statements; write one SELECT`;
  return firstWrongPart(Statement.parse(parsed.trees[0]).node, {
    query: wrongQuery,
    source: (source, named) => wrongSource(source, { inputs, named }),
    expression: wrongExpression,
  });
}

/** The tables that may be named at a place: inputs as `silver.<table>`, and what WITH named before it. */
interface Scope {
  readonly inputs: ReadonlySet<string>;
  readonly named: ReadonlySet<string>;
}

const QUERIES: ReadonlySet<string> = new Set(['SELECT_NODE', 'SET_OPERATION_NODE']);

function wrongQuery({ type, sample }: SqlQuery): string | undefined {
  if (!QUERIES.has(type)) return 'has a recursive query, which may never end; write it without RECURSIVE';
  return (sample ?? null) !== null ? SAMPLED : undefined;
}

const SAMPLED = 'takes a sample, which is another one each time; read all rows';

/** Kinds of source that read nothing by themselves. */
const SOURCES: ReadonlySet<string> = new Set(['EMPTY', 'SUBQUERY', 'JOIN', 'EXPRESSION_LIST']);

function wrongSource(source: SqlSource, scope: Scope): string | undefined {
  if (source.sample !== null) return SAMPLED;
  if (source.type === 'BASE_TABLE') return wrongTable(source, scope);
  if (source.type === 'TABLE_FUNCTION')
    return `reads the table function '${source.function?.function_name ?? ''}'; read ${readable(scope.inputs)}`;
  return SOURCES.has(source.type)
    ? undefined
    : `has a ${plainKind(source.type)} behind FROM; read tables, subqueries and VALUES`;
}

/** Tables as a person writes them. */
const readable = (inputs: ReadonlySet<string>): string =>
  [...inputs].map((name) => (name === CARRIED_TABLE ? CARRY : name)).join(', ');

function wrongTable(source: SqlSource, { inputs, named }: Scope): string | undefined {
  const { catalog_name: catalog = '', schema_name: schema = '', table_name: table = '' } = source;
  const name = [catalog, schema, table].filter((part) => part !== '').join('.');
  const isKnown = schema === '' ? named.has(table.toLowerCase()) : inputs.has(name.toLowerCase());
  if (!isKnown || catalog !== '')
    return `reads '${name}', which is no input; it may read ${readable(inputs)}, and what WITH names before (assay.inputs says what is read)`;
  return (source.at_clause ?? null) === null ? undefined : `reads '${name}' at another time; leave AT out`;
}

/** Kinds of expression that Gold SQL may be made of. */
const CLASSES: ReadonlySet<string> = new Set([
  'COLUMN_REF',
  'CONSTANT',
  'COMPARISON',
  'CONJUNCTION',
  'OPERATOR',
  'FUNCTION',
  'WINDOW',
  'CASE',
  'CAST',
  'BETWEEN',
  'SUBQUERY',
  'STAR',
]);

function wrongExpression(expression: Expression): string | undefined {
  const { class: kind, column_names: names = [] } = expression;
  const [name = ''] = names;
  if (!CLASSES.has(kind))
    return `has a ${plainKind(kind)}, which is not in the SQL that DuckDB and Trino share`;
  if (kind === 'CONSTANT') return wrongConstant(expression);
  if (kind === 'FUNCTION' || kind === 'WINDOW') return wrongCall(expression, GOLD_FUNCTIONS);
  if (kind === 'STAR' && (expression.columns === true || (expression.expr ?? null) !== null))
    return 'has COLUMNS(…), which is not in the SQL that DuckDB and Trino share; name the columns';
  if (kind === 'COLUMN_REF' && names.length === 1 && VALUE_FUNCTIONS.has(name.toLowerCase()))
    return `asks for ${name}, which is another one each time; use {{from_month}} and {{to_month}}`;
  return undefined;
}
