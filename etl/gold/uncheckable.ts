import { checkedRules } from '../contract/check-rules.ts';
import type { GoldContract } from '../contract/contract.ts';
import type { Engine } from '../engine/engine.ts';
import type { GoldSources } from './gold-origins.ts';
import { protectedOrigins } from './protected-origins.ts';

/**
 * Which checks and rules of a Gold contract nobody could make, in words: those that look at a text column in which envelopes
 * or references stand, for Gold is made without opening them. Undefined where there are none.
 */
export async function uncheckable(
  engine: Engine,
  contract: GoldContract,
  sources: GoldSources,
): Promise<string | undefined> {
  const found = await protectedOrigins(engine, contract, sources);
  // A number or a day that is made of an envelope is none itself.
  const sealed = contract.columns.filter(({ name, type }) => type.kind === 'string' && found.has(name));
  const names = new Set(sealed.map(({ name }) => name));
  const ofColumns = sealed.flatMap(({ name, checks }) =>
    checks.map(({ rule }) => ({ what: `the check '${rule}' of ${name}`, column: name })),
  );
  const ofRows = (await checkedRules(engine, contract)).flatMap(({ rule, columns }) => {
    const column = [...columns].find((one) => names.has(one));
    return column === undefined ? [] : [{ what: `the rule '${rule}'`, column }];
  });
  const wrong = [...ofColumns, ...ofRows].map(({ what, column }) => {
    const from = [...(found.get(column)?.keys() ?? [])].sort().join(', ');
    return `can't keep ${what}: in ${column} stand protected values of ${from}, which Gold never opens; remove it, or check the values in the contract that they come from`;
  });
  return wrong.length === 0 ? undefined : wrong.join('; ');
}
