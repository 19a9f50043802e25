import { afterEach, describe, expect, test } from '@jest/globals';
import { sqlProblems } from '../../cli/contract-sql.ts';
import { readContract } from '../../etl/contract/read-contract.ts';
import { type ColumnText, contractText, PAYMENTS } from '../stages/contract-text.ts';
import { type TestLake, testLake } from '../stages/harness.ts';

/** What a Gold contract says of its rows is held; which rows break what is counted by hand. */

const SOURCE = contractText({ ...PAYMENTS, dataset: 'shop.payments' });
const SQL = `SELECT CAST(date_trunc('month', paid_on) AS DATE) AS month, note, CAST(SUM(amount) AS DECIMAL(38,2)) AS total, COUNT(*) AS payments, MAX(paid_on) AS last_on
  FROM silver.shop_payments WHERE paid_on >= {{from_month}} AND paid_on < {{to_month}} + INTERVAL '1' MONTH GROUP BY 1, 2`;

/** More of each column of the Gold table, by name. */
type More = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

function gold(more: More, rules: Readonly<Record<string, string>> = {}, inputs = ['shop.payments']): string {
  const columns: readonly ColumnText[] = [
    { name: 'month', type: 'date', key: true },
    { name: 'note', key: true, classification: 'personal' },
    { name: 'total', type: 'number', physicalType: 'DECIMAL(38,2)', classification: 'confidential' },
    { name: 'payments', type: 'integer' },
    { name: 'last_on', type: 'date' },
  ];
  return contractText({
    dataset: 'shop.totals',
    partitionColumn: 'month',
    columns: columns.map((column) => ({ ...column, more: more[column.name] ?? {} })),
    rules,
    assay: { layer: 'gold', sql: 'shop/totals.sql', inputs, affects: 'same-month' },
  });
}

const valid = (arguments_: unknown) => ({
  quality: [{ metric: 'invalidValues', arguments: arguments_, mustBe: 0 }],
});
const file = (...rows: string[]): string => `id,paid_on,amount,note\n${rows.join('\n')}\n`;
const GOOD = file('1,2024-01-05,1.00,Leeds', '2,2024-02-05,2.00,York');
const BAD = file(
  '3,2024-02-06,500.00,Secretville',
  '4,2024-03-07,600.00,Secretville',
  '5,2024-03-08,1.00,York',
);

let lake: TestLake | undefined;
afterEach(async () => {
  await lake?.dispose();
  lake = undefined;
});

async function open(contract: string): Promise<TestLake> {
  lake = await testLake({ contracts: [SOURCE, contract], sql: { 'shop/totals.sql': SQL } });
  return lake;
}

test('rows that break checks are refused: each check with its rows, no protected value, and Gold stays as it was', async () => {
  const contract = gold(
    {
      note: { logicalTypeOptions: { maxLength: 8, pattern: '[A-Z][a-z]{3,7}' } },
      total: { logicalTypeOptions: { maximum: 499.99 } },
      payments: { enum: [{ value: 1 }] },
      last_on: { logicalTypeOptions: { maximum: '2024-03-07' } },
    },
    {
      not_both: "NOT (note = 'York' AND month = DATE '2024-03-01')",
      unknown_is_fine: 'CAST(NULL AS BOOLEAN)',
    },
  );
  const { dropAndRun, gold: rows } = await open(contract);
  await dropAndRun({ 'a.csv': GOOD });
  const before = await rows('shop.totals');
  expect(before).toHaveLength(2);
  const failed: unknown = await dropAndRun({ 'b.csv': BAD }).catch((error: unknown) => error);
  expect(failed).toMatchObject({ name: 'DataError', code: 'GOLD_BREAKS_CONTRACT' });
  const { message } = failed as Error;
  expect(message).toBe(
    "sql/gold/shop/totals.sql breaks the contract of shop.totals: 2 rows break the rule 'length' of note (the first: month 2024-02-01, note •••); " +
      "2 rows break the rule 'pattern' of note (the first: month 2024-02-01, note •••); " +
      "2 rows break the rule 'range' of total (the first: month 2024-02-01, note •••); " +
      "1 row breaks the rule 'range' of last_on (the first: month 2024-03-01, note •••); " +
      "1 row breaks the rule 'not_both' (the first: month 2024-03-01, note •••); mend the SQL, the records or the contract. Gold stays as it was.",
  );
  expect(await rows('shop.totals')).toEqual(before);
});

