import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openFold } from '../../etl/asking/open-fold.ts';
import { auditDataset } from '../../etl/audit/audit-dataset.ts';
import { loadContracts, requireContract } from '../../etl/contract/load-contracts.ts';
import { pointerKey } from '../../etl/naming/tables.ts';
import { planRepair, repairPointer } from '../../etl/operations/repair.ts';
import { keepContract, keptContract, keptGold } from '../../etl/stages/kept-contracts.ts';
import { saleEvent, saleFile, salesEvents } from '../eventstore/sales.ts';
import type { TestLake } from '../stages/harness.ts';
import { salesLake } from './sales-lake.ts';

/** What a lake keeps of what was published, and where it points to, changed by somebody. */

let lake: TestLake;
/** By layer, the bodies of its pointer, oldest first. */
const pointers: Record<'silver' | 'projection', Uint8Array[]> = { silver: [], projection: [] };
const DATASETS = { silver: 'shop.sales', projection: 'shop.totals' } as const;

beforeAll(async () => {
  lake = await salesLake();
  for (const [n, name] of ['a', 'b', 'c'].entries()) {
    await lake.dropAndRun({ [`${name}.csv`]: saleFile([saleEvent('s1', n + 1, `e${n}`)]) });
    for (const layer of ['silver', 'projection'] as const) pointers[layer].push(await bodyOf(keyOf(layer)));
  }
});
afterAll(() => lake.dispose());

const objects = () => lake.lake.effects.objects;
const keyOf = (layer: 'silver' | 'projection'): string => pointerKey(layer, DATASETS[layer]);
const bodyOf = async (key: string): Promise<Uint8Array> =>
  (await objects().get(key))?.body ?? Buffer.alloc(0);

async function problems(dataset: string): Promise<readonly { code: string; key: string; problem: string }[]> {
  return (await auditDataset(lake.lake.effects, { dataset })).problems;
}

/** Changes objects, and puts them back when the work is done. */
async function changed(
  changes: Readonly<Record<string, (text: string) => string | undefined>>,
  work: () => Promise<void>,
): Promise<void> {
  const before = new Map<string, Uint8Array>();
  for (const [key, change] of Object.entries(changes)) {
    const body = await bodyOf(key);
    before.set(key, body);
    const text = change(Buffer.from(body).toString('utf8'));
    if (text === undefined) await objects().remove(key);
    else await objects().put(key, Buffer.from(text));
  }
  try {
    await work();
  } finally {
    for (const [key, body] of before) await objects().put(key, body);
  }
}

/** The only key below a folder that ends so. */
async function keptKey(folder: string, end: string): Promise<string> {
  const keys = (await objects().list(`ops/contracts/shop/${folder}/`)).map(({ key }) => key);
  const [key, ...more] = keys.filter((one) => one.endsWith(end));
  expect(more).toEqual([]);
  return key ?? '';
}

test('as long as nobody changed anything, nothing is wrong', async () => {
  expect(await problems('shop.sales')).toEqual([]);
  expect(await problems('shop.totals')).toEqual([]);
});

test.each([
  ['alone', (note: string) => note],
  ['with the note of it', undefined],
  ['and the note of it is gone', () => undefined],
] as const)('code that was changed %s answers no question, and audit finds it', async (_, changeNote) => {
  const [code, note] = [await keptKey('totals', '.code.json'), await keptKey('totals', '.kept.json')];
  const sum = (text: string): string => createHash('sha256').update(text).digest('hex');
  const text = Buffer.from(await bodyOf(code)).toString('utf8');
  const other = text.replace('state.sold + 1', 'state.sold + 2');
  expect(other).not.toBe(text);
  const forgeNote = (old: string): string => old.replace(sum(text), sum(other));
  await changed({ [code]: () => other, [note]: changeNote ?? forgeNote }, async () => {
    await expect(openFold(lake.lake.effects, 'shop.totals', { kind: 'now' })).rejects.toMatchObject({
      code: 'KEPT_TEXT_CHANGED',
      message: expect.stringContaining(code),
    });
    const [found] = await problems('shop.totals');
    expect(`${found?.key} ${found?.problem}`).toContain(code);
  });
});

test('a contract that was changed, or is gone, is found', async () => {
  const key = await keptKey('sales', '.yaml');
  const digest = /([0-9a-f]{64})\.yaml$/.exec(key)?.[1] ?? '';
  await changed({ [key]: (text) => `${text}\n# changed\n` }, async () => {
    await expect(keptContract(objects(), 'shop.sales', digest)).rejects.toMatchObject({
      code: 'KEPT_TEXT_CHANGED',
    });
    const found = [{ code: 'CONTRACT', key, problem: 'it is not the text that was stored' }];
    expect(await problems('shop.sales')).toEqual(found);
    // What is folded from its events can't be read as it was meant either.
    expect(await problems('shop.totals')).toEqual(found);
  });
  await changed({ [key]: () => undefined }, async () =>
    expect(await problems('shop.sales')).toEqual([{ code: 'CONTRACT', key, problem: 'it is gone' }]),
  );
});

test('SQL that was changed makes no report, and a text that is kept stays what it was', async () => {
  const [digest, meaning] = ['1'.repeat(64), '2'.repeat(64)];
  const name = { dataset: 'shop.sales', digest, meaning };
  await keepContract(objects(), name, { contract: salesEvents(), sql: 'SELECT 1' });
  await keepContract(objects(), name, { contract: salesEvents(), sql: 'SELECT 2' });
  const key = `ops/contracts/shop/sales/${digest}.sql`;
  expect(Buffer.from(await bodyOf(key)).toString('utf8')).toBe('SELECT 1');
  await changed({ [key]: () => 'SELECT 2' }, async () => {
    await expect(keptGold(objects(), 'shop.sales', digest)).rejects.toMatchObject({
      code: 'KEPT_TEXT_CHANGED',
    });
  });
});

test.each([
  ['silver', 1],
  ['projection', 2],
] as const)('a pointer of %s that was put back is found, and repaired', async (layer, steps) => {
  const dataset = DATASETS[layer];
  const body = pointers[layer].at(-1 - steps) ?? Buffer.alloc(0);
  await objects().put(keyOf(layer), body);
  const { version } = JSON.parse(Buffer.from(body).toString('utf8'));
  const found = await problems(dataset);
  expect(found.map(({ code }) => code)).toContain('POINTER');
  expect(found.map(({ problem }) => problem).join('\n')).toContain(`it was put back to version ${version}`);
  const contract = requireContract(await loadContracts(lake.lake.effects.contracts), dataset);
  const plan = await planRepair(lake.lake.effects, { contract, history: async () => [body] });
  expect(plan.wrong).toContain('put back');
  await repairPointer(lake.lake.effects, { contract, plan }, { by: 'ann', reason: 'a test' });
  const after = await problems(dataset);
  expect(after.filter(({ problem }) => problem.includes('put back'))).toEqual([]);
});
