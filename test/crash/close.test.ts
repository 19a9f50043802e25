import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openLake } from '../../adapters/local/lake.ts';
import { listRestatements } from '../../etl/closing/list-restatements.ts';
import { acceptRestatement } from '../../etl/operations/accept-restatement.ts';
import { closeMonth } from '../../etl/operations/close-month.ts';
import { reopenMonth } from '../../etl/operations/reopen-month.ts';
import type { Effects } from '../../etl/ports.ts';
import { commandsIn } from '../cli/commands-in.ts';
import { keepShop, openShop, type Shop } from '../cli/shop.ts';

/** Decisions on a closed month that are killed at each of their steps: nothing half is seen, and a repeat ends them. */

const REPORT = { report: 'shop.monthly_sales', month: '2024-01' };
const WORD = { by: 'finance', reason: 'reported' };
const FIRST = 'sale_id,customer,amount,sold_on\n1,Ann,10.00,2024-01-02\n2,Ann,1.00,2024-02-02\n';
const LATE = 'sale_id,customer,amount,sold_on\n3,Ann,0.50,2024-01-03\n';

let shop: Shop;
let kept: Awaited<ReturnType<typeof keepShop>> | undefined;
beforeAll(async () => {
  shop = await openShop();
  await writeFile(path.join(shop.cwd, 'first.csv'), FIRST);
  await writeFile(path.join(shop.cwd, 'late.csv'), LATE);
  await ok('ingest', 'first.csv', '--dataset', 'shop.sales');
  await ok('run');
});
afterAll(() => kept?.dispose() ?? shop.dispose());

const { ok } = commandsIn(() => shop);
const openEffects = async (): Promise<Effects> => {
  const places = {
    contractsDir: path.join(shop.cwd, 'contracts'),
    sqlDir: path.join(shop.cwd, 'sql/gold'),
  };
  return (await openLake(path.join(shop.cwd, 'lake'), places)).effects;
};

/** Effects of a process that is killed when it is about to change the lake for the n-th time. */
function killedAt(effects: Effects, last: number): { readonly effects: Effects; died(): boolean } {
  let step = 0;
  const dying =
    <A extends unknown[], R>(change: (...args: A) => Promise<R>) =>
    (...args: A): Promise<R> =>
      ++step >= last ? Promise.reject(new Error('killed')) : change(...args);
  const { objects, data } = effects;
  return {
    effects: {
      ...effects,
      objects: { ...objects, put: dying(objects.put), remove: dying(objects.remove) },
      data: { ...data, publish: dying(data.publish) },
    },
    died: () => step >= last,
  };
}

const SEEN = `SELECT (SELECT CAST(sum(amount) AS VARCHAR) FROM gold.shop_monthly_sales WHERE as_of_month = DATE '2024-01-01') AS amount,
  (SELECT count(*) FROM gold.shop_monthly_sales) AS months,
  (SELECT string_agg(kind, ',' ORDER BY id) FROM ops.decisions) AS decisions,
  (SELECT string_agg(coalesce(ended_how, 'closed'), ',' ORDER BY closed_at) FROM ops.closings) AS closings`;

interface Decision {
  readonly name: string;
  readonly decide: (effects: Effects, restatement: string) => Promise<unknown>;
  /** January's amount before and after, and what is written down in the end. */
  readonly amounts: readonly [string, string];
  readonly end: { readonly decisions: string; readonly closings: string };
}

const DECISIONS: readonly Decision[] = [
  {
    name: 'close',
    decide: (effects) => closeMonth(effects, REPORT, WORD),
    amounts: ['10.00', '10.00'],
    end: { decisions: 'closed', closings: 'closed' },
  },
  {
    name: 'restatements accept',
    decide: (effects, restatement) => acceptRestatement(effects, restatement, WORD),
    amounts: ['10.00', '10.50'],
    end: { decisions: 'closed,restatement-accepted', closings: 'replaced,closed' },
  },
  {
    name: 'reopen',
    decide: (effects) => reopenMonth(effects, REPORT, WORD),
    amounts: ['10.00', '10.50'],
    end: { decisions: 'closed,reopened', closings: 'reopened' },
  },
];

describe.each(DECISIONS)('assay $name', ({ name, decide, amounts, end }) => {
  test('killed at any step shows the month before or after, and a repeat finishes it', async () => {
    if (name !== 'close' && kept === undefined) {
      await closeMonth(await openEffects(), REPORT, WORD);
      await ok('ingest', 'late.csv', '--dataset', 'shop.sales');
      await ok('run');
      kept = await keepShop(shop);
    }
    const before = name === 'close' ? await keepShop(shop) : kept;
    const [waiting] = name === 'close' ? [] : await listRestatements(await openEffects());
    let deaths = 0;
    for (let last = 1; ; last++) {
      await before?.putBack();
      const effects = await openEffects();
      const doomed = killedAt(effects, last);
      await decide(doomed.effects, waiting?.id ?? '').catch(() => undefined);
      if (!doomed.died()) break;
      deaths++;
      const [seen] = (await ok('query', SEEN)) as { amount: string; months: number }[];
      expect(amounts).toContain(seen?.amount);
      expect(seen?.months).toBe(2);
      await decide(effects, waiting?.id ?? '');
      expect(await ok('query', SEEN)).toEqual([{ amount: amounts[1], months: 2, ...end }]);
    }
    expect(deaths).toBeGreaterThan(3);
    const problems = (await ok('audit', '--dataset', REPORT.report)) as { problems: unknown[] }[];
    expect(problems.flatMap((one) => one.problems)).toEqual([]);
    if (name === 'close') await before?.putBack();
  }, 900_000);
});
