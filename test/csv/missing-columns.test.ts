import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { contractText, PAYMENTS } from '../stages/contract-text.ts';
import { type TestLake, testLake } from '../stages/harness.ts';

let lake: TestLake;
afterEach(() => lake.dispose());

const whyOf = async (text: string, assay: Record<string, unknown> = {}): Promise<string> => {
  lake = await testLake({
    contracts: [contractText({ ...PAYMENTS, assay: { ...PAYMENTS.assay, ...assay } })],
  });
  const { record } = await lake.dropAndRun({
    'a.csv': text,
    'good.csv': 'id,paid_on,amount\ng,2024-01-05,1.00\n',
  });
  return record?.files.find(({ key }) => key.endsWith('/a.csv'))?.note ?? '';
};

describe('a file without a header', () => {
  test('is rejected without a word of its first record, wherever something is kept', async () => {
    const why = await whyOf('ZZSECRET,1985-02-03,07700900123,Edna\nother,1990-01-01,1,Bob\n');
    expect(why).toBe(
      "it has no column for 'id', 'paid_on', 'amount'; its header line has 4 fields, none of which names a column: where files have no header, assay.csv names their columns",
    );
    const root = path.join(lake.lake.root, 'ops');
    const found = (await readdir(root, { recursive: true, withFileTypes: true })).filter((one) =>
      one.isFile(),
    );
    const kept = await Promise.all(
      found.map((one) => readFile(path.join(one.parentPath, one.name), 'latin1')),
    );
    expect(`${kept.join('')}${JSON.stringify(lake.alerts)}`).not.toMatch(/ZZSECRET|07700900123|Edna/);
  });

  test.each(['ed,2024-01-05,9,x', 'Idd,Note,9,Notes of Edna', 'amount owed by Edna,1,2,3'])(
    'nor where a value is something like a column: %s',
    async (line) => {
      expect(await whyOf(`${line}\n`)).not.toMatch(/Edna|'ed'|'Idd'|owed/);
    },
  );
});

describe('a header with a misspelt column', () => {
  test('is told by what is nearly right, and the rest by its place', async () => {
    expect(await whyOf('id,paid_on,Amuont,Edna\n1,2024-01-05,1.00,x\n')).toBe(
      "it has no column for 'amount'; its header line has 4 fields, of which 2 name a column; field 3 is 'Amuont', nearly 'amount': if that is meant, add it to assay.headers of amount",
    );
  });

  test('the same letters are near in any line', async () => {
    expect(await whyOf('I.D.,Paid-On,AMOUNT!\n1,2024-01-05,1.00\n')).toContain(
      "field 2 is 'Paid-On', nearly 'paid_on'",
    );
  });

  test('unknown columns are told by their place', async () => {
    expect(
      await whyOf('id,paid_on,amount,Edna,notes_\n1,2024-01-05,1.00,x,y\n', { unknownColumns: 'reject' }),
    ).toBe("the contract doesn't know 2 of its 5 columns: 4, 5");
  });
});
