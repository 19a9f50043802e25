import { describe, expect, test } from '@jest/globals';
import { normaliseHeader } from '../../etl/contract/header.ts';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { shippedContracts } from '../support/shipped-contracts.ts';

const source = shippedContracts();
const loaded = await loadContracts(source);

/** Header rows of the series as published, without their empty columns. */
const PUBLISHED = {
  '2010-12':
    'Body name,Body,Service label,Service division label,Expenditure category,Detailed expenditure type,Detailed expenditure code,Date paid,Transaction number,Net amount,Capital or revenue,Supplier name',
  '2011-06':
    'Body,Body name,Service label,Service divison label,Expenditure category,Detailed expenditure type,Detailed expenditure code,Date paid,Transaction number,Net amount,Capital or revenue,Supplier name',
  '2011-12':
    'Body,Body name,Service label,Service divison label,Expenditure category,Detailed expenses type,Detailed expense code,Date paid,Transaction number,Net amount,Capital or revenue,Supplier name',
  '2012-03':
    'Body,Body name,Service label,Service divison label,Expenditure category,Detailed expenses type,Detailed expense code,Date paid,Transaction number,Net amount,Capital or revenue,Supplier name ',
  '2012-11':
    'Body,BodyName,ServiceLabel,ServiceDivisionLabel,ExpenditureCategory,DetailedExpenditureType,DetailedExpenditureCode,DatePaid,TransactionNumber, NetAmount ,CapitalOrRevenue,SupplierName',
  '2020-06':
    'Organisation Code,Organisation Label,Effective Date,Organisational Unit,Service Division Label,Category Internal Name,Purpose,Detailed Expenditure Code,Payment Date,Transaction Number,Irrecoverable VAT Amount,Amount,Capital Or Revenue,Beneficiary Name,Procurement Card',
};

test('every contract is right', () => {
  expect(loaded.problems).toEqual([]);
  expect([...loaded.contracts.keys()]).toEqual([
    'finance.account_balances',
    'mortgages.transactions',
    'spend.council_payments',
    'spend.monthly_by_supplier',
    'spend.monthly_totals',
  ]);
});

test('every contract has an owner, a purpose and a described column', () => {
  for (const contract of loaded.contracts.values()) {
    expect(contract.owner).not.toBe('');
    expect(contract.description).not.toBe('');
    expect(contract.columns.filter(({ description }) => description === '')).toEqual([]);
  }
});

test('every Gold contract has its SQL, for a window of months', async () => {
  for (const contract of loaded.contracts.values()) {
    if (contract.layer !== 'gold') continue;
    const sql = await source.sql(contract.sql);
    expect(sql).toContain('{{from_month}}');
    expect(sql).toContain('{{to_month}}');
    for (const input of contract.inputs) expect(sql).toContain(`silver.${input.replace('.', '_')}`);
  }
});

describe('spend.council_payments', () => {
  const columns = loaded.contracts.get('spend.council_payments')?.columns ?? [];
  const columnOf = (header: string): string | undefined =>
    columns.find(({ headers }) => headers.map(normaliseHeader).includes(normaliseHeader(header)))?.name;

  test.each(Object.entries(PUBLISHED))(
    'knows every header of %s, each as another column',
    (month, headers) => {
      const names = headers.split(',').map(columnOf);
      expect(names).not.toContain(undefined);
      expect(new Set(names).size).toBe(month === '2020-06' ? 15 : 12);
    },
  );
});
