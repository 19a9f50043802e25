import { describe, expect, test } from '@jest/globals';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { readContract } from '../../etl/contract/read-contract.ts';
import { tableColumns } from '../../etl/contract/table-columns.ts';
import { contractText } from '../stages/contract-text.ts';
import { edit, MONTHLY, ORDERS } from './fixture.ts';

const LINES = (custom: readonly string[]): string =>
  custom.map((line) => `      - { property: ${line} }\n`).join('');

function projection(...custom: string[]): string {
  return `apiVersion: v3.1.0
kind: DataContract
id: urn:test:states
domain: shop
name: states
version: 1.0.0
status: active
team: {name: shop-data}
schema:
  - name: states
    properties:
      - { name: order_id, logicalType: integer, required: true, primaryKey: true, classification: internal }
      - { name: status, logicalType: string, classification: public }
    customProperties:
      - { property: assay.layer, value: projection }
${LINES(custom)}`;
}

const problemsOf = (text: string): string[] => {
  const result = readContract('shop/states.yaml', text);
  return result.kind === 'invalid' ? result.problems.map(({ message }) => message) : [];
};

describe('a projection', () => {
  test('names its dataset, and is folded by its own code unless it names a fold that ships', () => {
    const own = readContract('shop/states.yaml', projection('assay.inputs, value: [shop.orders]'));
    expect(own).toMatchObject({
      contract: {
        layer: 'projection',
        inputs: ['shop.orders'],
        fold: { kind: 'code', file: 'shop/states' },
        partitionColumn: '',
      },
    });
    const shipped = readContract(
      'shop/states.yaml',
      projection('assay.inputs, value: [shop.orders]', 'assay.fold, value: current_state'),
    );
    expect(shipped).toMatchObject({ contract: { fold: { kind: 'current_state' } } });
  });

  test('has a table with the columns of its contract and how far each stream was folded', () => {
    const read = readContract('shop/states.yaml', projection('assay.inputs, value: [shop.orders]'));
    if (read.kind === 'invalid') throw new Error('not read');
    expect(tableColumns(read.contract).map(({ name }) => name)).toEqual([
      ...['order_id', 'status', '_stream_version', '_event_at', 'silver_snapshot_id'],
    ]);
  });

  test.each([
    [[], 'is missing; write the one event dataset'],
    [['assay.inputs, value: [shop.orders, shop.carts]'], 'is 2 datasets; write the one event dataset'],
    [['assay.inputs, value: [orders]'], "is 'orders'; write the one event dataset"],
    [['assay.inputs, value: [a.b]', 'assay.fold, value: scd'], "is 'scd'; write one of current_state"],
    [
      ['assay.inputs, value: [a.b]', 'assay.sql, value: a.sql'],
      'gives assay.sql, which is for gold contracts',
    ],
    [
      ['assay.inputs, value: [a.b]', 'assay.partitionColumn, value: status'],
      'a projection has no partitions',
    ],
  ])('is told what is wrong with %j', (custom, message) => {
    expect(problemsOf(projection(...custom)).join('\n')).toContain(message);
  });

  const load = (texts: Readonly<Record<string, string>>) =>
    loadContracts({
      list: async () => Object.entries(texts).map(([file, text]) => ({ file, text })),
      sql: async () => '',
      projection: async (file) => ({ file, text: '' }),
    });
  const CHANGES = contractText({
    dataset: 'shop.changes',
    columns: [
      { name: 'order_id', type: 'integer', required: true },
      { name: 'number', type: 'integer', required: true },
      { name: 'kind', required: true },
      { name: 'changed_on', type: 'date', required: true },
      { name: 'change_id', required: true },
    ],
    assay: {
      events: {
        ...{ stream: 'order_id', version: 'number', type: 'kind', at: 'changed_on', id: 'change_id' },
      },
    },
  });

  test('is no input of a Gold table, and no Gold table is an input of it', async () => {
    const { problems, contracts } = await load({
      'shop/orders.yaml': ORDERS,
      'shop/changes.yaml': CHANGES,
      'shop/states.yaml': projection('assay.inputs, value: [shop.changes]'),
      'shop/monthly.yaml': edit('[shop.orders]', '[shop.states]', MONTHLY),
      'shop/of_gold.yaml': projection('assay.inputs, value: [shop.monthly]').replaceAll('states', 'of_gold'),
    });
    const told = problems.map(({ message }) => message).join('\n');
    expect(told).toContain('names shop.states, which is a projection, which nothing is made of yet');
    expect(told).toContain('names shop.monthly, which is a Gold table');
    expect([...contracts.keys()]).toEqual(['shop.changes', 'shop.orders', 'shop.states']);
  });

  test('is folded from events, and its key begins with their stream', async () => {
    const { problems } = await load({
      'shop/orders.yaml': ORDERS,
      'shop/changes.yaml': CHANGES,
      'shop/states.yaml': projection('assay.inputs, value: [shop.orders]'),
      'shop/other.yaml': projection('assay.inputs, value: [shop.changes]')
        .replaceAll('states', 'other')
        .replace('order_id, logicalType: integer', 'order_id, logicalType: string'),
    });
    const told = problems.map(({ message }) => message).join('\n');
    expect(told).toContain('names shop.orders, which has no events; write assay.events in its contract');
    expect(told).toContain('its key begins with order_id; make order_id, a long as there, the first column');
  });
});
