import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { SourceContract } from '../../etl/contract/contract.ts';
import { parseContract } from '../../etl/contract/parse-contract.ts';
import { subjectNamer } from '../../etl/personal/subject-namer.ts';
import { canonicalSubjectId } from '../../etl/privacy/subject-id.ts';
import { contractText } from '../stages/contract-text.ts';

const CONTRACT = parseContract(
  'c.yaml',
  contractText({
    dataset: 'shop.payments',
    columns: [
      { name: 'id', key: true },
      { name: 'payer', type: 'integer', assay: { number: { group: ',' } } },
      { name: 'payee' },
      { name: 'day', type: 'date', required: true },
    ],
    partitionColumn: 'day',
    assay: { csv: { delimiter: ';' } },
  }),
) as SourceContract;
const [, PAYER, PAYEE] = CONTRACT.columns;
if (PAYER === undefined || PAYEE === undefined) throw new Error('the contract has other columns');

const namer = (column: 'payer' | 'payee', id: string): ((text: string) => boolean) =>
  subjectNamer(
    { contract: CONTRACT, columns: [column === 'payer' ? PAYER : PAYEE] },
    { kind: 'customer', subjects: [{ kind: 'customer', id }], datasets: [] },
  );

test.each([
  ['payer', '1234', 'p1;1234'],
  ['payer', '1234', 'p1;0001234;x;y;z'],
  ['payer', '1234', 'p1;1,234;x'],
  ['payer', '1234', 'p1;"12"34"'],
  ['payer', '1234', 'p1;12\n34;x'],
  ['payer', '1234', 'call from 1234, again'],
  ['payer', '-5', 'p1;-005'],
  ['payee', 'C-1046', 'from C-1046: too many'],
  ['payee', 'C-1046', 'p1;"C-"1046;x'],
  ['payee', 'Ann Lee', 'p1;1; Ann Lee ;x'],
  ['payee', 'Zoë', 'p1;1;Zoe\u0308;x'],
  ['payee', '≠', 'p1;=\u0338;x'],
] as const)('a %s %s is named by %j', (column, id, text) => {
  expect(namer(column, id)(text)).toBe(true);
});

test.each([
  ['payer', '1234', 'p1;12345'],
  ['payer', '1234', 'p1;12;34'],
  ['payer', '5', 'p1;-5x'],
  ['payee', 'C-1046', 'from C-10466: too many'],
  ['payee', 'Zoë', 'p1;1;Zoe;x'],
] as const)('a %s %s is not named by %j', (column, id, text) => {
  expect(namer(column, id)(text)).toBe(false);
});

/** The same, by no other means than looking at each field and word. */
function isNamed(column: 'payer' | 'payee', id: string, text: string): boolean {
  const parts = [
    ...text.split(';').map((field) => field.replaceAll('"', '').replace(/[\r\n]+/g, '')),
    ...text.split(/[^\p{L}\p{N}]+/u),
  ];
  const of = column === 'payer' ? PAYER : PAYEE;
  if (parts.some((part) => of !== undefined && canonicalSubjectId(part, of) === id)) return true;
  const [before, after] = ['(?<![\\p{L}\\p{N}])', '(?![\\p{L}\\p{N}])'];
  return /\P{N}/u.test(id) && new RegExp(`${before}${id}${after}`, 'u').test(text.normalize('NFC'));
}

test('a quick look leaves out no text that a close look finds', () => {
  const piece = fc.constantFrom('1', '2', '0', '-', 'a', 'b', ' ', ';', ',', '"', '\n', 'é', '(', ')');
  const text = fc.array(piece, { maxLength: 14 }).map((pieces) => pieces.join(''));
  const id = fc.constantFrom('12', '1', '-1', 'a', 'a b', 'ab', 'a-1', '0');
  let named = 0;
  fc.assert(
    fc.property(fc.constantFrom('payer' as const, 'payee' as const), id, text, (column, of, said) => {
      const isMeant = isNamed(column, of, said);
      if (isMeant) named++;
      expect(namer(column, of)(said)).toBe(isMeant);
    }),
    { numRuns: 2_000 },
  );
  expect(named).toBeGreaterThan(50);
});
