import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { auditDataset } from '../../etl/audit/audit-dataset.ts';
import type { GoldContract } from '../../etl/contract/contract.ts';
import { loadContracts, requireContract } from '../../etl/contract/load-contracts.ts';
import { closeMonth } from '../../etl/operations/close-month.ts';
import { askForMigration } from '../../etl/operations/migrate.ts';
import { rollBack } from '../../etl/operations/roll-back.ts';
import { openTable } from '../../etl/table/lake-table.ts';
import { readPointer } from '../../etl/table/pointer.ts';
import { GRACE_MS, NIGHTLY, tend } from '../../etl/tending/tend.ts';
import { type ContractToWrite, contractText, NO_LIMITS } from '../stages/contract-text.ts';
import { type TestLake, testLake } from '../stages/harness.ts';

const PERSON = { column: 'who', kind: 'customer' };
const ORDERS: ContractToWrite = {
  dataset: 'shop.orders',
  partitionColumn: 'day',
  columns: [
    { name: 'id', key: true },
    { name: 'day', type: 'date', required: true },
    { name: 'who', classification: 'personal' },
    { name: 'amount', type: 'integer', required: true },
  ],
  assay: {
    limits: NO_LIMITS,
    subject: PERSON,
    consent: { marketing: { dataset: 'shop.consents', column: 'agreed' } },
  },
};
const CONSENTS: ContractToWrite = {
  dataset: 'shop.consents',
  partitionColumn: 'since',
  columns: [
    { name: 'who', key: true, classification: 'personal' },
    { name: 'since', type: 'timestamp', key: true },
    { name: 'no', type: 'integer', key: true },
    { name: 'agreed', type: 'boolean', required: true },
  ],
  assay: { limits: NO_LIMITS, subject: PERSON },
};
const GOLD: ContractToWrite = {
  dataset: 'shop.reach',
  partitionColumn: 'month',
  columns: [
    { name: 'month', type: 'date', required: true, key: true },
    { name: 'people', type: 'integer' },
    { name: 'amount', type: 'integer' },
  ],
  assay: {
    layer: 'gold',
    sql: 'shop/reach.sql',
    inputs: ['shop.orders', 'shop.consents'],
    affects: 'same-month',
    purpose: 'marketing',
  },
};
const SQL = `SELECT CAST(date_trunc('month', day) AS DATE) AS month, COUNT(DISTINCT who) AS people, CAST(SUM(amount) AS BIGINT) AS amount
  FROM silver.shop_orders WHERE day >= {{from_month}} AND day < {{to_month}} + INTERVAL '1' MONTH GROUP BY 1`;

const orders = [
  ['1', '2024-01-05', 'ada', 1],
  ['2', '2024-01-06', 'bob', 10],
  ['3', '2024-02-06', 'bob', 100],
  ['4', '2024-02-07', 'cyd', 1000],
  ['5', '2024-03-01', 'ada', 10000],
  ['6', '2024-03-01', '', 100000],
  ['7', '2024-04-01', 'dan', 1000000],
] as const;
type State = readonly [who: string, since: string, no: number, agreed: boolean];
const states: State[] = [
  ['ada', '2024-01-01T00:00:00Z', 1, true],
  ['bob', '2024-01-01T00:00:00Z', 2, false],
  ['bob', '2024-01-02T00:00:00Z', 3, true],
  ['cyd', '2024-05-01T00:00:00Z', 4, true],
  ['cyd', '2024-01-01T00:00:00Z', 5, false],
  // At one moment both: not without a doubt.
  ['dan', '2024-01-01T00:00:00Z', 6, true],
  ['dan', '2024-01-01T00:00:00Z', 7, false],
];
const csv = (header: string, rows: readonly (readonly unknown[])[]): string =>
  `${header}\n${rows.map((row) => row.join(',')).join('\n')}\n`;

/** What the table is to say, by months, worked out record by record. */
function expected(known: readonly State[]): Record<string, string> {
  const consents = (who: string): boolean => {
    const own = known.filter((state) => state[0] === who);
    const latest = own
      .map(([, since]) => since)
      .sort()
      .at(-1);
    return own.length > 0 && own.every(([, since, , agreed]) => since !== latest || agreed);
  };
  const found: Record<string, { people: Set<string>; amount: number }> = {};
  for (const [, day, who, amount] of orders) {
    if (!consents(who)) continue;
    const month = found[day.slice(0, 7)] ?? { people: new Set<string>(), amount: 0 };
    found[day.slice(0, 7)] = month;
    month.people.add(who);
    month.amount += amount;
  }
  return Object.fromEntries(
    Object.entries(found).map(([m, { people, amount }]) => [m, `${people.size} ${amount}`]),
  );
}

