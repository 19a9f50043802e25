import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { everyFile } from '../../adapters/local/every-file.ts';
import { auditDataset } from '../../etl/audit/audit-dataset.ts';
import { loadContracts, requireSourceContract } from '../../etl/contract/load-contracts.ts';
import { pointerKey } from '../../etl/naming/tables.ts';
import { planRepair, repairPointer } from '../../etl/operations/repair.ts';
import { lookThrough } from '../../etl/privacy/looking/look-through.ts';
import { letGo } from '../../etl/quarantine/letting-go/let-go.ts';
import { readRecords } from '../../etl/quarantine/read-records.ts';
import { EVERY_STATE } from '../../etl/quarantine/records.ts';
import { readPointer } from '../../etl/table/pointer.ts';
import type { TestLake } from '../stages/harness.ts';
import type { Row } from '../stages/read-rows.ts';
import { adoptPayments, Planting, paymentsContract, paymentsLake, WORD } from './adopted-shop.ts';

/** A dataset of which records were let go, and that is adopted afterwards: what is gone stays gone, sealed or not. */

let lake: TestLake;
let planting: Planting;
beforeAll(async () => {
  lake = await paymentsLake('clear');
  planting = new Planting();
  const { line, plant } = { line: planting.line.bind(planting), plant: planting.plant.bind(planting) };
  const old = planting.file(
    ...[line('a'), line('b'), line('c'), line('mail', { mail: plant() }), line('date', { day: 'yesterday' })],
    line('short').split(',').slice(0, 4).join(','),
  );
  await lake.dropAndRun({ 'old.csv': old });
  lake.setTime('2024-06-20T06:00:00.000Z');
  await lake.dropAndRun({
    'young.csv': planting.file(line('d'), line('e'), line('young', { mail: plant() })),
  });
  await letGo(lake.lake.effects, await request(), WORD);
});
afterAll(() => lake.dispose());

const contractNow = async () =>
  requireSourceContract(await loadContracts(lake.lake.effects.contracts), lake.dataset);
const request = async () => ({ contract: await contractNow(), before: new Date('2024-06-10T00:00:00.000Z') });
const problems = async () => (await auditDataset(lake.lake.effects, { dataset: lake.dataset })).problems;
const rejects = async (): Promise<Row[]> => [
  ...(await lake.rows('quarantine')),
  ...(await lake.rows('condemned')),
];
/** Which rejects have values, by the line on which they came, and what was wrong with each. */
const verdicts = async (): Promise<string[]> =>
  (await rejects())
    .map(({ source_row_number: row, record, raw_text: text, reasons }) => {
      const codes = (reasons as readonly Row[]).map(({ code }) => code);
      return `${row} ${record === null && text === null ? 'let go' : 'kept'} ${codes.join()}`;
    })
    .sort();
const states = async () => {
  const { records } = await readRecords(lake.lake.effects, lake.dataset, {
    filter: { ids: [] },
    states: EVERY_STATE,
  });
  return records.map(({ state, sourceRowNumber }) => `${sourceRowNumber} ${state}`).sort();
};

const report = async () => (await lake.gold('shop.totals')).map(({ payments, amount }) => [payments, amount]);

test('what was let go has no values after the adoption either, and counts as it did', async () => {
  const [before, listed] = [await verdicts(), await states()];
  expect(before.filter((one) => one.includes('let go'))).toHaveLength(3);
  expect(before.filter((one) => one.includes('kept'))).toHaveLength(1);
  const gold = await report();
  await lake.setContract(paymentsContract('protected', '2.0.0'));
  expect(await adoptPayments(lake)).toMatchObject({ run: { status: 'promoted' }, record: { discarded: [] } });
  expect(await verdicts()).toEqual(before);
  expect(await states()).toEqual(listed);
  expect(await report()).toEqual(gold);
  expect(await problems()).toEqual([]);
  const looked = await lookThrough(everyFile(lake.lake.root), planting.values);
  expect(looked.found).toEqual([]);
});

test('more is let go afterwards, and a pointer that is lost then is found again as it was', async () => {
  const { effects } = lake.lake;
  lake.setTime('2024-07-20T06:00:00.000Z');
  const asked = { contract: await contractNow(), before: new Date('2024-07-01T00:00:00.000Z') };
  expect(await letGo(effects, asked, WORD)).toMatchObject({ records: 1 });
  expect((await verdicts()).filter((one) => one.includes('kept'))).toEqual([]);
  const before = (await readPointer(effects.objects, 'silver', lake.dataset))?.pointer;
  await lake.remove(pointerKey('silver', lake.dataset));
  const { contract } = asked;
  const plan = await planRepair(effects, { contract, history: async () => [] });
  // Of the generation before nothing is left that could say that there was one.
  const standing = ({ tables, generation, generation_run }: NonNullable<typeof before>) => ({
    ...{ tables, generation, generation_run },
  });
  expect(before?.generations).toMatchObject([{ generation: 1, tables: {} }]);
  expect(plan.restored && standing(plan.restored.pointer)).toEqual(before && standing(before));
  await repairPointer(effects, { contract, plan }, WORD);
  expect(await problems()).toEqual([]);
  lake.setTime('2024-07-21T06:00:00.000Z');
  await lake.dropAndRun({ 'next.csv': planting.file(planting.line('f')) });
  expect(await lake.rows('silver')).toHaveLength(6);
  expect(await problems()).toEqual([]);
});
