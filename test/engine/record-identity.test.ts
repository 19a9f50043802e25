import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { withEngine } from '../../etl/engine/engine.ts';
import { identitySql, identitySumSql } from '../../etl/engine/record-identity.ts';
import { tempFolder } from '../adapters/temp-folder.ts';

/** The identity as docs/decisions.md writes it down, in integers of any size. */
function identityOf(n: bigint): bigint {
  const first = (n * 1_597_463n + 314_159_265n) % 2_147_483_647n;
  const second = (n * 1_950_083n + 271_828_182n) % 2_147_483_629n;
  const third = (n * 1_320_049n + 141_421_356n) % 2_147_483_587n;
  return ((first * second) % 2_147_483_579n) * third;
}
/** What the first million add up to, by Python. */
const FIRST_MILLION = '1151651720981467067223956';

const sumOf = (numbers: readonly number[]): bigint =>
  numbers.reduce((sum, n) => sum + identityOf(BigInt(n)), 0n);

async function ask(sql: string): Promise<unknown[]> {
  const { folder, dispose } = await tempFolder();
  try {
    return await withEngine({ memoryLimitMb: 200, threads: 1 }, folder, async (engine) =>
      (await engine.rows(sql)).map(({ answer }) => answer),
    );
  } finally {
    await dispose();
  }
}

test('identities are those that integers of any size give, up to the longest file that there can be', async () => {
  const numbers = [0, 1, 2, 2047, 2 ** 31 - 1, 2 ** 31, 2 ** 32 + 7, 10 ** 12, 2 ** 42 - 1];
  const list = numbers.map((n) => `(${n})`).join(', ');
  const found = await ask(
    `SELECT CAST(${identitySql('n')} AS VARCHAR) AS answer FROM (VALUES ${list}) AS t(n)`,
  );
  expect(found).toEqual(numbers.map((n) => String(identityOf(BigInt(n)))));
  expect(found.every((one) => BigInt(String(one)) < 2n ** 62n)).toBe(true);
});

test("sums don't change with the order, and those of the first million numbers stay as they are", async () => {
  const sum = identitySumSql('n');
  expect(
    await ask(`SELECT ${sum} AS answer FROM range(1, 1000001) AS t(n)
      UNION ALL SELECT ${sum} FROM (SELECT n FROM range(1, 1000001) AS t(n) ORDER BY n % 7, n DESC)
      UNION ALL SELECT ${sum} FROM range(0) AS t(n)`),
  ).toEqual([FIRST_MILLION, FIRST_MILLION, '0']);
});

test('records that are lost while others stand twice are seen, also where their numbers add up', async () => {
  // Sets with the same sums, of numbers, squares and cubes, too (Prouhet, Tarry and Escott).
  const alike = [
    [
      [1, 4],
      [2, 3],
    ],
    [
      [1, 5, 6],
      [2, 3, 7],
    ],
    [
      [1, 5, 8, 12],
      [2, 3, 10, 11],
    ],
    [
      [0, 3, 5, 6, 9, 10, 12, 15],
      [1, 2, 4, 7, 8, 11, 13, 14],
    ],
  ];
  for (const [lost = [], doubled = []] of alike)
    for (const start of [0, 100, 2_147_483_000])
      expect(sumOf(lost.map((n) => n + start))).not.toBe(sumOf(doubled.map((n) => n + start)));
  // No two pairs among the first two thousand have the same sum.
  const [pairs] = await ask(
    `WITH one AS (SELECT n, ${identitySql('n')} AS id FROM range(1, 2001) AS t(n))
     SELECT count(*) - count(DISTINCT a.id + CAST(b.id AS HUGEINT)) AS answer FROM one AS a JOIN one AS b ON a.n <= b.n`,
  );
  expect(Number(pairs)).toBe(0);
});

test('the recipe for other engines has the same text', async () => {
  const recipes = await readFile(new URL('../../docs/recipes.md', import.meta.url), 'utf8');
  expect(recipes).toContain(
    `CAST(sum(CAST(${identitySql('source_row_number')} AS DECIMAL(38, 0))) AS VARCHAR)`,
  );
});
