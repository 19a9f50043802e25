import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { ContractError } from '../../etl/contract/problems.ts';
import { proposeProtection } from '../../etl/inferring/propose-protection.ts';
import { contractOf, infer, notesOf } from './infer.ts';

test('what seems personal is proposed to be protected, as data of whom a column names', async () => {
  const text = readFileSync('examples/shop/customers/2026-08.csv', 'utf8');
  const contract = contractOf(proposeProtection(await infer({ 'customers.csv': text })));
  const said = contract.columns.flatMap(({ name, protect }) => (protect ? [[name, protect]] : []));
  expect(Object.fromEntries(said)).toEqual({
    customer_no: { as: 'pseudonym', group: 'ids' },
    full_name: { as: 'encrypted', group: 'identity' },
    mail: { as: 'encrypted', group: 'contact' },
    phone: { as: 'encrypted', group: 'contact' },
    birthday: { as: 'encrypted', group: 'identity' },
    note: { as: 'encrypted', group: 'text' },
  });
  expect(contract.subject).toEqual({ column: 'customer_no', kind: 'customer' });
});

test('who nobody names, and what can not be protected as it is used, is for a person to decide', async () => {
  const rows = Array.from({ length: 30 }, (_, n) => `${n + 1},p${n % 7}@x.example,${(n % 28) + 1}/03/1990,a`);
  const proposal = proposeProtection(
    await infer({ 'a.csv': ['visit,mail,birth date,city', ...rows, ''].join('\n') }),
  );
  expect(notesOf(proposal)).toMatch(/decide contract: Whose data a record is: write assay\.subject/);
  expect(notesOf(proposal)).toMatch(/decide columns\.birth_date: How it is protected: as it is used here/);
  // It is not taken for sound meanwhile.
  expect(() => contractOf(proposal)).toThrow(ContractError);
});

test('where nothing seems personal, nothing is proposed', async () => {
  const rows = Array.from(
    { length: 30 },
    (_, n) => `${n},2024-03-${String((n % 28) + 1).padStart(2, '0')},${n}.50`,
  );
  const proposal = await infer({ 'a.csv': ['order,sold on,amount', ...rows, ''].join('\n') });
  expect(proposeProtection(proposal)).toBe(proposal);
});
