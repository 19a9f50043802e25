import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openLake } from '../../adapters/local/lake.ts';
import { loadContracts, requireSourceContract } from '../../etl/contract/load-contracts.ts';
import { withEngine } from '../../etl/engine/engine.ts';
import { findRecords, loadFailedRecords } from '../../etl/quarantine/records.ts';
import { retryRecords } from '../../etl/quarantine/retry-records.ts';
import { commandsIn } from './commands-in.ts';
import { runMain } from './run-main.ts';
import { RunsJson } from './shapes.ts';
import { openShop, type Shop, salesContract } from './shop.ts';

/** What waited for a migration, and what is lost after one: on one lake, in order. */

const V1 = salesContract().replace(
  'name: amount\n',
  'name: amount\n        customProperties: [{ property: assay.headers, value: [Total] }]\n',
);
/** Another delimiter, another way to write dates, and a header that means another column than before. */
const V2 = V1.replace('version: 1.0.0', 'version: 2.0.0')
  .replace('value: [Total]', 'value: [Net]')
  .replace('DECIMAL(18,2)\n        required: true', 'DECIMAL(18,3)')
  .replace(
    '      - name: sold_on',
    `      - name: gross
        logicalType: string
        classification: public
        description: With taxes.
        customProperties: [{ property: assay.headers, value: [Total] }]
      - name: sold_on`,
  )
  .replace(
    'name: sold_on\n',
    'name: sold_on\n        customProperties: [{ property: assay.formats, value: [dd/MM/yyyy] }]\n',
  )
  .replace(
    '    customProperties:\n      - property: assay.partitionColumn',
    '    customProperties:\n      - property: assay.csv\n        value: { delimiter: ";" }\n      - property: assay.partitionColumn',
  );

const HEADER = 'sale_id,customer,Total,sold_on';
const POINTER = 'lake/silver/shop/sales/_LATEST.json';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
  await shop.write('contracts/shop/sales.yaml', V1);
});
afterAll(() => shop.dispose());

const { json, ok } = commandsIn(() => shop);
const query = (sql: string, ...args: string[]) => ok('query', sql, ...args);
const amounts = () => query('SELECT sale_id, amount FROM silver.shop_sales ORDER BY sale_id');
async function ingest(name: string, text: string): Promise<void> {
  await shop.write(name, text);
  await ok('ingest', name, '--dataset', 'shop.sales');
}

/** Readies every open record for the next run, and runs nothing. */
async function retryAll(): Promise<void> {
  const { effects } = await openLake(path.join(shop.cwd, 'lake'), {
    contractsDir: path.join(shop.cwd, 'contracts'),
    sqlDir: path.join(shop.cwd, 'sql/gold'),
  });
  const contract = requireSourceContract(await loadContracts(effects.contracts), 'shop.sales');
  const scratch = await effects.openScratch('retry');
  try {
    const records = await withEngine(
      effects.engine,
      path.join(scratch.directory, 'spill'),
      async (engine) => {
        await loadFailedRecords(engine, effects, 'shop.sales');
        return findRecords(engine, { ids: [] }, { states: ['open'] });
      },
    );
    const lateOne = records.filter(({ record }) => record?.sale_id === '2');
    await retryRecords(effects, contract, lateOne, { by: 'ann', reason: 'as it was' });
  } finally {
    await scratch.dispose();
  }
}

test('a contract that is edited, and not published, changes nothing of what DESCRIBE and SHOW TABLES say', async () => {
  await ingest('one.csv', `${HEADER}\n1,Ann,10.00,2024-01-02\n${HEADER}\n2,Bob,x,2024-01-03\n`);
  await ok('run');
  const said = async () => [
    await query('DESCRIBE silver.shop_sales'),
    await query('SHOW TABLES FROM silver'),
    await query(
      "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'shop_sales'",
    ),
  ];
  const before = await said();
  const edited = V2.replace('description: What was paid.', 'description: Without taxes.').replace(
    'purpose: Sales of a small shop.',
    'purpose: Sales of many shops.',
  );
  await shop.write('contracts/shop/sales.yaml', edited);
  expect(await said()).toEqual(before);
  expect(JSON.stringify(before)).toContain('What was paid.');
  await shop.write('contracts/shop/sales.yaml', V1);
});

test('a second header is judged by the spellings of its file, and migrate says that files wait', async () => {
  await retryAll();
  await shop.write('contracts/shop/sales.yaml', V2);
  const { code, out } = await runMain(
    ['migrate', 'shop.sales', '--reason', 'net amounts', '--by', 'ann'],
    shop,
  );
  expect({ code, out }).toMatchObject({
    code: 0,
    out: expect.stringMatching(/Next: assay run --dataset shop\.sales/),
  });
  expect(await amounts()).toEqual([{ sale_id: '1', amount: '10.000' }]);
});

test('a retry that waited is read in the dialect in which it was written', async () => {
  const [run] = RunsJson.parse((await json('run')).json);
  expect(run).toMatchObject({ counts: { records: 1, quarantined: 1 }, reasons: { TYPE_ERROR: 1 } });
  expect(run?.files).toMatchObject([{ status: 'accepted' }]);
});

test('a pointer that is lost after a migration is restored with its generations, and after going back as well', async () => {
  const read = async () => JSON.parse(await readFile(path.join(shop.cwd, POINTER), 'utf8'));
  const lose = async () => {
    for (const file of [POINTER, `lake/.versions/${POINTER.slice(5)}`])
      await rm(path.join(shop.cwd, file), { recursive: true, force: true });
  };
  const before = await read();
  await lose();
  expect((await json('run')).json).toMatchObject([{ status: 'failed' }]);
  await ok('repair', 'shop.sales', '--reason', 'a script removed it', '--by', 'ann');
  const after = await read();
  expect(after).toMatchObject({
    generation: 2,
    generation_run: before.generation_run,
    tables: before.tables,
  });
  expect(after.generations).toMatchObject([
    { generation: 1, snapshot_id: before.generations[0].snapshot_id, tables: before.generations[0].tables },
  ]);
  expect(await amounts()).toEqual([{ sale_id: '1', amount: '10.000' }]);
  const first = String(before.generations[0].snapshot_id);
  expect(await query('SELECT amount FROM silver.shop_sales', '--as-of', first)).toEqual([
    { amount: '10.00' },
  ]);
  expect(await ok('audit')).toMatchObject([{ problems: [] }, { problems: [] }]);
  await ok('rollback', 'shop.sales', '--to', first, '--reason', 'too soon', '--by', 'ann');
  const back = await read();
  await lose();
  await ok('repair', 'shop.sales', '--reason', 'again', '--by', 'ann');
  expect(await read()).toMatchObject({
    generation: 1,
    tables: back.tables,
    generations: [{ generation: 1 }, { generation: 2 }],
  });
  expect(await amounts()).toEqual([{ sale_id: '1', amount: '10.00' }]);
});
