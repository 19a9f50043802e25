import { z } from 'zod';
import type { Engine } from '../engine/engine.ts';
import { duckDbFault } from '../engine/engine-error.ts';
import {
  asExpression,
  checkedSql,
  type Expression,
  firstWrong,
  type ParsedSql,
  plainKind,
  wrongCall,
  wrongConstant,
} from '../engine/parse-sql.ts';
import { identifier } from '../engine/sql.ts';
import { ConfigError, DataError } from '../errors.ts';
import type { ContractBase, ContractColumn, RecordRule } from './contract.ts';
import { duckType } from './duck-type.ts';
import { MOST_PADDED, PADDING, RULE_FUNCTIONS } from './rule-functions.ts';

declare const checked: unique symbol;

/** A rule's expression, parsed, checked and printed anew. No other text of a rule becomes SQL. */
export type RuleSql = string & { readonly [checked]: true };

/** A record rule that may be run. */
export interface CheckedRule {
  readonly rule: string;
  readonly sql: RuleSql;
  /** The columns that it looks at. */
  readonly columns: ReadonlySet<string>;
}

/** A contract whose rows have rules to keep. */
export type RuledContract = Pick<ContractBase, 'file' | 'columns' | 'rules'>;

const known = new WeakMap<RuledContract, Promise<readonly CheckedRule[]>>();

/**
 * The record rules of a contract as SQL. Each must be one expression over the contract's own columns, with functions that
 * look at nothing but the record; what is returned is printed from what was parsed. Throws ConfigError `RULE_INVALID`
 * naming the rule, what is wrong and what to write.
 */
export function checkedRules(engine: Engine, contract: RuledContract): Promise<readonly CheckedRule[]> {
  const found = known.get(contract) ?? readRules(engine, contract);
  known.set(contract, found);
  // A failure of the engine isn't cached.
  found.catch(() => known.delete(contract));
  return found;
}

async function readRules(engine: Engine, contract: RuledContract): Promise<readonly CheckedRule[]> {
  const rules: CheckedRule[] = [];
  for (const rule of contract.rules) rules.push(await readRule(engine, contract, rule));
  return rules;
}

async function readRule(engine: Engine, contract: RuledContract, rule: RecordRule): Promise<CheckedRule> {
  const columns = new Set(contract.columns.map(({ name }) => name));
  // A comment at the end must not swallow what follows.
  const select = `SELECT ${rule.expression}\n`;
  const named = new Set<string>();
  const checked = await checkedSql(engine, select, (parsed) => {
    if (parsed.kind === 'queries') collectColumns(parsed.trees, named);
    return problemOf(parsed, columns);
  });
  if (checked.kind === 'wrong') throw ruleError(contract, rule, checked.problem);
  if (!checked.sql.startsWith(SELECT)) throw ruleError(contract, rule, NOT_ONE);
  return { rule: rule.rule, sql: checked.sql.slice(SELECT.length) as RuleSql, columns: named };
}

const SELECT = 'SELECT ';
const NOT_ONE =
  'is more than one expression; write a single condition, without SELECT, FROM, WHERE or a semicolon';

function ruleError({ file }: RuledContract, { rule }: RecordRule, problem: string): ConfigError {
  return new ConfigError('RULE_INVALID', `${file}: the rule '${rule}' ${problem}`, { context: { rule } });
}

/** A SELECT that has nothing but what it selects. */
const BareSelect = z.strictObject({
  node: z.strictObject({
    type: z.literal('SELECT_NODE'),
    modifiers: z.array(z.never()),
    cte_map: z.strictObject({ map: z.array(z.never()) }),
    select_list: z.tuple([z.looseObject({ alias: z.literal('') })]),
    from_table: z.looseObject({ type: z.literal('EMPTY'), sample: z.null() }),
    where_clause: z.null(),
    group_expressions: z.array(z.never()),
    group_sets: z.array(z.never()),
    aggregate_handling: z.literal('STANDARD_HANDLING'),
    having: z.null(),
    sample: z.null(),
    qualify: z.null(),
  }),
  named_param_map: z.array(z.unknown()),
});

function problemOf(parsed: ParsedSql, columns: ReadonlySet<string>): string | undefined {
  if (parsed.kind === 'broken')
    return `is no SQL expression: ${parsed.why}; write a condition over the columns`;
  if (parsed.kind === 'other' || parsed.trees.length !== 1) return NOT_ONE;
  const bare = BareSelect.safeParse(parsed.trees[0]);
  return bare.success ? wrongPart(bare.data.node.select_list[0], columns) : NOT_ONE;
}

