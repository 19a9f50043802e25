import { type Engine, integerOf, textOf } from '../engine/engine.ts';
import { identitySumSql } from '../engine/record-identity.ts';
import { addDecimals } from '../sums.ts';
import { MILESTONE_RECORDS, MILESTONES } from './identity-milestones.ts';

/** Up to this number many files' records are added up in one statement, whose join would be slow for more. */
const FEW_RECORDS = 100_000;

/** What the identities of records 1 to n add up to, for several n: in one pass up to the largest. */
export async function identitiesOf(
  engine: Engine,
  counts: Iterable<number>,
): Promise<ReadonlyMap<number, string>> {
  const distinct = [...new Set(counts)].sort((a, b) => a - b).filter((n) => n > 0);
  const few = distinct.filter((n) => n <= FEW_RECORDS);
  const identities = new Map([[0, '0']]);
  let done = { n: 0, sum: '0' };
  const add = (n: number, step: string): void => {
    done = { n, sum: addDecimals(done.sum, step) };
    identities.set(n, done.sum);
  };
  for (const { n, step } of await stepsBetween(engine, few)) add(n, step);
  for (const n of distinct.slice(few.length)) {
    const near = milestoneUpTo(n);
    if (near.n > done.n) done = near;
    const [row = {}] = await engine.rows(
      `SELECT ${identitySumSql('i')} AS step FROM range(${done.n + 1}, ${n + 1}) AS numbers(i)`,
    );
    add(n, textOf(row, 'step'));
  }
  return identities;
}

/** The last number up to n for which the sum is known. */
function milestoneUpTo(n: number): { readonly n: number; readonly sum: string } {
  const nth = Math.min(Math.floor(n / MILESTONE_RECORDS), MILESTONES.length);
  return { n: nth * MILESTONE_RECORDS, sum: MILESTONES[nth - 1] ?? '0' };
}

/** What the identities from each count, exclusive, to the next add up to. */
async function stepsBetween(
  engine: Engine,
  counts: readonly number[],
): Promise<{ readonly n: number; readonly step: string }[]> {
  await engine.run('CREATE OR REPLACE TEMP TABLE counts (n BIGINT)');
  await engine.append(
    'counts',
    counts.map((n) => [BigInt(n)]),
  );
  const rows = await engine.rows(
    `SELECT n, ${identitySumSql('i')} AS step
     FROM range(1, ${(counts.at(-1) ?? 0) + 1}) AS numbers(i) ASOF JOIN counts ON i <= n GROUP BY n ORDER BY n`,
  );
  return rows.map((row) => ({ n: integerOf(row, 'n'), step: textOf(row, 'step') }));
}
