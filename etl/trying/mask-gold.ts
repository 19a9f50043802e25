import type { Contract } from '../contract/contract.ts';
import { openColumns } from '../contract/open-columns.ts';
import { MASK } from '../query/run-rejects.ts';
import type { FigureChange, GoldEffect } from './gold-effect.ts';

/** The effects on Gold tables without values of their personal and confidential columns; of a table without a contract without any. */
export function maskGold(
  effects: readonly GoldEffect[],
  contracts: ReadonlyMap<string, Contract>,
): readonly GoldEffect[] {
  return effects.map((effect) => {
    const open = openColumns(contracts.get(effect.report));
    return { ...effect, figures: effect.figures.map((figure) => masked(figure, open)) };
  });
}

function masked(figure: FigureChange, open: ReadonlySet<string>): FigureChange {
  const mask = <T>(value: T): T | string => (value === null ? value : MASK);
  const key = Object.entries(figure.key).map(([name, value]) => [name, open.has(name) ? value : mask(value)]);
  const shown = open.has(figure.column);
  return {
    ...figure,
    key: Object.fromEntries(key),
    old: shown ? figure.old : mask(figure.old),
    new: shown ? figure.new : mask(figure.new),
  };
}
