import { highestOf, isLower } from '../contract/classification-order.ts';
import type { Classification, Contract, GoldContract } from '../contract/contract.ts';
import type { Engine } from '../engine/engine.ts';
import { protectedOrigins } from './protected-origins.ts';

/**
 * What would publish protected values under a lower classification than their own, in words; undefined where nothing does.
 * Each column of the table is followed to where its values come from; one that can't be followed may come from all that
 * the SQL may read.
 */
export async function wrongClassification(
  engine: Engine,
  contract: GoldContract,
  sources: { readonly query: string; readonly contracts: ReadonlyMap<string, Contract> },
): Promise<string | undefined> {
  const found = await protectedOrigins(engine, contract, sources);
  const wrong = contract.columns.flatMap(({ name, classification }) => {
    const above = [...(found.get(name) ?? [])].filter(([, own]) => isLower(classification, own));
    return above.length === 0 ? [] : [wrongColumn(name, classification, above)];
  });
  return wrong.length === 0 ? undefined : wrong.join('; ');
}

function wrongColumn(
  name: string,
  classification: Classification,
  above: readonly (readonly [string, Classification])[],
): string {
  const from = above.map(([origin, own]) => `${origin} (${own})`).sort();
  return `gives the ${classification} column ${name} protected values of ${from.join(', ')}; classify ${name} ${highestOf(above.map(([, own]) => own))}, or leave them out`;
}
