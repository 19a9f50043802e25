import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openLake } from '../../adapters/local/lake.ts';
import { bindStages } from '../../etl/stages/handlers.ts';
import { assay } from './assay.ts';
import { runMain, runMainJson } from './run-main.ts';
import { ErrorJson, ReadmitJson, RunJson, RunsJson, ShowJson } from './shapes.ts';
import { goodSales, openShop, salesContract } from './shop.ts';

const STRICT = '{ maxQuarantineRate: 0.1, smallBatchRecords: 2 }';
/** One sale of three can't be read. */
const DOUBTFUL = `sale_id,customer,amount,sold_on
100,Ann,10.00,2024-01-02
101,Bob,x,2024-01-03
102,Eve,5.00,2024-01-04
`;

let shop: Awaited<ReturnType<typeof openShop>>;
beforeEach(async () => {
  shop = await openShop(STRICT);
});
afterEach(() => shop.dispose());

const drop = async (name: string, text: string) => {
  await shop.write(name, text);
  expect((await runMain(['ingest', name, '--dataset', 'shop.sales'], shop)).code).toBe(0);
};
const json = async (...args: string[]) => {
  const ran = await runMainJson(args, shop);
  return { code: ran.code, json: ran.json };
};
const runs = async () => RunsJson.parse((await json('run')).json);
const held = async () => {
  await drop('doubtful.csv', DOUBTFUL);
  const [run] = await runs();
  expect(run?.status).toBe('held');
  return { runId: run?.runId ?? '', digest: run?.sealDigest ?? '' };
};
const silver = async () => {
  const { json: rows } = await json('query', 'SELECT sale_id FROM silver.shop_sales ORDER BY ALL');
  return (rows as { sale_id: string }[]).map((row) => row.sale_id);
};
const approve = (runId: string, digest: string) =>
  json('approve', runId, '--digest', digest, '--reason', 'looked at it', '--by', 'ann');
const decisions = async () =>
  (await json('query', 'SELECT kind, "by", reason, run_id FROM ops.decisions ORDER BY "at"')).json;

