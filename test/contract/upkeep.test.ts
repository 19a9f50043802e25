import { describe, expect, test } from '@jest/globals';
import { readContract } from '../../etl/contract/read-contract.ts';
import { DEFAULT_SNAPSHOTS } from '../../etl/contract/read-upkeep.ts';
import { contractText, PAYMENTS } from '../stages/contract-text.ts';

const read = (assay: Readonly<Record<string, unknown>>) =>
  readContract('c.yaml', contractText({ ...PAYMENTS, assay: { ...PAYMENTS.assay, ...assay } }));

function contractOf(assay: Readonly<Record<string, unknown>>) {
  const result = read(assay);
  if (result.kind !== 'contract') throw new Error(result.problems.map(({ message }) => message).join());
  return result.contract;
}

const problemsOf = (assay: Readonly<Record<string, unknown>>): string[] => {
  const result = read(assay);
  return result.kind === 'invalid' ? result.problems.map(({ message }) => message) : [];
};

const DAY_MS = 24 * 60 * 60 * 1000;

describe('upkeep in a contract', () => {
  test('is read, and left to the default where it says nothing', () => {
    expect(contractOf({}).snapshots).toBeUndefined();
    expect(DEFAULT_SNAPSHOTS).toEqual({ keepMs: 90 * DAY_MS, atLeast: 100, atMost: 1000 });
    expect(contractOf({ snapshots: { keep: '12h' } }).snapshots).toEqual({
      keepMs: DAY_MS / 2,
      atLeast: 100,
      atMost: 1000,
    });
    expect(contractOf({ snapshots: { atMost: 20 } }).snapshots).toMatchObject({ atLeast: 20, atMost: 20 });
    expect(contractOf({ snapshots: { atLeast: 5000 } }).snapshots?.atMost).toBe(5000);
    expect(contractOf({ tend: false }).tend).toBe(false);
    expect(contractOf({ tend: true }).tend).toBeUndefined();
  });

  test('is no part of what a record is worth: the digest stays', () => {
    const { digest } = contractOf({});
    expect(contractOf({ snapshots: { keep: '30d' }, tend: false }).digest).toBe(digest);
    expect(contractOf({ duplicates: 'replace' }).digest).not.toBe(digest);
  });

  test.each<[string, Readonly<Record<string, unknown>>, string]>([
    ['no length of time', { snapshots: { keep: '90 days' } }, 'write for how long they stay'],
    ['none at all', { snapshots: { atLeast: 0 } }, 'whole number of at least 1'],
    ['fewer at most than at least', { snapshots: { atLeast: 10, atMost: 5 } }, 'less than atLeast'],
    ['an unknown field', { snapshots: { keepp: '90d' } }, 'keep'],
    ['no flag', { tend: 'no' }, 'true or false'],
  ])('%s is a mistake', (_, assay, message) => {
    expect(problemsOf(assay).join()).toContain(message);
  });
});

describe('the end of a dataset in a contract', () => {
  const ending = (status: string, deprecated: unknown) => {
    const text = contractText({ ...PAYMENTS, assay: { ...PAYMENTS.assay, deprecated } });
    return readContract('c.yaml', text.replace(/^status: .*$/m, `status: ${status}`));
  };

  test('is read, and changes no digest: what readers are told is no other table', () => {
    const result = ending('deprecated', { until: '2027-03-31', use: 'spend.payments', why: 'one ledger' });
    if (result.kind !== 'contract') throw new Error(result.problems.map(({ message }) => message).join());
    expect(result.contract.deprecated).toEqual({
      until: '2027-03-31',
      use: 'spend.payments',
      why: 'one ledger',
    });
    expect(result.contract.digest).toBe(contractOf({}).digest);
  });

  test.each<[string, string, unknown, string]>([
    ['active', 'a status that says otherwise', { until: '2027-03-31' }, 'write deprecated'],
    ['deprecated', 'no such day', { until: '2027-02-30' }, 'the last day'],
    ['deprecated', 'no day', { use: 'spend.payments' }, 'the last day'],
    ['deprecated', 'an unknown field', { until: '2027-03-31', from: 'x' }, 'use until, use, why'],
    ['deprecated', 'no dataset', { until: '2027-03-31', use: 'payments' }, 'takes its place'],
  ])('%s with %s is a mistake', (status, _, deprecated, message) => {
    const result = ending(status, deprecated);
    expect(result.kind === 'invalid' ? result.problems.map((one) => one.message).join() : '').toContain(
      message,
    );
  });
});
