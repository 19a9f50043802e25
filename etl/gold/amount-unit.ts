import type { Contract } from '../contract/contract.ts';

/**
 * The column of a Gold table that says what its amounts are of, as a currency does: that by which its inputs tell their
 * measures apart. Amounts are never added up across it. Undefined where there is none.
 */
export function amountUnit(inputs: readonly Contract[], columns: readonly string[]): string | undefined {
  const units = inputs.flatMap((input) =>
    input.layer === 'silver' ? input.measures.flatMap(({ by }) => by ?? []) : [],
  );
  return units.find((name) => columns.includes(name));
}