let lake: TestLake;
beforeAll(async () => {
  lake = await testLake({
    contracts: [ORDERS, CONSENTS, GOLD].map(contractText),
    sql: { 'shop/reach.sql': SQL, 'shop/gross.sql': SQL.replace('SUM(amount)', 'SUM(gross)') },
  });
});
afterAll(() => lake.dispose());

async function reach(): Promise<Record<string, string>> {
  const rows = await lake.gold('shop.reach');
  return Object.fromEntries(
    rows.map(({ month, people, amount }) => [
      new Date(month as Date).toISOString().slice(0, 7),
      `${people} ${amount}`,
    ]),
  );
}
async function madeFrom(): Promise<Record<string, string>> {
  const rows = await lake.gold('shop.reach');
  return Object.fromEntries(
    rows.map((row) => [
      new Date(row.month as Date).toISOString().slice(0, 7),
      String(row.silver_snapshot_id),
    ]),
  );
}
async function goldPointer() {
  const read = await readPointer(lake.lake.effects.objects, 'gold', 'shop.reach');
  if (read === undefined) throw new Error('There is no Gold table.');
  return read.pointer;
}
async function goldTable() {
  const { gold } = (await goldPointer()).tables;
  if (gold === undefined) throw new Error('There is no Gold table.');
  return openTable(lake.lake.effects.objects, gold);
}

describe('a Gold table with a purpose', () => {
  test('has those alone whose latest state consents', async () => {
    await lake.dropAndRun({ 'c.csv': csv('who,since,no,agreed', states) }, 'shop.consents');
    await lake.dropAndRun({ 'o.csv': csv('id,day,who,amount', orders) });
    expect(await reach()).toEqual(expected(states));
    expect(await reach()).toEqual({ '2024-01': '2 11', '2024-02': '2 1100', '2024-03': '1 10000' });
  });

  test('is made anew in the months of whoever withdraws or gives consent, and in no other', async () => {
    const before = await madeFrom();
    const news: State[] = [
      ['bob', '2024-06-01T00:00:00Z', 8, false],
      ['dan', '2024-06-01T00:00:00Z', 9, true],
      ['ada', '2024-06-01T00:00:00Z', 10, true],
    ];
    states.push(...news);
    await lake.dropAndRun({ 'd.csv': csv('who,since,no,agreed', news) }, 'shop.consents');
    expect(await reach()).toEqual(expected(states));
    expect(await reach()).toEqual({
      '2024-01': '1 1',
      '2024-02': '1 1000',
      '2024-03': '1 10000',
      '2024-04': '1 1000000',
    });
    const after = await madeFrom();
    expect(after['2024-03']).toBe(before['2024-03']);
    expect(after['2024-01']).not.toBe(before['2024-01']);
    // What somebody's withdrawal changed is told to nobody.
    expect(lake.alerts.filter(({ kind }) => kind === 'figures-restated')).toEqual([]);
    const objects = await lake.lake.effects.objects.list('ops/restatements/');
    expect(objects).toEqual([]);
    expect((await auditDataset(lake.lake.effects, { dataset: 'shop.orders' })).problems).toEqual([]);
  });

  test('forgets its earlier states with the next upkeep, and their files after the time of grace', async () => {
    const { effects } = lake.lake;
    const contract = requireContract(await loadContracts(effects.contracts), 'shop.reach');
    const old = await goldTable();
    expect(old.metadata.snapshots.length).toBeGreaterThan(1);
    const files = async (): Promise<number> =>
      (await effects.objects.list(`${old.root}/`)).filter(({ key }) => key.endsWith('.parquet')).length;
    const most = await files();
    await tend(effects, contract, NIGHTLY);
    expect((await goldTable()).metadata.snapshots).toHaveLength(1);
    lake.setTime(new Date(effects.clock.now().getTime() + GRACE_MS + 60_000).toISOString());
    await tend(effects, contract, NIGHTLY);
    expect(await files()).toBeLessThan(most);
    expect(await reach()).toEqual(expected(states));
  });

  test("can't be closed", async () => {
    const word = { by: 'ada', reason: 'the year is over' };
    await expect(
      closeMonth(lake.lake.effects, { report: 'shop.reach', month: '2024-01' }, word),
    ).rejects.toMatchObject({ code: 'MADE_BY_CONSENT' });
  });
});