test('a required value that is missing is told as any other check', async () => {
  const sql = SQL.replace('MAX(paid_on)', "NULLIF(MAX(paid_on), DATE '2024-02-05')");
  const contract = gold({ last_on: { required: true } });
  lake = await testLake({ contracts: [SOURCE, contract], sql: { 'shop/totals.sql': sql } });
  await expect(lake.dropAndRun({ 'a.csv': GOOD })).rejects.toMatchObject({
    code: 'GOLD_BREAKS_CONTRACT',
    message:
      "sql/gold/shop/totals.sql breaks the contract of shop.totals: 1 row breaks the rule 'required' of last_on (the first: month 2024-02-01, note •••); mend the SQL, the records or the contract. Gold stays as it was.",
  });
});

test('a table that breaks its contract keeps no other one back, and all that do are told', async () => {
  const named = (name: string, more: More): string => gold(more).replaceAll('totals', name);
  const few = { payments: { logicalTypeOptions: { maximum: 1 } } };
  const names = ['a_few', 'b_any', 'c_few', 'd_any'];
  lake = await testLake({
    contracts: [SOURCE, ...names.map((name) => named(name, name.endsWith('few') ? few : {}))],
    sql: Object.fromEntries(names.map((name) => [`shop/${name}.sql`, SQL])),
  });
  await lake.dropAndRun({ 'a.csv': GOOD });
  const failed: unknown = await lake
    .dropAndRun({ 'b.csv': file('3,2024-01-06,1.00,Leeds') })
    .catch((error: unknown) => error);
  expect(failed).toMatchObject({ name: 'DataError', code: 'GOLD_BREAKS_CONTRACT' });
  expect((failed as Error).message.split('\n')).toEqual([
    expect.stringMatching(/^sql\/gold\/shop\/a_few.sql breaks .* Gold stays as it was\.$/),
    expect.stringMatching(/^sql\/gold\/shop\/c_few.sql breaks .* Gold stays as it was\.$/),
  ]);
  const payments = async (name: string) =>
    (await lake?.gold(`shop.${name}`))?.map((row) => Number(row.payments)).sort();
  expect(await Promise.all(names.map(payments))).toEqual([
    [1, 1],
    [1, 2],
    [1, 1],
    [1, 2],
  ]);
});

describe('each kind of check alone', () => {
  // Totals by note: Leeds 1.00, York 3.00 of two payments; a note that is missing passes all but `required`.
  const ROWS = file('1,2024-01-05,1.00,Leeds', '2,2024-01-06,1.00,York', '3,2024-01-07,2.00,York');
  test.each<[string, More, Readonly<Record<string, string>>]>([
    ["'length' of note", { note: { logicalTypeOptions: { minLength: 5 } } }, {}],
    ["'pattern' of note", { note: valid({ pattern: 'L.*' }) }, {}],
    ["'valid_values' of note", { note: valid({ validValues: ['Leeds', 'Hull'] }) }, {}],
    ["'enum' of payments", { payments: { enum: [{ value: 1 }, { value: 7 }] } }, {}],
    ["'range' of payments", { payments: { logicalTypeOptions: { exclusiveMaximum: 2 } } }, {}],
    ["'range' of total", { total: { logicalTypeOptions: { minimum: 0, maximum: 2.99 } } }, {}],
    ["'range' of last_on", { last_on: { logicalTypeOptions: { maximum: '2024-01-06' } } }, {}],
    ["'few'", {}, { few: 'payments < 2 OR total < 3' }],
    ["'fails'", {}, { fails: "CAST(replace(note, 'Leeds', '1') AS INTEGER) > 0" }],
  ])('%s', async (rule, more, rules) => {
    const { dropAndRun } = await open(gold(more, rules));
    await expect(dropAndRun({ 'a.csv': ROWS })).rejects.toMatchObject({
      code: 'GOLD_BREAKS_CONTRACT',
      message: expect.stringContaining(
        `: 1 row breaks the rule ${rule} (the first: month 2024-01-01, note •••);`,
      ),
    });
  });
});

