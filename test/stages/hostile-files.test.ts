import { afterEach, describe, expect, test } from '@jest/globals';
import { contractText, NO_LIMITS, PAYMENTS } from './contract-text.ts';
import { type TestLake, testLake } from './harness.ts';

const HEADER = 'id,paid_on,amount,note\n';
const TEN_MB = 'x'.repeat(10 * 1024 * 1024);

let lake: TestLake | undefined;
afterEach(() => lake?.dispose());

describe('a file that is hard to read', () => {
  test.each([
    ['plain', TEN_MB],
    ['quoted', `"${TEN_MB}"`],
    ['quoted, of many lines', `"${`${'x'.repeat(1023)}\n`.repeat(10 * 1024)}"`],
  ])(
    'a field of 10 MB (%s) is one broken record or many, and its neighbours keep their verdicts',
    async (_, big) => {
      lake = await testLake({ contracts: [contractText(PAYMENTS)] });
      const ran = await lake.dropAndRun({
        'a.csv': `${HEADER}1,2024-01-31,1,a\n2,2024-01-31,2,${big}\n3,2024-01-31,3,c\n`,
      });
      expect(ran.status).toBe('promoted');
      expect((await lake.rows('silver')).map(({ id }) => id).sort()).toEqual(['1', '3']);
      expect(Object.keys(ran.record?.reasons ?? {})).toEqual(['STRUCTURE_ERROR']);
      const [first] = await lake.rows('quarantine');
      expect(first).toMatchObject({ source_row_number: 2n, source_line: 3n });
      expect(String(first?.raw_text).startsWith('2,2024-01-31,2,')).toBe(true);
    },
  );

  test('a contract that allows long records reads a field of 10 MB', async () => {
    const limits = { ...NO_LIMITS, maxRecordBytes: 20 * 1024 * 1024 };
    lake = await testLake({ contracts: [contractText({ ...PAYMENTS, assay: { limits } })] });
    await lake.dropAndRun({ 'a.csv': `${HEADER}1,2024-01-31,1,"${TEN_MB}"\n2,2024-01-31,1,b\n` });
    expect((await lake.rows('silver')).map(({ note }) => String(note).length)).toEqual([TEN_MB.length, 1]);
  });

  test('a file with thousands of columns is dealt with', async () => {
    lake = await testLake({ contracts: [contractText(PAYMENTS)] });
    const wide = `${HEADER.trim()}${',extra'.repeat(3000)}\n1,2024-01-31,1,a${',1'.repeat(3000)}\n`;
    const ran = await lake.dropAndRun({ 'wide.csv': wide, 'good.csv': `${HEADER}2,2024-01-31,1,b\n` });
    expect(ran.status).toBe('promoted');
    expect((await lake.rows('silver')).map(({ id }) => id)).toContain('2');
  });

  test('a file of many columns and many months needs no more memory than others', async () => {
    const columns = Array.from({ length: 100 }, (_, n) => ({ name: `extra_${n}` }));
    lake = await testLake({
      contracts: [contractText({ ...PAYMENTS, columns: [...PAYMENTS.columns, ...columns] })],
    });
    const header = `${HEADER.trim()},${columns.map(({ name }) => name).join(',')}`;
    const dates = Array.from({ length: 240 }, (_, n) =>
      new Date(Date.UTC(2000, n, 1)).toISOString().slice(0, 10),
    );
    const records = dates.map((date, n) => `${n},${date},1,a${`,${n}`.repeat(columns.length)}`);
    const ran = await lake.dropAndRun({ 'wide.csv': [header, ...records, ''].join('\n') });
    expect(ran.status).toBe('promoted');
    const rows = await lake.rows('silver');
    expect(rows.map(({ id, extra_99 }) => `${id} ${extra_99}`).sort()).toEqual(
      dates.map((_, n) => `${n} ${n}`).sort(),
    );
  });

  test('a contract of 1,200 typed columns finds what is wrong with a record in any of them', async () => {
    const kinds = [
      { type: 'date', assay: { formats: ['dd/MM/yyyy'] }, good: '31/01/2024', bad: '31/02/2024' },
      { type: 'number', physicalType: 'DECIMAL(18,2)', good: '1.25', bad: '1.255' },
      { type: 'integer', good: '7', bad: 'seven' },
      { more: { logicalTypeOptions: { maxLength: 3 } }, good: 'abc', bad: 'abcd' },
    ];
    const every = Array.from({ length: 300 }, () => kinds).flat();
    const columns = every.map(({ good, bad, ...column }, n) => ({ name: `extra_${n}`, ...column }));
    lake = await testLake({
      contracts: [contractText({ ...PAYMENTS, columns: [...PAYMENTS.columns, ...columns] })],
    });
    const header = `${HEADER.trim()},${columns.map(({ name }) => name).join(',')}`;
    const good = (id: number): string => `${id},2024-01-31,1,a,${every.map((kind) => kind.good).join(',')}`;
    const bad = `3,2024-01-31,1,a,${every.map((kind) => kind.bad).join(',')}`;
    const ran = await lake.dropAndRun({ 'wide.csv': [header, good(1), good(2), bad, ''].join('\n') });
    expect(ran.record?.reasons).toEqual({ FORMAT_ERROR: 300, RANGE_ERROR: 600, TYPE_ERROR: 300 });
    const silver = await lake.rows('silver');
    expect(silver.map(({ id, extra_1198 }) => [id, extra_1198]).sort()).toEqual([
      ['1', 7n],
      ['2', 7n],
    ]);
    const [rejected] = await lake.rows('quarantine');
    const reasons = rejected?.reasons as { column: string; value: string }[];
    expect(reasons.map(({ column, value }) => [column, value])).toEqual(
      every.map((kind, n) => [`extra_${n}`, kind.bad]),
    );
  });
});

describe('columns of the contract', () => {
  const NAMES = [
    'c0',
    'c1',
    'ok',
    'hash_hex',
    'record',
    'reasons',
    'position',
    'record_kind',
    'place',
    'nth',
    'filename',
    'h',
    'm0',
    'b0',
    'old',
    'new',
    'month',
    'code',
    'verdict',
    'last',
    'declared',
  ];

  test("may be called as what the platform's own statements name", async () => {
    const columns = [...PAYMENTS.columns.slice(0, 3), ...NAMES.map((name) => ({ name, key: true }))];
    lake = await testLake({ contracts: [contractText({ ...PAYMENTS, columns })] });
    const line = (head: string, value: string): string => `${head}${`,${value}`.repeat(NAMES.length)}\n`;
    const ran = await lake.dropAndRun({
      'a.csv': [
        `amount,id,paid_on,${NAMES.join(',')}\n`,
        line('1,a,2024-01-31', 'v1'),
        line('2,a,2024-01-31', 'v1'),
        line('3,a,2024-01-32', 'v3'),
      ].join(''),
    });
    expect(ran.record?.counts).toMatchObject({ silver: 1, quarantined: 1, condemned: 1 });
    const every = (value: string) => Object.fromEntries(NAMES.map((name) => [name, value]));
    expect(await lake.rows('silver')).toMatchObject([{ id: 'a', amount: 1, ...every('v1') }]);
    const record = JSON.stringify({ id: 'a', paid_on: '2024-01-32', amount: '3', ...every('v3') });
    expect(await lake.rows('quarantine')).toMatchObject([{ record }]);
  });
});
