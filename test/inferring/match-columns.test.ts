import { describe, expect, test } from '@jest/globals';
import { matchColumns } from '../../etl/inferring/match-columns.ts';

const match = (...files: readonly (readonly string[])[]) =>
  matchColumns(
    files.map(([names = '', ...records], n) => ({
      file: `f${n}.csv`,
      names: names.split(','),
      sample: records.map((record) => record.split(',')),
    })),
  );
const shape = (columns: ReturnType<typeof match>) =>
  Object.fromEntries(columns.map(({ name, spellings }) => [name, spellings.map(({ header }) => header)]));

describe('columns of several files', () => {
  test('are the same where headers differ in blanks, case and signs only, and no reason is given then', () => {
    const columns = match(['Net Amount,id', '1,2'], [' NetAmount ,ID', '1,2'], ['net_amount,Id', '1,2']);
    expect(shape(columns)).toEqual({ net_amount: ['Net Amount', 'NetAmount', 'net_amount'], id: ['id'] });
    expect(columns.flatMap(({ spellings }) => spellings.map(({ why }) => why))).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('are the same where the words mean the same, with a reason', () => {
    const columns = match(
      ['Supplier name,Date paid', 'Ann,2024-01-01'],
      ['Beneficiary Name,Payment Date', 'Bob,2024-01-02'],
    );
    expect(shape(columns)).toEqual({
      supplier_name: ['Supplier name', 'Beneficiary Name'],
      date_paid: ['Date paid', 'Payment Date'],
    });
    expect(columns[0]?.spellings[1]).toEqual({
      header: 'Beneficiary Name',
      file: 'f1.csv',
      why: "its words mean about what 'Supplier name' means",
    });
  });

  test('are the same by a slip of the pen, but never by a digit', () => {
    expect(shape(match(['Service division', 'a'], ['Service divison', 'b']))).toEqual({
      service_division: ['Service division', 'Service divison'],
    });
    expect(Object.keys(shape(match(['account1', 'a'], ['account2', 'b'])))).toEqual(['account1', 'account2']);
  });

  test('are the same where texts recur', () => {
    const columns = match(
      ['Type', 'Agency Staff', 'Home Care', 'Taxis'],
      ['Purpose', 'home care', 'taxis', 'Other'],
    );
    expect(shape(columns)).toEqual({ type: ['Type', 'Purpose'] });
    expect(columns[0]?.spellings[1]?.why).toBe("67 % of its values are in 'Type' as well");
  });

  test('are not the same where one file has both, or the values are of another kind', () => {
    expect(Object.keys(shape(match(['Amount,Net amount', '1,2'], ['Amount', '3'])))).toEqual([
      'amount',
      'net_amount',
    ]);
    expect(Object.keys(shape(match(['Payment', '12.50'], ['Paid', '2024-01-01'])))).toEqual([
      'payment',
      'paid',
    ]);
  });

  test('a person is asked where little speaks for it', () => {
    const columns = match(
      ['Unit,x', 'a,1', 'b,1', 'c,1', 'd,1', 'e,1'],
      ['Section', 'a', 'b', 'y', 'z', 'w'],
    );
    expect(columns[2]).toEqual({
      name: 'section',
      spellings: [{ header: 'Section', file: 'f1.csv' }],
      maybe: { name: 'unit', why: "40 % of its values are in 'Unit' as well" },
    });
  });

  test('have names that a contract can use, distinct from each other and from other headers', () => {
    const names = match(['run_id,2019 Übersicht,日本,A-B,a b,,Net Amount,net_amount', '']).map(
      ({ name }) => name,
    );
    expect(names).toEqual([
      'run_id_2',
      'n_2019_ubersicht',
      'column_3',
      'a_b',
      'a_b_2',
      'net_amount_2',
      'net_amount',
    ]);
  });
});
