import { z } from 'zod';
import { asExpression, type Expression, firstWrong } from './parse-sql.ts';

/** Rules for the parts of a statement's tree; each returns what is wrong with a part, or undefined. */
export interface SqlRules {
  query(query: SqlQuery): string | undefined;
  /** `named` has what WITH named before, in lower case. */
  source(source: SqlSource, named: ReadonlySet<string>): string | undefined;
  expression(expression: Expression): string | undefined;
}

/** A query, whose other members hold its parts. */
const Query = z.looseObject({
  type: z.string(),
  sample: z.unknown().optional(),
  /** Of a recursive query: how it calls itself. */
  cte_name: z.string().optional(),
  cte_map: z.looseObject({
    map: z.array(
      z.looseObject({
        key: z.string(),
        value: z.looseObject({ query: z.looseObject({ node: z.unknown() }) }),
      }),
    ),
  }),
});
export type SqlQuery = z.infer<typeof Query>;

/** A part behind FROM; each says whether it is a sample. */
const Source = z.looseObject({
  type: z.string(),
  sample: z.unknown(),
  schema_name: z.string().optional(),
  table_name: z.string().optional(),
  catalog_name: z.string().optional(),
  at_clause: z.unknown().optional(),
  /** Of a table function. */
  function: z
    .looseObject({
      function_name: z.string(),
      schema: z.string(),
      catalog: z.string(),
      children: z.unknown(),
    })
    .optional(),
});
export type SqlSource = z.infer<typeof Source>;

/**
 * What the rules find wrong first in the tree of a query, which is walked whole, with the names that WITH gives at each
 * place; undefined where they find nothing. Throws where the tree can't be understood.
 */
export function firstWrongPart(
  tree: unknown,
  rules: SqlRules,
  named: ReadonlySet<string> = new Set(),
): string | undefined {
  if (tree === null || typeof tree !== 'object') return undefined;
  const within = (part: unknown): string | undefined => firstWrongPart(part, rules, named);
  if (Array.isArray(tree)) return firstWrong(tree, within);
  if ('cte_map' in tree) return wrongQuery(Query.parse(tree), rules, named);
  const expression = asExpression(tree);
  if (expression !== undefined)
    return rules.expression(expression) ?? firstWrong(Object.values(tree), within);
  if (!('sample' in tree)) return firstWrong(Object.values(tree), within);
  const source = Source.parse(tree);
  return rules.source(source, named) ?? firstWrong(partsOf(source), within);
}

/** A table function is no expression; its arguments are. */
function partsOf({ function: called, ...source }: SqlSource): unknown[] {
  return [...Object.values(source), called?.children];
}

function wrongQuery(query: SqlQuery, rules: SqlRules, named: ReadonlySet<string>): string | undefined {
  const { cte_map: ctes, cte_name: own, ...parts } = query;
  const problem = rules.query(query);
  if (problem !== undefined) return problem;
  let names = own === undefined ? named : new Set([...named, own.toLowerCase()]);
  for (const { key, value } of ctes.map) {
    const wrong = firstWrongPart(value.query.node, rules, names);
    if (wrong !== undefined) return wrong;
    names = new Set([...names, key.toLowerCase()]);
  }
  return firstWrong(Object.values(parts), (part) => firstWrongPart(part, rules, names));
}