describe('a Gold table with a purpose whose input goes back to before a migration', () => {
  test('brings nobody back who withdrew meanwhile', async () => {
    const { effects } = lake.lake;
    const word = { by: 'ada', reason: 'another name' };
    const before = await readPointer(effects.objects, 'silver', 'shop.orders');
    const renamed = {
      ...{ name: 'gross', type: 'integer', required: true },
      assay: { headers: ['amount'] },
    };
    const columns = [...ORDERS.columns.slice(0, -1), renamed];
    await lake.setContract(contractText({ ...ORDERS, version: '2.0.0', columns }));
    const sql = { ...GOLD.assay, sql: 'shop/gross.sql' };
    await lake.setContract(contractText({ ...GOLD, version: '1.1.0', assay: sql }), 'c2.yaml');
    const { runId } = await askForMigration(effects, 'shop.orders', { ...word, acceptLosses: false });
    expect((await lake.runAs(runId)).status).toBe('promoted');
    expect(await reach()).toEqual(expected(states));
    const back = { dataset: 'shop.orders', to: before?.pointer.snapshot_id ?? 0 };
    const forward = (await readPointer(effects.objects, 'silver', 'shop.orders'))?.pointer.snapshot_id ?? 0;
    await rollBack(effects, back, word);
    // With the same consents Gold goes back with its input, to the state that the older SQL made.
    expect((await goldPointer()).contract_version).toBe('1.0.0');
    await rollBack(effects, { ...back, to: forward }, word);
    const news: State = ['ada', '2024-09-01T00:00:00Z', 11, false];
    states.push(news);
    await lake.dropAndRun({ 'e.csv': csv('who,since,no,agreed', [news]) }, 'shop.consents');
    expect(await reach()).toEqual(expected(states));
    await rollBack(effects, back, word);
    expect(await reach()).toEqual(expected(states));
    expect((await goldPointer()).contract_version).toBe('1.1.0');
  });
});

describe('contracts of a table with a purpose', () => {
  const problemsOf = async (...contracts: ContractToWrite[]): Promise<string[]> => {
    const texts = contracts.map((one, n) => ({ file: `c${n}.yaml`, text: contractText(one) }));
    const loaded = await loadContracts({
      list: async () => texts,
      sql: async () => SQL,
      projection: async (file) => ({ file, text: '' }),
    });
    return loaded.problems.map(({ message }) => message);
  };
  const gold = (assay: Record<string, unknown>): ContractToWrite => ({
    ...GOLD,
    assay: { ...GOLD.assay, ...assay },
  });
  const silver = (base: ContractToWrite, assay: Record<string, unknown>): ContractToWrite => ({
    ...base,
    assay: Object.fromEntries(
      Object.entries({ ...base.assay, ...assay }).filter(([, value]) => value !== null),
    ),
  });

  test('are sound where each input about somebody says where consent stands', async () => {
    expect(await problemsOf(ORDERS, CONSENTS, GOLD)).toEqual([]);
    const loaded = await loadContracts(lake.lake.effects.contracts);
    const reach = requireContract(loaded, 'shop.reach') as GoldContract;
    expect(reach.consents?.map(({ input }) => input)).toEqual(['shop.orders']);
  });

  test.each<[string, ContractToWrite[], RegExp]>([
    [
      'no consent',
      [silver(ORDERS, { consent: null }), CONSENTS, GOLD],
      /shop\.orders, which is about a customer, doesn't say where/,
    ],
    [
      'another purpose',
      [ORDERS, CONSENTS, gold({ purpose: 'research' })],
      /for the purpose research, and shop\.orders/,
    ],
    [
      'an input that is missing',
      [ORDERS, CONSENTS, gold({ inputs: ['shop.orders'] })],
      /lacks shop\.consents, which has the consents of shop\.orders; add it to assay\.inputs/,
    ],
    [
      'a column that is no boolean',
      [
        silver(ORDERS, { consent: { marketing: { dataset: 'shop.consents', column: 'no' } } }),
        CONSENTS,
        GOLD,
      ],
      /whose column no is no boolean/,
    ],
    [
      'people of another kind',
      [ORDERS, silver(CONSENTS, { subject: { column: 'who', kind: 'payee' } }), GOLD],
      /isn't about a customer/,
    ],
    [
      'people named in another way',
      [
        ORDERS,
        {
          ...CONSENTS,
          columns: CONSENTS.columns.map((one) =>
            one.name === 'who' ? { ...one, assay: { protect: { as: 'pseudonym', group: 'ids' } } } : one,
          ),
        },
        GOLD,
      ],
      /names people otherwise \(pseudonym\) than shop\.orders does \(\w+\)/,
    ],
    [
      'nobody at all',
      [silver(ORDERS, { subject: null, consent: null }), silver(CONSENTS, { subject: null }), GOLD],
      /none of its inputs is about anybody/,
    ],
    [
      'snapshots of its own',
      [ORDERS, CONSENTS, gold({ snapshots: { keep: '90d' } })],
      /stands beside assay\.purpose/,
    ],
  ])('have a problem: %s', async (_, contracts, message) => {
    expect((await problemsOf(...contracts)).join('\n')).toMatch(message);
  });
});
