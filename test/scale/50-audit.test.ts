import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { trinoEngine } from '../../adapters/trino/trino-engine.ts';
import type { Effects, SetWork } from '../../etl/ports.ts';
import { auditsBy, openBlindLake } from '../audit/blind-lake.ts';
import { contractText } from '../stages/contract-text.ts';
import { contractOf, csvOf, NAMES, sample } from './support/samples.ts';
import { CATALOG, SCHEMA } from './support/secured-trino.ts';
import { readSession } from './support/session.ts';
import { statement } from './support/statement.ts';

/** An audit that asks Trino finds what one by DuckDB alone finds: keys that stand twice, and Gold that is as its SQL makes it. */

const { url } = readSession();
const byTrino = (effects: Effects): SetWork => ({
  engine: trinoEngine({ server: url, catalog: CATALOG, schema: SCHEMA, user: 'test' }, effects),
  fromBytes: 0,
});
const SAMPLES = 'lab.samples';
const DAYS = 'lab.days';
const days = contractText({
  dataset: DAYS,
  columns: [
    { name: 'month', type: 'date', required: true, key: true },
    { name: 'total', type: 'number', physicalType: 'DECIMAL(38,6)', required: true },
  ],
  partitionColumn: 'month',
  assay: { layer: 'gold', sql: 'lab/days.sql', inputs: [SAMPLES], affects: 'same-month' },
});
const sql = {
  'lab/days.sql': `SELECT CAST(date_trunc('month', day) AS DATE) AS month, CAST(SUM(exact) AS DECIMAL(38, 6)) AS total FROM silver.lab_samples
   WHERE day >= {{from_month}} AND day < CAST({{to_month}} + INTERVAL '1' MONTH AS DATE) GROUP BY CAST(date_trunc('month', day) AS DATE)`,
};

test('keys that stand twice, and Gold', async () => {
  const keys = NAMES.filter((name) => name !== 'yes');
  const one = fc.sample(sample, { seed: 7, numRuns: 40 });
  const two = fc.sample(sample, { seed: 8, numRuns: 20 });
  // Each file alone has each key once, by the values' numbers; the second has four keys of the first.
  const keyOf = (row: (typeof one)[number]): string =>
    JSON.stringify(row.flatMap(([value], n) => (keys.includes(NAMES[n] ?? '') ? [value] : [])));
  const first = [...new Map(one.map((row) => [keyOf(row), row])).values()];
  const news = [...new Map(two.map((row) => [keyOf(row), row])).values()];
  const second = [
    ...news.filter((row) => !first.some((old) => keyOf(old) === keyOf(row))),
    ...first.slice(0, 4),
  ];
  const lake = await openBlindLake({
    contracts: [contractOf(keys, 'condemn'), days],
    sql,
    files: [csvOf(first), csvOf(second)],
  });
  try {
    expect(await lake.rows('silver')).toHaveLength(first.length + second.length);
    const duck = await auditsBy(lake, [SAMPLES, DAYS]);
    const trino = await auditsBy(lake, [SAMPLES, DAYS], byTrino);
    expect(duck.map(({ engine }) => engine)).toEqual([undefined, undefined]);
    expect(trino.map(({ engine }) => engine)).toEqual(['trino', 'trino']);
    expect(trino.map(({ problems }) => problems)).toEqual(duck.map(({ problems }) => problems));
    expect(duck.map(({ problems }) => problems.map(({ code, problem }) => `${code} ${problem}`))).toEqual([
      [expect.stringMatching(/^DUPLICATE 8 rows share 4 keys /)],
      [],
    ]);
    expect(await statement(url, `SHOW TABLES FROM ${CATALOG}.${SCHEMA}`)).toEqual([]);
  } finally {
    await lake.dispose();
  }
});