describe('a held run', () => {
  test('is published by its digest, with Gold and who approved it', async () => {
    const { runId, digest } = await held();
    const { code, json: printed } = await approve(runId, digest);
    expect({ code, run: RunJson.parse(printed) }).toMatchObject({
      code: 0,
      run: { runId, status: 'promoted', sealDigest: digest, counts: { silver: 2, quarantined: 1 } },
    });
    expect(await silver()).toEqual(['100', '102']);
    expect((await json('query', 'SELECT amount FROM gold.shop_monthly_sales')).json).toEqual([
      { amount: '15.00' },
    ]);
    expect(await decisions()).toEqual([
      { kind: 'approved', by: 'ann', reason: 'looked at it', run_id: runId },
    ]);
    expect(RunsJson.parse((await json('runs', '--held')).json)).toEqual([]);
    const again = await approve(runId, digest);
    expect({ code: again.code, error: ErrorJson.parse(again.json).error.code }).toEqual({
      code: 2,
      error: 'NOT_HELD',
    });
  });

  test('is not published under another digest, and stays held', async () => {
    const { runId } = await held();
    const { code, json: printed } = await approve(runId, 'a'.repeat(64));
    expect({ code, error: ErrorJson.parse(printed).error.code }).toEqual({ code: 2, error: 'OTHER_DIGEST' });
    expect(await silver()).toEqual([]);
    expect(RunsJson.parse((await json('runs', '--held')).json)).toHaveLength(1);
  });

  test('is published after others were, as long as no verdict changed with them', async () => {
    const { runId, digest } = await held();
    await drop('good.csv', goodSales(1, 2));
    expect((await runs())[0]?.status).toBe('promoted');
    const { code, json: printed } = await approve(runId, digest);
    expect({ code, run: RunJson.parse(printed) }).toMatchObject({
      code: 0,
      run: { status: 'promoted', sealDigest: digest },
    });
    expect(await silver()).toEqual(['1', '100', '102', '2']);
  });

  test('is held again for a new look when a verdict changed with what was published meanwhile', async () => {
    const { runId, digest } = await held();
    await drop('twin.csv', goodSales(102, 102));
    await runs();
    const { code, json: printed } = await approve(runId, digest);
    const run = RunJson.parse(printed);
    expect({ code, run }).toMatchObject({
      code: 1,
      run: { runId, status: 'held', counts: { silver: 1, quarantined: 1, condemned: 1 } },
    });
    expect(run.sealDigest).not.toBe(digest);
    expect(run.why.join()).toContain('the verdicts changed');
    expect(await silver()).toEqual(['102']);
    const shown = ShowJson.parse((await json('show', runId)).json);
    expect(shown.examples.flatMap(({ reasons }) => reasons.map(({ code: c }) => c)).sort()).toEqual([
      'DUPLICATE',
      'TYPE_ERROR',
    ]);
    expect((await approve(runId, digest)).code).toBe(2);
    expect((await approve(runId, run.sealDigest ?? '')).code).toBe(0);
    expect(await silver()).toEqual(['100', '102']);
  });

  test('is sealed again when an approval died between planning and sealing it anew', async () => {
    const { runId, digest } = await held();
    await drop('twin.csv', goodSales(102, 102));
    await runs();
    const lake = await openLake(path.join(shop.cwd, 'lake'), {
      contractsDir: path.join(shop.cwd, 'contracts'),
      sqlDir: path.join(shop.cwd, 'sql/gold'),
    });
    const approved = { digest, by: 'ann', reason: 'died' };
    await bindStages(lake.effects).plan({ dataset: 'shop.sales', runId, approved });
    expect((await approve(runId, digest)).code).toBe(1);
    expect(await silver()).toEqual(['102']);
  });

  test('whose publishing died before it was recorded is recorded by the next approval', async () => {
    const { runId, digest } = await held();
    const lakeDir = path.join(shop.cwd, 'lake');
    const lake = await openLake(lakeDir, {
      contractsDir: path.join(shop.cwd, 'contracts'),
      sqlDir: path.join(shop.cwd, 'sql/gold'),
    });
    const { objects } = lake.effects;
    const dying = { ...objects, remove: () => Promise.reject(new Error('killed')) };
    const stages = bindStages({ ...lake.effects, objects: dying });
    const approved = { digest, by: 'ann', reason: 'died' };
    await expect(stages.promote({ dataset: 'shop.sales', runId, approved })).rejects.toThrow('killed');
    await drop('good.csv', goodSales(1, 2));
    await runs();
    const { code, json: printed } = await approve(runId, digest);
    expect({ code, status: RunJson.parse(printed).status }).toEqual({ code: 0, status: 'promoted' });
    expect(await silver()).toEqual(['1', '100', '102', '2']);
    expect(RunsJson.parse((await json('runs', '--held')).json)).toEqual([]);
  });

  test('that was refused for one bad file gives back the good ones, each by its name, and the bad one stays aside', async () => {
    await drop('good.csv', goodSales(1, 2));
    await drop('fine.csv', goodSales(3, 3));
    const { runId } = await held();
    const give = (file: string) =>
      json('readmit', runId, '--file', file, '--reason', 'it is good', '--by', 'bob');
    // What is held is not given back one by one.
    expect(await give('good.csv')).toMatchObject({ code: 2, json: { error: { code: 'STILL_HELD' } } });
    await json('refuse', runId, '--reason', 'one file is bad', '--by', 'ann');
    expect(await give('other.csv')).toMatchObject({ code: 2, json: { error: { code: 'NOT_WITHHELD' } } });
    for (const file of ['good.csv', 'fine.csv']) {
      const given = ReadmitJson.parse((await give(file)).json);
      expect(given).toMatchObject({ was: 'refused', files: [expect.stringMatching(`/${file}$`)] });
    }
    expect(await give('good.csv')).toMatchObject({ code: 2, json: { error: { code: 'NOT_WITHHELD' } } });
    expect((await runs())[0]).toMatchObject({ status: 'promoted', counts: { records: 3, silver: 3 } });
    expect(await silver()).toEqual(['1', '2', '3']);
    expect((await runs())[0]?.status).toBe('nothing-to-do');
    expect((await json('audit')).code).toBe(0);
    const bad = ReadmitJson.parse((await give('doubtful.csv')).json);
    expect(bad.files).toHaveLength(1);
    expect((await runs())[0]).toMatchObject({ status: 'held', counts: { records: 3 } });
  });

  test('of which a file is refused is published without it, under the digest that show says then', async () => {
    await drop('good.csv', goodSales(1, 2));
    await drop('fine.csv', goodSales(3, 3));
    const { runId, digest } = await held();
    const word = ['--reason', 'an amount is missing', '--by', 'ann'];
    expect(await json('refuse', runId, '--file', 'none.csv', ...word)).toMatchObject({
      code: 2,
      json: { error: { code: 'NO_SUCH_FILE' } },
    });
    const { out, code } = await runMain(['refuse', runId, '--file', 'doubtful.csv', ...word], shop);
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining('held in') });
    expect(out).toContain(
      "1 file of it refused (doubtful.csv refused by ann: an amount is missing); 'assay readmit",
    );
    const shown = ShowJson.parse((await json('show', runId)).json);
    expect(shown).toMatchObject({ status: 'held', counts: { records: 3, silver: 3 } });
    expect(shown.files).toHaveLength(2);
    const old = await approve(runId, digest);
    expect(old).toMatchObject({ code: 2, json: { error: { code: 'OTHER_DIGEST' } } });
    expect(await silver()).toEqual([]);
    expect((await approve(runId, shown.sealDigest ?? '')).code).toBe(0);
    expect(await silver()).toEqual(['1', '2', '3']);
    expect((await json('audit')).code).toBe(0);
    expect(await decisions()).toMatchObject([{ kind: 'files-refused', reason: 'an amount is missing' }, {}]);
    const given = await json('readmit', runId, '--file', 'doubtful.csv', '--reason', 'it is all there is');
    expect(ReadmitJson.parse(given.json)).toMatchObject({ was: 'refused', files: [expect.any(String)] });
    expect((await runs())[0]).toMatchObject({ status: 'held', counts: { records: 3 } });
  });

  test('gives up several files at once, or all of them, which refuses the run', async () => {
    await drop('good.csv', goodSales(1, 2));
    await drop('fine.csv', goodSales(3, 3));
    const { runId } = await held();
    const both = ['--file', 'doubtful.csv', '--file', 'fine.csv'];
    const rest = await json('refuse', runId, ...both, '--reason', 'two of them');
    expect({ code: rest.code, run: RunJson.parse(rest.json) }).toMatchObject({
      code: 0,
      run: { runId, status: 'held', counts: { records: 2 } },
    });
    const all = await json('refuse', runId, '--file', 'good.csv', '--reason', 'this, too');
    expect({ code: all.code, run: RunJson.parse(all.json) }).toMatchObject({
      code: 0,
      run: { runId, status: 'refused' },
    });
    const given = await json('readmit', runId, '--file', 'good.csv', '--file', 'fine.csv', '--reason', 'no');
    expect(ReadmitJson.parse(given.json).files).toHaveLength(2);
    expect((await runs())[0]).toMatchObject({ status: 'promoted', counts: { records: 3 } });
  });

  test('can be refused: its files come back with another contract, or when they are readmitted', async () => {
    const { runId } = await held();
    expect((await json('refuse', runId)).code).toBe(2);
    const refused = await json('refuse', runId, '--reason', 'wrong month', '--by', 'ann');
    expect({ code: refused.code, run: RunJson.parse(refused.json) }).toMatchObject({
      code: 0,
      run: { status: 'refused', why: ['refused by ann: wrong month'] },
    });
    expect((await runs())[0]?.status).toBe('nothing-to-do');
    expect((await approve(runId, 'a'.repeat(64))).code).toBe(2);
    const readmitted = await json('readmit', runId, '--reason', 'it was the right one', '--by', 'bob');
    expect(ReadmitJson.parse(readmitted.json)).toMatchObject({ was: 'refused', files: [expect.any(String)] });
    expect((await runs())[0]).toMatchObject({ status: 'held', counts: { records: 3 } });
    expect(await decisions()).toMatchObject([
      { kind: 'refused', by: 'ann', run_id: runId },
      { kind: 'readmitted', by: 'bob', run_id: runId },
    ]);
    const [again] = RunsJson.parse((await json('runs', '--held')).json);
    await json('refuse', again?.runId ?? '', '--reason', 'the contract is wrong');
    await shop.write('contracts/shop/sales.yaml', salesContract());
    expect((await runs())[0]).toMatchObject({ status: 'promoted', counts: { silver: 2, quarantined: 1 } });
  });

  test('is not approved under another contract than it was sealed with', async () => {
    const { runId, digest } = await held();
    await shop.write('contracts/shop/sales.yaml', salesContract());
    const { code, json: printed } = await approve(runId, digest);
    expect({ code, error: ErrorJson.parse(printed).error.code }).toEqual({
      code: 2,
      error: 'CONTRACT_CHANGED',
    });
    expect((await json('readmit', runId, '--reason', 'contract corrected')).code).toBe(0);
    expect((await runs())[0]?.status).toBe('promoted');
  });

  test('is approved by the command that show says comes next', async () => {
    const { runId } = await held();
    const shown = ShowJson.parse((await json('show', runId)).json);
    const next = shown.next.find((line) => line.startsWith('assay approve')) ?? '';
    const { code, out } = await assay([...next.split(' ').slice(1, -1), 'looked at it'], shop);
    expect(code).toBe(0);
    expect(out).toContain('promoted');
  });
});