const problemsOf = async (contract: string, source = SOURCE): Promise<string[]> => {
  const { lake: own } = await open(contract);
  const [read, made] = [readContract('payments.yaml', source), readContract('totals.yaml', contract)];
  if (read.kind === 'invalid' || made.kind === 'invalid')
    return [read, made]
      .flatMap((one) => (one.kind === 'invalid' ? one.problems : []))
      .map(({ message }) => message);
  const problems = await sqlProblems([read.contract, made.contract], own.effects.contracts);
  return problems.map(({ message }) => message);
};

describe('what could not be held is a problem of the contract', () => {
  test('a rule that is no condition over its columns', async () => {
    const rules = {
      amount_known: 'amount > 0',
      number: 'payments + 1',
      all: '(SELECT count(*) FROM silver.shop_payments) > 0',
    };
    expect(await problemsOf(gold({}, rules))).toEqual([
      expect.stringContaining("the rule 'amount_known' names 'amount', which is no column of the contract"),
      expect.stringContaining("the rule 'number' gives"),
      expect.stringContaining("the rule 'all' uses a subquery"),
    ]);
  });

  test.each<[string, More]>([
    ['unique', { note: { primaryKey: false, unique: true } }],
    ['nullValues', { total: { quality: [{ metric: 'nullValues', mustBe: 0 }] } }],
    ['rowCount', { total: { quality: [{ metric: 'rowCount', mustBeGreaterThan: 1 }] } }],
    ['sql', { total: { quality: [{ type: 'sql', query: 'SELECT 1', mustBe: 1 }] } }],
    [
      'severity',
      {
        total: {
          quality: [{ metric: 'invalidValues', severity: 'warning', arguments: { validValues: [1] } }],
        },
      },
    ],
    ['how a source spells dates', { last_on: { logicalTypeOptions: { format: 'dd/MM/yyyy' } } }],
    ['assay.path', { total: { customProperties: [{ property: 'assay.path', value: '/total' }] } }],
  ])('a check that is not made of Gold, or nothing of Gold: %s', async (_, more) => {
    expect(await problemsOf(gold(more))).not.toEqual([]);
  });

  test('a check of a column in which protected values stand, and a rule that looks at one', async () => {
    const source = contractText({
      ...PAYMENTS,
      dataset: 'shop.payments',
      columns: [
        ...PAYMENTS.columns.filter(({ name }) => name !== 'note'),
        { name: 'note', classification: 'personal', assay: { protect: { as: 'pseudonym', group: 'ids' } } },
      ],
      assay: { ...PAYMENTS.assay, subject: { column: 'note', kind: 'customer' } },
    });
    const more = {
      note: { logicalTypeOptions: { maxLength: 8 } },
      payments: { logicalTypeOptions: { minimum: 1 } },
    };
    const rules = { named: "note <> ''", counted: 'payments > 0' };
    expect(await problemsOf(gold(more, rules), source)).toEqual([
      expect.stringMatching(
        /can't keep the check 'length' of note: in note stand protected values of silver\.shop_payments\.note.*; can't keep the rule 'named': in note/,
      ),
    ]);
    expect(await problemsOf(gold({ payments: more.payments }, { counted: rules.counted }), source)).toEqual(
      [],
    );
  });
});
