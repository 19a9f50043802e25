import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { auditDataset } from '../../etl/audit/audit-dataset.ts';
import { loadContracts, requireSourceContract } from '../../etl/contract/load-contracts.ts';
import { accessPerson } from '../../etl/personal/access/access-person.ts';
import { approveForgetting } from '../../etl/personal/forgetting/approve-forgetting.ts';
import { askForgetting, previewForgetting } from '../../etl/personal/forgetting/ask-forgetting.ts';
import { openCells } from '../../etl/privacy/open-cells.ts';
import { Sodium } from '../../etl/privacy/sodium.ts';
import { keepCorrections } from '../../etl/quarantine/corrections.ts';
import { readRecords } from '../../etl/quarantine/read-records.ts';
import { retryRecords } from '../../etl/quarantine/retry-records.ts';
import { contractText, NO_LIMITS } from '../stages/contract-text.ts';
import { type TestLake, testLake } from '../stages/harness.ts';
import { HEADER, payments } from './shop.ts';

/** Records whose id is none, so that each has a key of its own: whose they are is told by a piece of the text, or by who corrected them. */

const [ANN, BOB] = [
  { by: 'ann', reason: 'letter of 3 May' },
  { by: 'bob', reason: 'checked who wrote it' },
];
const CUSTOMER = { kind: 'customer', id: '42' };
const line = (id: string, payer: string): string =>
  `${id},${payer},${id}-planted@example.org,,,2024-05-01,1.00`;
const calls = contractText({
  dataset: 'shop.calls',
  partitionColumn: 'day',
  columns: [
    { name: 'call', key: true },
    {
      ...{ name: 'caller', type: 'integer', classification: 'personal', required: true },
      assay: { protect: { as: 'clear', reason: 'numbers of customers say little' } },
    },
    {
      ...{ name: 'said', classification: 'personal' },
      assay: { protect: { as: 'encrypted', group: 'notes' } },
    },
    { name: 'day', type: 'date', required: true },
  ],
  assay: { subject: { column: 'caller', kind: 'customer' }, limits: NO_LIMITS },
});

let lake: TestLake;
beforeAll(async () => {
  lake = await testLake({
    contracts: [payments, calls],
    vault: true,
    startAt: '2024-07-01T06:00:00.000Z',
  });
  await lake.dropAndRun({
    'may.csv': `${HEADER}\n${[
      ...[line('known', '42'), line('worded', '42/2'), line('mended', 'x1'), line('twice', 'x2')],
      ...[line('others', '43/2'), line('mendedother', 'x3'), line('nobodys', 'x4'), line('longer', '142')],
    ].join('\n')}\n`,
  });
  await correct('mended', '42');
  await correct('twice', 'x2b');
  await correct('twice', '42');
  await correct('mendedother', '43');
  await lake.dropAndRun(
    {
      'calls.csv':
        'call,caller,said,day\nc1,42/7,called-planted,2024-05-01\nc2,43/7,callother-planted,2024-05-01\n',
    },
    'shop.calls',
  );
});
afterAll(() => lake.dispose());

/** Gives a record another payer, and has it tested once more. */
async function correct(id: string, payer: string): Promise<void> {
  const { effects } = lake.lake;
  const contract = requireSourceContract(await loadContracts(effects.contracts), 'shop.payments');
  const { records } = await readRecords(effects, 'shop.payments', { filter: { ids: [] }, states: ['open'] });
  const record = records.find((one) => one.record?.id === id);
  if (record === undefined) throw new Error(`${id} is not open`);
  await keepCorrections(effects, contract, [{ record, values: { payer } }], ANN);
  const now = await readRecords(effects, 'shop.payments', { filter: { ids: [] }, states: ['open'] });
  await retryRecords(
    effects,
    contract,
    now.records.filter((one) => one.rowHash === record.rowHash),
    ANN,
  );
  await lake.run();
}

/** Every value that any key of the vault still opens, wherever its envelope stands in a table of rejects or what people corrected. */
async function readable(): Promise<string> {
  const { effects } = lake.lake;
  const rows = await Promise.all(
    (['shop.payments', 'shop.calls'] as const).flatMap((dataset) =>
      (['silver', 'quarantine', 'condemned'] as const).map((layer) => lake.rows(layer, dataset)),
    ),
  );
  const text = JSON.stringify(rows, (_, one) => (typeof one === 'bigint' ? String(one) : one));
  const envelopes = [...text.matchAll(/~1\.[a-z2-7]{8}\.[a-z2-7]{26}\.\d{6}\.[\w-]*/g)].map(([one]) => one);
  const sodium = await Sodium.open();
  if (effects.vault === undefined) throw new Error('no vault');
  const cells = await openCells({ vault: effects.vault, sodium })(envelopes);
  sodium.dispose();
  return cells.flatMap((cell) => (cell.kind === 'clear' ? [cell.text] : [])).join('\n');
}

const PLANTED = ['known', 'worded', 'mended', 'twice', 'called'];
const OTHERS = ['others', 'mendedother', 'nobodys', 'longer', 'callother'];
const standing = (text: string, of: readonly string[]): string[] =>
  of.filter((id) => text.includes(`${id}-planted`));

test('are given to who asks about themselves, and nobody else’s', async () => {
  const { records } = await accessPerson(lake.lake.effects, CUSTOMER, ANN);
  const text = JSON.stringify(records);
  expect(standing(text, PLANTED)).toEqual(PLANTED);
  expect(standing(text, OTHERS)).toEqual([]);
  const failed = records.filter(({ layer }) => layer === 'quarantine');
  expect(failed.map(({ values }) => values.id ?? values.call).sort()).toEqual([
    'c1',
    'mended',
    'twice',
    'twice',
    'worded',
  ]);
});

test('are forgotten with whom they are of, and nobody else’s', async () => {
  const { effects } = lake.lake;
  expect(standing(await readable(), [...PLANTED, ...OTHERS])).toEqual([...PLANTED, ...OTHERS]);
  const { records } = await previewForgetting(effects, CUSTOMER);
  expect(records.map(({ dataset, sourceRowNumber }) => [dataset, sourceRowNumber])).toEqual(
    expect.arrayContaining([
      ['shop.payments', 2],
      ['shop.payments', 3],
      ['shop.payments', 4],
      ['shop.calls', 1],
    ]),
  );
  const { request } = await askForgetting(effects, CUSTOMER, ANN);
  expect(await approveForgetting(effects, request, BOB)).toMatchObject({
    keys: { records: 5 },
    tables: { isUnchanged: true },
  });
  expect(standing(await readable(), [...PLANTED, ...OTHERS])).toEqual(OTHERS);
  for (const dataset of ['shop.payments', 'shop.calls'])
    expect((await auditDataset(effects, { dataset })).problems).toEqual([]);
});

test('that name somebody of whom there is nothing else are found, too', async () => {
  const { effects } = lake.lake;
  await lake.dropAndRun({ 'june.csv': `${HEADER}\n${line('alone', 'no. 77')}\n` });
  const { request } = await askForgetting(effects, { kind: 'customer', id: '77' }, ANN);
  await approveForgetting(effects, request, BOB);
  expect(standing(await readable(), ['alone', 'nobodys'])).toEqual(['nobodys']);
});
