import path from 'node:path';
import { expect, test } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { createVault, openVault } from '../../adapters/local/vault/folder-vault.ts';
import type { SourceContract } from '../../etl/contract/contract.ts';
import { parseContract } from '../../etl/contract/parse-contract.ts';
import { openFile } from '../../etl/csv/open-file.ts';
import { checkProtection } from '../../etl/privacy/check-protection.ts';
import { openCells } from '../../etl/privacy/open-cells.ts';
import { planProtection } from '../../etl/privacy/plan-protection.ts';
import { protectedFile } from '../../etl/privacy/protect-file.ts';
import type { DatasetProtection } from '../../etl/privacy/protection.ts';
import { Sodium } from '../../etl/privacy/sodium.ts';
import { tempFolder } from '../adapters/temp-folder.ts';
import { placeOf } from '../adapters/vault/support.ts';
import { memoryData, memoryScratch } from '../csv/memory-scratch.ts';
import { contractText } from '../stages/contract-text.ts';

const CONTRACT = parseContract(
  'c.yaml',
  contractText({
    dataset: 'shop.payments',
    columns: [
      { name: 'payment', key: true },
      { name: 'payer', type: 'integer', classification: 'personal', required: true },
      { name: 'payer_mail', classification: 'personal', assay: { headers: ['E-Mail'] } },
      { name: 'payee', classification: 'personal', assay: { nullValues: ['none'] } },
      { name: 'payee_name', classification: 'personal' },
      { name: 'memo', classification: 'personal' },
      { name: 'paid_on', type: 'date', required: true, assay: { formats: ['dd.MM.yyyy'] } },
      { name: 'signed_on', type: 'date' },
    ],
    partitionColumn: 'paid_on',
    assay: { csv: { delimiter: ';', nullValues: ['-'] }, unknownColumns: 'rescue' },
  }),
) as SourceContract;

const PAYEE = { column: 'payee', kind: 'payee' };
const PROTECTION: DatasetProtection = {
  subject: { column: 'payer', kind: 'customer' },
  columns: new Map([
    ['payer', { as: 'pseudonym', group: 'ids' }],
    ['payer_mail', { as: 'encrypted', group: 'contact' }],
    ['payee', { as: 'pseudonym', group: 'ids', subject: PAYEE }],
    ['payee_name', { as: 'encrypted', group: 'contact', subject: PAYEE }],
    ['memo', { as: 'dropped' }],
  ]),
  retention: { level: { property: 'retention', value: 6, unit: 'y' }, element: 'signed_on' },
};

const FILE = [
  'signed_on;E-MAIL;memo;paid_on;payee;payee_name;payer;payment;hidden',
  '2020-05-31;ann@planted.example;planted;05.10.2026;ACME;"Planted; Ltd";007;p1;planted too',
  '2020-11-30;-;;05.10.2026;none;-;7;p2;',
  '?;ann@planted.example;;05.10.2026;ACME;Planted Ltd;7;p3;',
  '',
].join('\n');

test('a file is protected as its contract says, whatever the order of its columns', async () => {
  expect(checkProtection(CONTRACT, PROTECTION)).toEqual([]);
  const { folder, dispose } = await tempFolder();
  const place = placeOf({ folder: path.join(folder, 'vault') });
  await createVault(place);
  const [vault, sodium] = [openVault(place), await Sodium.open()];
  const data = memoryData({ f0: Buffer.from(FILE) }, 1000);
  const opened = await openFile(
    { index: 0, key: 'f0' },
    { contract: CONTRACT, data, scratch: memoryScratch() },
  );
  if (opened.kind !== 'open') throw new Error(JSON.stringify(opened));
  const { plan, dateFields } = planProtection(CONTRACT, PROTECTION, opened.layout);
  const parts: Buffer[] = [];
  const arrived = new Date('2026-11-29T10:00:00Z');
  const file = { name: 'f.csv', opened, plan, contract: CONTRACT, dateFields, vault, sodium, arrived };
  for await (const part of protectedFile(file)) parts.push(Buffer.from(part));
  const text = Buffer.concat(parts).toString('utf8');
  expect(text.toLowerCase()).not.toContain('planted');

  const [header, first = [], second = [], third = []]: string[][] = parse(text, { delimiter: ';' });
  expect(header).toEqual([
    'signed_on',
    'payer_mail',
    'memo',
    'paid_on',
    'payee',
    'payee_name',
    'payer',
    'payment',
    'hidden',
  ]);
  // By the order of the header: what is no personal data stays, also where it says that there is no value.
  expect([first, second, third].map((row) => [row[0], row[2], row[3], row[7]])).toEqual([
    ['2020-05-31', '', '05.10.2026', 'p1'],
    ['2020-11-30', '', '05.10.2026', 'p2'],
    ['?', '', '05.10.2026', 'p3'],
  ]);
  expect([second[1], second[4], second[5], second[8]]).toEqual(['-', 'none', '-', '']);
  const [payer, payee] = [first[6] ?? '', first[4] ?? ''];
  expect([second[6], third[6], third[4]]).toEqual([payer, payer, payee]);
  expect([payer, payee].every((one) => /^[a-z2-7]{26}$/.test(one))).toBe(true);
  // Six years from the end of May 2020 are over; where nobody knows when it began, they count from arrival.
  expect(first[1]).toMatch(new RegExp(`^~1\\.[a-z2-7]{8}\\.${payer}\\.202005\\.$`));
  expect(third[1]).toContain(`.${payer}.202611.`);
  expect(third[5]).toContain(`.${payee}.202611.`);
  expect(first[8]).toContain(`.${payer}.202005.`);
  const seen = await openCells({ vault, sodium })(third);
  expect([seen[1], seen[5]]).toEqual([
    { kind: 'clear', text: 'ann@planted.example' },
    { kind: 'clear', text: 'Planted Ltd' },
  ]);
  sodium.dispose();
  await dispose();
});
