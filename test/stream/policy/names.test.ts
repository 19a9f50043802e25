import { describe, expect, test } from '@jest/globals';
import { ContractId, contractIdOf, readContractId } from '../../../stream/policy/contract-id.ts';
import {
  DatasetUrn,
  datasetOfUrn,
  UNKNOWN_DATASET,
  urnOfDataset,
} from '../../../stream/policy/dataset-urn.ts';
import { readExtraction } from '../../../stream/policy/resolution-rule.ts';

describe('names of the control plane', () => {
  test('a dataset and its URN lead to each other; the unknown one is none', () => {
    expect(urnOfDataset('orders.created')).toBe('urn:dp:orders:created');
    expect(datasetOfUrn('urn:dp:orders:created')).toBe('orders.created');
    for (const text of [UNKNOWN_DATASET, 'urn:dp:Orders:created', 'urn:dp:a:b\n', 'urn:dp:a/b:c'])
      expect(DatasetUrn.safeParse(text).success).toBe(false);
  });

  test('a contract id is a dataset and a major version', () => {
    expect(contractIdOf('orders.created', '3.1.4')).toBe('dc:orders.created:3');
    expect(readContractId('dc:orders.created:3')).toEqual({ dataset: 'orders.created', major: 3 });
    for (const text of ['dc:orders.created:03', 'dc:orders.created:3.1', 'dc:orders:3', 'dc:a.b:'])
      expect(ContractId.safeParse(text).success).toBe(false);
  });

  test.each([
    ['event_type=orders.created', { kind: 'event_type', value: 'orders.created' }],
    ['header:source=a=b', { kind: 'header', name: 'source', value: 'a=b' }],
    ['/data/kind=order', { kind: 'pointer', pointer: '/data/kind', value: 'order' }],
    ['/a~1b=x', { kind: 'pointer', pointer: '/a~1b', value: 'x' }],
    ['event_type=', undefined],
    ['header:=x', undefined],
    ['/a~2=x', undefined],
    ['type is x', undefined],
  ])('the extraction rule %s', (text, rule) => {
    expect(readExtraction(text)).toEqual(rule);
  });
});
