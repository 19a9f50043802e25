import { afterEach, describe, expect, test } from '@jest/globals';
import type { SourceContract } from '../../etl/contract/contract.ts';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { parseContract } from '../../etl/contract/parse-contract.ts';
import { tryContract } from '../../etl/trying/try-contract.ts';
import { contractText, NO_LIMITS } from './contract-text.ts';
import { type TestLake, testLake } from './harness.ts';

/** Files that end with lines of another kind. What is right was counted and added up by hand. */

const bank = (csv: Readonly<Record<string, unknown>>, more: Readonly<Record<string, unknown>> = {}): string =>
  contractText({
    dataset: 'bank.bookings',
    partitionColumn: 'booked_on',
    columns: [
      { name: 'id', key: true },
      { name: 'booked_on', type: 'date', required: true, assay: { formats: ['dd.MM.yyyy'] } },
      { name: 'text' },
      {
        name: 'amount',
        type: 'number',
        physicalType: 'DECIMAL(18,2)',
        required: true,
        assay: { number: { decimal: ',' } },
      },
    ],
    assay: { csv: { delimiter: ';', ...csv }, measures: [{ column: 'amount' }], limits: NO_LIMITS, ...more },
  });
const HEADER = 'id;booked_on;text;amount\n';
const RECORDS = '1;02.01.2024;Rent;-850,00\n2;03.01.2024;Pay;1000,50\n';
/** Three lines, one of them with a field less and one with an amount that can be read. */
const BALANCES =
  'Opening balance;01.01.2024;100,00\nClosing balance;31.01.2024;;250,50\n"Printed; on paper"\n';

let lake: TestLake;
afterEach(() => lake.dispose());
const ids = async (): Promise<string[]> => (await lake.rows('silver')).map(({ id }) => String(id)).sort();

describe.each([
  ['a number of lines', { footerLines: 3 }],
  ['a pattern', { footerPattern: '((Opening|Closing) balance|"?Printed).*' }],
])('a footer by %s', (_, csv) => {
  test('is counted and tested by nothing, whatever it looks like; the sums are those of the records', async () => {
    lake = await testLake({ contracts: [bank(csv)] });
    const file = `${HEADER}${RECORDS}3;04.01.2024;Odd;x\n${BALANCES}\n;;;\n`;
    // The closing balance would be a record, were its id not that of no booking: it has a day and an amount.
    const { record, seal, status } = await lake.dropAndRun({ 'a.csv': file.replace(';;250,50', ';;') });
    expect(status).toBe('promoted');
    expect(record?.counts).toEqual({
      records: 8,
      silver: 2,
      quarantined: 1,
      condemned: 0,
      blank: 2,
      footer: 3,
    });
    expect(seal?.controlTotals).toEqual([
      expect.objectContaining({ in: '150.50', silver: '150.50', quarantined: '0.00', met: true }),
    ]);
    expect(await ids()).toEqual(['1', '2']);
    expect(await lake.rows('quarantine')).toHaveLength(1);
    expect((await lake.rows('source_files'))[0]).toMatchObject({ records: 8n, blank: 2n, footer: 3n });
  });

  test('that would pass as a record rejects its file, and no other one', async () => {
    lake = await testLake({ contracts: [bank(csv)], segmentBytes: 64 });
    const good = `${HEADER}4;04.01.2024;Tea;-2,50\n${BALANCES.replace(';;250,50', ';;')}`;
    const { record } = await lake.dropAndRun({ 'a.csv': HEADER + RECORDS + BALANCES, 'b.csv': good });
    expect(record?.files.map(({ status }) => status)).toEqual(['rejected', 'accepted']);
    expect(record?.files[0]?.note).toMatch(/^record 4 .*would pass as a record/);
    expect(record?.counts).toMatchObject({ records: 4, silver: 1, quarantined: 0, footer: 3 });
    expect(await ids()).toEqual(['4']);
    expect(await lake.rows('quarantine')).toEqual([]);
  });
});

test('a footer that is missing loses no row: the file is rejected', async () => {
  lake = await testLake({ contracts: [bank({ footerLines: 1 })] });
  const { record, status } = await lake.dropAndRun({ 'a.csv': HEADER + RECORDS });
  expect(record?.files[0]).toMatchObject({
    status: 'rejected',
    note: expect.stringContaining('record 2 is among its last 1'),
  });
  expect(status).toBe('nothing-published');
  const short = await lake.dropAndRun({ 'b.csv': `${HEADER}Balance\n` });
  expect(short.record?.counts).toMatchObject({ records: 1, footer: 1, quarantined: 0 });
});

test('a footer of more lines than the file has records rejects it', async () => {
  lake = await testLake({ contracts: [bank({ footerLines: 3 })] });
  const { record } = await lake.dropAndRun({ 'a.csv': `${HEADER}Balance\nPage\n` });
  expect(record?.files[0]?.note).toContain('it has 2 records, and its footer alone should have 3');
});

test('what has the form of a footer in the middle of a file is a record that failed, and a missing footer is none', async () => {
  lake = await testLake({ contracts: [bank({ footerPattern: 'Balance.*' })] });
  const { record } = await lake.dropAndRun({
    'a.csv': `${HEADER}Balance of page 1\n${RECORDS}Balance of page 2\n`,
    'b.csv': `${HEADER}5;05.01.2024;Bus;-3,00\n`,
  });
  expect(record?.counts).toEqual({
    records: 5,
    silver: 3,
    quarantined: 1,
    condemned: 0,
    blank: 0,
    footer: 1,
  });
});

test('a total row stands in front of a footer', async () => {
  lake = await testLake({ contracts: [bank({ footerLines: 2, totalRow: { column: 'amount' } })] });
  const total = (amount: string): string => `${HEADER}${RECORDS};;;${amount}\nPage 1\nEnd of file\n`;
  const right = await lake.dropAndRun({ 'a.csv': total('150,50') });
  expect(right.record?.counts).toEqual({
    records: 5,
    silver: 2,
    quarantined: 0,
    condemned: 0,
    blank: 1,
    footer: 2,
  });
  expect(right.seal?.controlTotals[0]).toMatchObject({ declared: '150.50', met: true });
  const wrong = await lake.dropAndRun({ 'b.csv': total('99,00').replace('1;', '7;').replace('2;', '8;') });
  expect(wrong.status).toBe('refused');
});

test('a trial of a contract rejects a file whose footer would pass as a record, as a run does', async () => {
  lake = await testLake({ contracts: [bank({})] });
  await lake.dropAndRun({ 'a.csv': HEADER + RECORDS });
  const { effects } = lake.lake;
  const loaded = await loadContracts(effects.contracts);
  const proposed = parseContract('c0.yaml', bank({ footerLines: 1 })) as SourceContract;
  const trial = await tryContract(effects, { loaded, proposed }, { mostExamples: 1, mostFigures: 1 });
  expect(trial.counts).toMatchObject({ silverNow: 2, silverThen: 0, out: 2 });
  expect(trial.flips).toMatchObject([
    { to: 'out', code: 'FILE_REJECTED', rule: expect.stringContaining('would pass as a record'), records: 2 },
  ]);
});
