import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { zipOf } from '../../etl/answers/zip.ts';
import { loadContracts, requireSourceContract } from '../../etl/contract/load-contracts.ts';
import { accessPerson, type PersonData } from '../../etl/personal/access/access-person.ts';
import { accessMembers } from '../../etl/personal/access/access-zip.ts';
import { privacyMap } from '../../etl/personal/privacy-map.ts';
import type { Effects } from '../../etl/ports.ts';
import { keepCorrections } from '../../etl/quarantine/corrections.ts';
import { readRecords } from '../../etl/quarantine/read-records.ts';
import type { TestLake } from '../stages/harness.ts';
import { FILE, HEADER, shopLakeWithGold } from './shop.ts';

const WORD = { by: 'vera', reason: 'letter of 3 May' };

let lake: TestLake;
let effects: Effects;
let data: PersonData;
beforeAll(async () => {
  lake = await shopLakeWithGold();
  ({ effects } = lake.lake);
  await lake.dropAndRun({ 'may.csv': FILE });
  const { records } = await readRecords(effects, 'shop.payments', { filter: { ids: [] }, states: ['open'] });
  const p4 = records.find(({ sourceRowNumber }) => sourceRowNumber === 4);
  const contract = requireSourceContract(await loadContracts(effects.contracts), 'shop.payments');
  if (p4 === undefined) throw new RangeError('the fourth record is not open');
  await keepCorrections(
    effects,
    contract,
    [{ record: p4, values: { payer_mail: 'ann-corrected@example.org' } }],
    WORD,
  );
  // Of this no run knows yet.
  await lake.drop({
    'june.csv': `${HEADER}\nw1,42,ann-waiting@example.org,43,Ben Waiting-Payee,2024-06-01,1.00\nw2,ann 42\n`,
  });
  data = await accessPerson(effects, { kind: 'customer', id: '42' }, WORD);
});
afterAll(() => lake.dispose());

/** The members of a zip, as Python's zipfile and csv read them. */
function readByPython(zip: Buffer): Record<string, unknown> {
  const script = `
import sys, io, zipfile, csv, json
z = zipfile.ZipFile(io.BytesIO(sys.stdin.buffer.read()))
out = {}
for name in z.namelist():
    text = z.read(name).decode()
    out[name] = json.loads(text) if name.endswith('.json') else list(csv.DictReader(io.StringIO(text, newline='')))
json.dump(out, sys.stdout)`;
  const { stdout, stderr } = spawnSync('python3', ['-c', script], {
    input: zip,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  expect(stderr).toBe('');
  return JSON.parse(stdout) as Record<string, unknown>;
}

test('everything about a person is found: Silver, quarantine, files that wait, and what could not be parsed', () => {
  const found = data.records.map(({ layer, values }) => `${layer} ${String(values.id ?? '-')}`);
  expect(found.sort()).toEqual([
    'bronze -',
    'bronze -',
    'corrections -',
    'quarantine -',
    'quarantine p4',
    'silver p1',
    'silver p2',
    'silver p3',
  ]);
  const texts = JSON.stringify(data.records);
  for (const own of [
    'ann-planted@example.org',
    'Ann Planted-Payee',
    'ann-planted at example.org',
    'ann-planted-short',
    'ann-waiting',
    'ann-corrected@example.org',
    'w2,ann 42',
  ])
    expect(texts).toContain(own);
});

test('of other people in the same records nothing is told', () => {
  const texts = JSON.stringify(data.records);
  expect(texts).not.toMatch(/ben-planted|Ben Planted|Ben Waiting/);
  const [first] = data.records.filter(({ values }) => values.id === 'p1');
  expect(first?.values.payee_name).toMatch(/^~1\./);
});

test('each record says where it comes from', () => {
  const lineage = data.records
    .filter(({ layer }) => layer === 'silver')
    .map(({ sourceFile, sourceRowNumber, runId }) => [
      sourceFile?.startsWith('bronze/shop/payments/'),
      sourceRowNumber,
      runId,
    ]);
  expect(lineage).toEqual([
    [true, 1, 'run-001'],
    [true, 2, 'run-001'],
    [true, 3, 'run-001'],
  ]);
  expect(data.records.every(({ sourceFile }) => sourceFile !== null)).toBe(true);
});

test('one zip has it as JSON and as CSV, as Python reads them', async () => {
  const pieces: Buffer[] = [];
  for await (const piece of zipOf(accessMembers(data))) pieces.push(piece);
  const members = readByPython(Buffer.concat(pieces));
  expect(Object.keys(members).sort()).toEqual([
    'records.json',
    'shop.payments.corrections.csv',
    'shop.payments.quarantine.csv',
    'shop.payments.silver.csv',
    'shop.payments.unread.csv',
  ]);
  expect(members['records.json']).toMatchObject({
    kind: 'customer',
    ids: ['42'],
    by: 'vera',
    reason: 'letter of 3 May',
  });
  expect(members['shop.payments.silver.csv']).toMatchObject([
    {
      layer: 'silver',
      source_row_number: '1',
      id: 'p1',
      payer_mail: 'ann-planted@example.org',
      amount: '10.00',
    },
    { id: 'p2' },
    { id: 'p3', payee_name: 'Ann Planted-Payee' },
  ]);
  expect(members['shop.payments.quarantine.csv']).toMatchObject([
    { id: 'p4', payer_mail: 'ann-planted at example.org' },
  ]);
});

test('nobody is found where there is nothing', async () => {
  await expect(accessPerson(effects, { kind: 'customer', id: '77' }, WORD)).rejects.toMatchObject({
    code: 'NOBODY',
  });
});

test('the map lists every column with personal data, and the Gold columns that are made of one', async () => {
  const columns = await privacyMap(effects);
  expect(
    columns.map((one) => [one.dataset, one.layer, one.column, one.as, one.group, one.subject?.column]),
  ).toEqual([
    ['shop.payments', 'silver', 'payer', 'pseudonym', 'ids', 'payer'],
    ['shop.payments', 'silver', 'payer_mail', 'encrypted', 'contact', 'payer'],
    ['shop.payments', 'silver', 'payee', 'pseudonym', 'ids', 'payee'],
    ['shop.payments', 'silver', 'payee_name', 'encrypted', 'payees', 'payee'],
    ['shop.totals', 'gold', 'first_payer', 'pseudonym', 'ids', 'payer'],
  ]);
  const [, mail] = columns;
  expect(mail).toMatchObject({
    layers: ['bronze', 'silver', 'quarantine', 'condemned'],
    ...{ retention: '6 y', countedFrom: 'day', readable: 'with the data group contact' },
    // That of arrival is for what could not be parsed, and for a payment whose day is not known.
    months: { first: '2024-05', last: '2024-07' },
  });
  expect(columns.at(-1)?.from).toEqual(['silver.shop_payments.payer']);
});
