import type { SourceContract } from '../contract/contract.ts';
import type { Engine } from '../engine/engine.ts';
import { exactSum } from '../engine/exact-sum.ts';
import { identifier } from '../engine/sql.ts';
import { precisionOf, scaleOf } from '../refining/rejects.ts';

/** The sum of each measure over the rows in `traced`. */
export async function sumsOf(engine: Engine, contract: SourceContract): Promise<Record<string, string>> {
  const sums: Record<string, string> = {};
  for (const [n, { column }] of contract.measures.entries()) {
    const type = { precision: precisionOf(contract, n), scale: scaleOf(contract, n) };
    const { summand, read } = await exactSum(engine, { value: identifier(column), ...type, from: 'traced' });
    const [row = {}] = await engine.rows(`SELECT CAST(sum(${summand}) AS VARCHAR) AS total FROM traced`);
    sums[column] = typeof row.total === 'string' ? read(row.total) : '0';
  }
  return sums;
}
