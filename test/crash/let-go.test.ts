import { cp, rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { auditDataset } from '../../etl/audit/audit-dataset.ts';
import { loadContracts, requireSourceContract } from '../../etl/contract/load-contracts.ts';
import { decisionsPrefix } from '../../etl/naming/decisions.ts';
import type { Effects } from '../../etl/ports.ts';
import { letGo } from '../../etl/quarantine/letting-go/let-go.ts';
import { contractText, PAYMENTS } from '../stages/contract-text.ts';
import { type TestLake, testLake } from '../stages/harness.ts';

/** Letting records go, killed at each of its steps: their values are all there or all gone, and a repeat ends it. */

let lake: TestLake;
beforeAll(async () => {
  lake = await testLake({ contracts: [contractText(PAYMENTS)], startAt: '2017-01-01T06:00:00.000Z' });
  for (const name of ['a', 'b', 'c'])
    await lake.dropAndRun({
      [`${name}.csv`]: `id,paid_on,amount,note\n${name},2017-01-05,1.00,fine\n7,2017-01-05,x,old\n`,
    });
  lake.setTime('2020-01-01T06:00:00.000Z');
  await lake.dropAndRun({ 'd.csv': 'id,paid_on,amount,note\n8,2017-01-05,x,young\n' });
  lake.setTime('2024-06-01T06:00:00.000Z');
  await cp(lake.lake.root, `${lake.lake.root}-kept`, { recursive: true });
}, 600_000);
afterAll(async () => {
  await rm(`${lake.lake.root}-kept`, { recursive: true });
  await lake.dispose();
});

class Killed extends Error {}

/** The effects of a process that is killed at one of its changes: before it is made, or right after. */
function killedAt(step: number, when: 'before' | 'after') {
  let done = 0;
  const dying =
    <A extends unknown[], R>(change: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      done += 1;
      if (done < step) return await change(...args);
      if (done === step && when === 'after') await change(...args);
      throw new Killed();
    };
  const { effects } = lake.lake;
  const { objects, data } = effects;
  const dyingEffects: Effects = {
    ...effects,
    objects: { ...objects, put: dying(objects.put), remove: dying(objects.remove) },
    data: { ...data, publish: dying(data.publish) },
  };
  return { effects: dyingEffects, isOver: () => done < step };
}

async function putBack(): Promise<void> {
  await rm(lake.lake.root, { recursive: true });
  await cp(`${lake.lake.root}-kept`, lake.lake.root, { recursive: true });
}

async function let7Go(effects: Effects, by: string): Promise<void> {
  const contract = requireSourceContract(await loadContracts(effects.contracts), lake.dataset);
  await letGo(effects, { contract, before: new Date('2018-01-01T00:00:00.000Z') }, { by, reason: 'old' });
}

/** How many rows have values, by hyparquet: three of the old record and one of the young one at first. */
async function rowsWithValues(): Promise<number> {
  const rows = [...(await lake.rows('quarantine')), ...(await lake.rows('condemned'))];
  expect(rows).toHaveLength(4);
  return rows.filter(({ record }) => record !== null && record !== undefined).length;
}

const problems = async () => (await auditDataset(lake.lake.effects, { dataset: lake.dataset })).problems;

// After a change the lake is as before the next one, but for what is under way beside it: every third shows that.
test.each([
  ['before', 1, 10],
  ['after', 3, 3],
] as const)(
  'killed %s any of its changes, it has let go all or nothing, and a repeat ends it with one decision',
  async (when, apart, atLeast) => {
    const { effects } = lake.lake;
    let deaths = 0;
    for (let step = 1; ; step += apart) {
      await putBack();
      const doomed = killedAt(step, when);
      await let7Go(doomed.effects, 'ann').catch((error: unknown) => {
        if (!(error instanceof Killed)) throw error;
      });
      if (doomed.isOver()) break;
      deaths += 1;
      expect([1, 4]).toContain(await rowsWithValues());
      expect(await problems()).toEqual([]);
      await let7Go(effects, 'bob');
      expect(await rowsWithValues()).toBe(1);
      expect(await effects.objects.list(decisionsPrefix(lake.dataset))).toHaveLength(1);
      expect(await problems()).toEqual([]);
    }
    expect(deaths).toBeGreaterThan(atLeast);
  },
  3_000_000,
);
