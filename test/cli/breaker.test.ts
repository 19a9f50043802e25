import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { runMain, runMainJson } from './run-main.ts';
import { BreakerResetJson, BreakersJson, ErrorJson, RunsJson } from './shapes.ts';
import { badSales, goodSales, openShop } from './shop.ts';

let shop: Awaited<ReturnType<typeof openShop>>;
beforeEach(async () => {
  shop = await openShop('{ maxQuarantineRate: 0.95, smallBatchRecords: 2, breakerErrors: 5 }');
});
afterEach(() => shop.dispose());

const drop = async (name: string, text: string) => {
  await shop.write(name, text);
  await runMain(['ingest', name, '--dataset', 'shop.sales'], shop);
  return RunsJson.parse((await runMainJson(['run'], shop)).json);
};
const withGood = (bad: string, first: number) =>
  `${bad}${goodSales(first, first + 3)
    .split('\n')
    .slice(1)
    .join('\n')}`;
const status = async () => {
  const { code, json } = await runMainJson(['breaker', 'status'], shop);
  return { code, breakers: BreakersJson.parse(json) };
};

describe('the circuit breaker', () => {
  test('is opened by errors of one code over several runs, and shows the records of all of them', async () => {
    expect(await status()).toEqual({ code: 0, breakers: [{ dataset: 'shop.sales', state: 'closed' }] });
    const [first] = await drop('one.csv', withGood(badSales(10, 14), 100));
    expect(first?.status).toBe('promoted');
    const [second] = await drop('two.csv', withGood(badSales(20, 22), 200));
    expect(second?.status).toBe('held');
    const { code, breakers } = await status();
    expect({ code, breaker: breakers[0] }).toMatchObject({
      code: 1,
      breaker: {
        state: 'open',
        runId: second?.runId,
        code: 'TYPE_ERROR',
        errors: 6,
        sources: [
          { runId: first?.runId, records: 4 },
          { runId: second?.runId, records: 2 },
        ],
      },
    });
    const [breaker] = breakers;
    expect(breaker?.state === 'open' && breaker.examples.map((one) => one.record?.sale_id)).toEqual([
      '10',
      '11',
      '12',
      '13',
      '20',
      '21',
    ]);
    expect(JSON.stringify(breakers)).not.toContain('Customer');
    expect((await runMain(['breaker', 'status', '--unmasked'], shop)).out).toContain('Customer, 20');
  });

  test('keeps runs from starting until it is reset with a reason, and then counts anew', async () => {
    await drop('one.csv', withGood(badSales(10, 16), 100));
    const [refused] = await drop('two.csv', goodSales(1, 2));
    expect(refused).toMatchObject({
      status: 'refused',
      why: [expect.stringContaining('assay breaker reset')],
    });
    expect((await runMain(['breaker', 'reset', 'shop.sales'], shop)).code).toBe(2);
    const { code, json } = await runMainJson(
      ['breaker', 'reset', 'shop.sales', '--reason', 'source corrected', '--by', 'ann'],
      shop,
    );
    expect({ code, reset: BreakerResetJson.parse(json) }).toMatchObject({ code: 0, reset: { errors: 6 } });
    expect((await status()).code).toBe(0);
    const decided = await runMainJson(
      ['query', 'SELECT kind, "by", reason, details FROM ops.decisions'],
      shop,
    );
    expect(decided.json).toMatchObject([
      {
        kind: 'breaker-reset',
        by: 'ann',
        reason: 'source corrected',
        details: { code: 'TYPE_ERROR', count: 6 },
      },
    ]);
    const again = await runMainJson(['breaker', 'reset', 'shop.sales', '--reason', 'twice'], shop);
    expect(ErrorJson.parse(again.json).error.code).toBe('BREAKER_CLOSED');
    const held = RunsJson.parse((await runMainJson(['runs', '--held'], shop)).json)[0];
    const approval = ['approve', held?.runId ?? '', '--digest', held?.sealDigest ?? '', '--reason', 'ok'];
    expect((await runMain(approval, shop)).code).toBe(0);
    // The six published errors are from before the reset: one more is one.
    const [next] = await drop('three.csv', withGood(badSales(30, 31), 300));
    expect(next?.status).toBe('promoted');
  });
});