/** Adds the names of the columns in a tree. */
function collectColumns(tree: unknown, into: Set<string>): void {
  if (tree === null || typeof tree !== 'object') return;
  const expression = Array.isArray(tree) ? undefined : asExpression(tree);
  for (const name of expression?.column_names?.slice(-1) ?? []) into.add(name);
  for (const part of Object.values(tree)) collectColumns(part, into);
}

/** Kinds of expression that a rule may be made of. */
const CLASSES: ReadonlySet<string> = new Set([
  'COLUMN_REF',
  'CONSTANT',
  'COMPARISON',
  'CONJUNCTION',
  'OPERATOR',
  'FUNCTION',
  'CASE',
  'CAST',
  'BETWEEN',
]);

/** What in an expression's tree isn't allowed; undefined where everything is. */
function wrongPart(tree: unknown, columns: ReadonlySet<string>): string | undefined {
  if (tree === null || typeof tree !== 'object') return undefined;
  const expression = Array.isArray(tree) ? undefined : asExpression(tree);
  const problem = expression === undefined ? undefined : wrongExpression(expression, columns);
  return problem ?? firstWrong(Object.values(tree), (part) => wrongPart(part, columns));
}

function wrongExpression(expression: Expression, columns: ReadonlySet<string>): string | undefined {
  const { class: kind, column_names: names = [] } = expression;
  if (!CLASSES.has(kind)) return `uses ${kindName(kind)}, and a rule looks at one record's values alone`;
  if (kind === 'CONSTANT') return wrongConstant(expression);
  if (kind === 'COLUMN_REF' && (names.length !== 1 || !columns.has(names[0] ?? '')))
    return `names '${names.join('.')}', which is no column of the contract; write one of ${[...columns].join(', ')}`;
  return kind === 'FUNCTION' ? wrongFunction(expression) : undefined;
}

function wrongFunction(expression: Expression): string | undefined {
  const { function_name: name = '', filter, distinct, order_bys: order, children = [] } = expression;
  const call = wrongCall(expression, RULE_FUNCTIONS);
  if (call !== undefined) return call;
  if ((filter ?? null) !== null || distinct === true || (order?.orders.length ?? 0) > 0)
    return `calls '${name}' with DISTINCT, FILTER or ORDER BY, which are for many records; leave them out`;
  return PADDING.has(name) && !isShort(children[1])
    ? `pads to more than ${MOST_PADDED} characters, or to a length that the record says; write a number up to that`
    : undefined;
}

function isShort(length: unknown): boolean {
  const value =
    typeof length === 'object' && length !== null ? asExpression(length)?.value?.value : undefined;
  return typeof value === 'number' && value <= MOST_PADDED;
}

/** `WINDOW` → `a window`: what a person would call a kind of expression. */
function kindName(kind: string): string {
  return KIND_NAMES[kind] ?? plainKind(kind);
}

const KIND_NAMES: Readonly<Record<string, string>> = {
  SUBQUERY: 'a subquery',
  WINDOW: 'a window function',
  PARAMETER: 'a parameter',
  POSITIONAL_REFERENCE: 'a column by its position',
  LAMBDA: 'a lambda',
  STAR: '*',
  COLLATE: 'a collation',
  DEFAULT: 'DEFAULT',
};

/**
 * Checks every record rule of a contract, also that it fits the columns' types and gives true or false. Throws ConfigError
 * `RULE_INVALID` for the first that doesn't.
 */
export async function checkRules(engine: Engine, contract: RuledContract): Promise<void> {
  for (const { rule, sql } of await checkedRules(engine, contract)) {
    const type = await typeOf(engine, contract, rule, sql);
    if (type !== 'BOOLEAN')
      throw ruleError(
        contract,
        { rule, description: '', expression: '' },
        `gives ${type}, not true or false; write a condition`,
      );
  }
}

/** The type of a rule's result, found without any record. What DuckDB says against it can quote the rule alone. */
async function typeOf(engine: Engine, contract: RuledContract, rule: string, sql: RuleSql): Promise<string> {
  try {
    const select = `SELECT TRY(${sql}) AS passes FROM (SELECT ${contract.columns.map(emptyColumn).join(', ')}) WHERE false`;
    const { columns } = await engine.naming(`the rule '${rule}'`).result(select);
    return columns[0]?.type ?? 'nothing';
  } catch (error) {
    const fault = duckDbFault(error);
    if (fault === undefined || !(error instanceof DataError)) throw error;
    throw new ConfigError(
      'RULE_INVALID',
      `${contract.file}: the rule '${rule}' can't be run: ${fault.text}`,
      {
        context: { rule },
        cause: fault,
      },
    );
  }
}

function emptyColumn({ name, type }: ContractColumn): string {
  return `CAST(NULL AS ${duckType(type)}) AS ${identifier(name)}`;
}
