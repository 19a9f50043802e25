import { describe, expect, test } from '@jest/globals';
import { loadContracts, requireContract, requireSourceContract } from '../../etl/contract/load-contracts.ts';
import type { ContractSource } from '../../etl/ports.ts';
import { edit, MONTHLY, ORDERS } from './fixture.ts';

const source = (files: Readonly<Record<string, string>>): ContractSource => ({
  list: async () => Object.entries(files).map(([file, text]) => ({ file, text })),
  sql: async () => '',
  projection: async (file) => ({ file, text: '' }),
});
const thrown = (run: () => unknown): unknown => {
  try {
    return run();
  } catch (error) {
    return error;
  }
};

describe('loadContracts', () => {
  test('gives every contract by its dataset', async () => {
    const loaded = await loadContracts(source({ 'shop/orders.yaml': ORDERS, 'shop/monthly.yaml': MONTHLY }));
    expect([...loaded.contracts.keys()]).toEqual(['shop.monthly', 'shop.orders']);
    expect(loaded.problems).toEqual([]);
    expect(requireContract(loaded, 'shop.orders').file).toBe('shop/orders.yaml');
  });

  test('a broken contract stops its own dataset only', async () => {
    const files = { 'shop/monthly.yaml': 'a: [', 'shop/orders.yaml': ORDERS };
    const loaded = await loadContracts(source(files));
    expect([...loaded.contracts.keys()]).toEqual(['shop.orders']);
    expect(loaded.problems).toMatchObject([{ file: 'shop/monthly.yaml', line: 1, path: '(yaml)' }]);
    expect(thrown(() => requireContract(loaded, 'shop.monthly'))).toMatchObject({
      name: 'ConfigError',
      code: 'CONTRACT_INVALID',
      problems: loaded.problems,
    });
  });

  test('two files for one dataset are a problem of both, and neither is used', async () => {
    const loaded = await loadContracts(source({ 'a.yaml': ORDERS, 'b.yaml': edit('1.2.0', '1.3.0') }));
    expect(loaded.contracts.size).toBe(0);
    expect(loaded.problems).toEqual([
      {
        file: 'a.yaml',
        line: 5,
        path: 'name',
        message: 'is shop.orders, as in b.yaml; keep one contract a dataset',
      },
      {
        file: 'b.yaml',
        line: 5,
        path: 'name',
        message: 'is shop.orders, as in a.yaml; keep one contract a dataset',
      },
    ]);
    expect(thrown(() => requireContract(loaded, 'shop.orders'))).toMatchObject({ code: 'CONTRACT_INVALID' });
  });

  test('two datasets whose tables would have one name are a problem of both', async () => {
    const named = (domain: string, name: string): string =>
      ORDERS.replace('domain: shop', `domain: ${domain}`).replace('name: orders', `name: ${name}`);
    const files = { 'a.yaml': named('shop', 'eu_orders'), 'b.yaml': named('shop_eu', 'orders') };
    const loaded = await loadContracts(source(files));
    expect([...loaded.contracts.keys()]).toEqual([]);
    expect(loaded.problems.map(({ message }) => message)).toEqual([
      'makes the table silver.shop_eu_orders, as shop_eu.orders does; call one of them otherwise',
      'makes the table silver.shop_eu_orders, as shop.eu_orders does; call one of them otherwise',
    ]);
  });

  test.each([
    ['shop.order', "names shop.order, which is no contract that can be used; did you mean 'shop.orders'?"],
    ['shop.monthly', 'names shop.monthly, which is a Gold table; write one of shop.orders'],
  ])('a Gold contract can’t read %s', async (input, message) => {
    const monthly = edit('[shop.orders]', `[${input}]`, MONTHLY);
    const loaded = await loadContracts(source({ 'monthly.yaml': monthly, 'orders.yaml': ORDERS }));
    expect([...loaded.contracts.keys()]).toEqual(['shop.orders']);
    expect(loaded.problems).toEqual([
      { file: 'monthly.yaml', line: 26, path: 'schema[0].customProperties[2].value', message },
    ]);
  });

  test('a Gold contract can’t read a broken dataset', async () => {
    const files = { 'monthly.yaml': MONTHLY, 'orders.yaml': edit('kind: DataContract', 'kind: x') };
    const loaded = await loadContracts(source(files));
    expect(loaded.contracts.size).toBe(0);
    expect(loaded.problems.map(({ file }) => file)).toEqual(['monthly.yaml', 'orders.yaml']);
  });
});

describe('requireContract', () => {
  test('names the dataset, the files looked at and the nearest name', async () => {
    const loaded = await loadContracts(source({ 'contracts/shop/orders.yaml': ORDERS }));
    expect(thrown(() => requireContract(loaded, 'shop.ordres'))).toMatchObject({
      name: 'ConfigError',
      code: 'NO_CONTRACT',
      message:
        'There is no contract for shop.ordres, and without one nothing is ingested. Looked at: contracts/shop/orders.yaml. Did you mean shop.orders?',
      context: { dataset: 'shop.ordres', nearest: 'shop.orders' },
    });
  });

  test('says which file to write where nothing is near', async () => {
    const empty = await loadContracts(source({}));
    expect(thrown(() => requireContract(empty, 'bank.loans'))).toMatchObject({
      message:
        'There is no contract for bank.loans, and without one nothing is ingested. Looked at: no contract files at all. Write contracts/bank/loans.yaml; docs/contracts.md shows how.',
    });
    expect(thrown(() => requireContract(empty, '../x'))).toMatchObject({ code: 'NO_CONTRACT' });
  });

  test('tells a Gold table from what files are dropped for', async () => {
    const loaded = await loadContracts(source({ 'monthly.yaml': MONTHLY, 'orders.yaml': ORDERS }));
    expect(requireSourceContract(loaded, 'shop.orders').dataset).toBe('shop.orders');
    expect(thrown(() => requireSourceContract(loaded, 'shop.monthly'))).toMatchObject({
      code: 'NOT_A_SOURCE',
      message: 'shop.monthly is a Gold table, made from shop.orders: drop files for those.',
    });
  });
});
