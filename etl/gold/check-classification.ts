import { RESCUED_NAME } from '../contract/check-columns.ts';
import { highestOf, isLower } from '../contract/classification-order.ts';
import type { Classification, Contract, GoldContract } from '../contract/contract.ts';
import { isSealedColumn, tableColumns } from '../contract/table-columns.ts';
import { columnOrigins } from '../engine/column-origins.ts';
import type { Engine } from '../engine/engine.ts';
import { parseSql } from '../engine/parse-sql.ts';
import { tableName } from '../naming/datasets.ts';
import { isProtected, protectionOf } from '../privacy/protection.ts';

/**
 * What would publish protected values under a lower classification than their own, in words; undefined where nothing does.
 * Each column of the table is followed to where its values come from; one that can't be followed may come from all that
 * the SQL may read.
 */
export async function wrongClassification(
  engine: Engine,
  { columns, inputs }: GoldContract,
  { query, contracts }: { readonly query: string; readonly contracts: ReadonlyMap<string, Contract> },
): Promise<string | undefined> {
  const hidden = new Map(inputs.flatMap((input) => protectedColumns(contracts.get(input))));
  if (hidden.size === 0) return undefined;
  const parsed = await parseSql(engine, query);
  const known = inputs.flatMap((input) => {
    const source = contracts.get(input);
    const names = source === undefined ? [] : tableColumns(source).map(({ name }) => name);
    return [[tableName('silver', input), names] as const];
  });
  const fields = columnOrigins(parsed.kind === 'queries' ? parsed.trees[0] : undefined, new Map(known));
  const wrong = columns.flatMap(({ name, classification }) => {
    const named = fields.filter((field) => field.name === name);
    const origins = (named.length === 0 ? fields : named).flatMap((field) => [...field.origins]);
    const above = [...new Set(origins)].filter((origin) => {
      const own = hidden.get(origin);
      return own !== undefined && isLower(classification, own);
    });
    return above.length === 0 ? [] : [wrongColumn(name, classification, { above, hidden })];
  });
  return wrong.length === 0 ? undefined : wrong.join('; ');
}

function wrongColumn(
  name: string,
  classification: Classification,
  {
    above,
    hidden,
  }: { readonly above: readonly string[]; readonly hidden: ReadonlyMap<string, Classification> },
): string {
  const from = [...above].sort().map((origin) => `${origin} (${hidden.get(origin)})`);
  return `gives the ${classification} column ${name} protected values of ${from.join(', ')}; classify ${name} ${highestOf(above.flatMap((origin) => hidden.get(origin) ?? []))}, or leave them out`;
}

/** Columns of a Silver table that hold envelopes or references, with their classification. */
function protectedColumns(contract: Contract | undefined): [string, Classification][] {
  if (contract?.layer !== 'silver' || !isProtected(protectionOf(contract))) return [];
  const table = tableName('silver', contract.dataset);
  const own = contract.columns.filter(isSealedColumn);
  return [
    ...own.map(({ name, classification }): [string, Classification] => [`${table}.${name}`, classification]),
    [`${table}.${RESCUED_NAME}`, 'personal'],
  ];
}
