import { z } from 'zod';
import type { Engine } from '../engine/engine.ts';
import { literal } from '../engine/sql.ts';
import { ConfigError } from '../errors.ts';
import type { SourceContract } from './contract.ts';

/** Functions that a rule may call: pure, and of one record. Operators come as functions too. */
const FUNCTIONS = new Set(
  `+ - * / // % ** || ~~ !~~ ~~* !~~* abs ceil ceiling concat contains date_diff date_part date_trunc datediff datepart day
  ends_with floor greatest ifnull least left len length list_contains list_value lower lpad ltrim month nullif prefix quarter regexp_full_match
  regexp_matches replace right round rpad rtrim sign starts_with strpos substr substring suffix trim trunc upper week year`.split(
    /\s+/,
  ),
);

/** Kinds of expression that a rule may be made of. */
const CLASSES = new Set([
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

const Parsed = z.object({
  error: z.boolean(),
  error_message: z.string().optional(),
  statements: z
    .array(
      z.object({
        node: z.looseObject({
          select_list: z.array(z.unknown()),
          from_table: z.looseObject({ type: z.string() }),
        }),
      }),
    )
    .optional(),
});

/**
 * Parses every record rule of a contract: each must be one expression over the contract's own columns, with
 * functions that look at nothing but the record. Throws ConfigError naming the rule and what is wrong. A rule's
 * text reaches DuckDB as SQL only after this.
 */
export async function checkRules(engine: Engine, contract: SourceContract): Promise<void> {
  for (const { rule, expression } of contract.rules) {
    const problem = await problemOf(engine, expression, new Set(contract.columns.map(({ name }) => name)));
    if (problem === undefined) continue;
    throw new ConfigError('RULE_INVALID', `${contract.file}: the rule '${rule}' ${problem}`, {
      context: { rule },
    });
  }
}

async function problemOf(
  engine: Engine,
  expression: string,
  columns: ReadonlySet<string>,
): Promise<string | undefined> {
  const [row = {}] = await engine.rows(
    `SELECT CAST(json_serialize_sql(${literal(`SELECT (${expression}\n)`)}) AS VARCHAR) AS tree`,
  );
  const parsed = Parsed.parse(JSON.parse(String(row.tree)));
  if (parsed.error) return `is no SQL expression: ${parsed.error_message ?? expression}`;
  const [statement, ...more] = parsed.statements ?? [];
  const list = statement?.node.select_list ?? [];
  if (
    statement === undefined ||
    more.length > 0 ||
    list.length !== 1 ||
    statement.node.from_table.type !== 'EMPTY'
  ) {
    return 'is more than one expression';
  }
  return wrongPart(list[0], columns);
}

const Node = z.looseObject({
  class: z.string(),
  type: z.string().optional(),
  function_name: z.string().optional(),
  column_names: z.array(z.string()).optional(),
});

/** What in an expression's tree isn't allowed; undefined where everything is. */
function wrongPart(tree: unknown, columns: ReadonlySet<string>): string | undefined {
  if (Array.isArray(tree))
    return tree.map((part) => wrongPart(part, columns)).find((problem) => problem !== undefined);
  if (tree === null || typeof tree !== 'object') return undefined;
  const node = Node.safeParse(tree);
  if (node.success) {
    const { class: kind, function_name: name, column_names: names } = node.data;
    if (!CLASSES.has(kind)) return `uses ${kind.toLowerCase()}, which looks at more than one record`;
    if (kind === 'FUNCTION' && !FUNCTIONS.has(name ?? ''))
      return `calls '${name ?? ''}', which rules may not`;
    if (kind === 'COLUMN_REF' && (names?.length !== 1 || !columns.has(names[0] ?? ''))) {
      return `names '${names?.join('.') ?? ''}', which is no column of the contract`;
    }
  }
  return wrongPart(Object.values(tree), columns);
}
