import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { accessPerson } from '../../etl/personal/access/access-person.ts';
import { approveForgetting } from '../../etl/personal/forgetting/approve-forgetting.ts';
import { askForgetting } from '../../etl/personal/forgetting/ask-forgetting.ts';
import { listForgetRequests } from '../../etl/personal/forgetting/requests.ts';
import { renewVault } from '../../etl/personal/retention.ts';
import type { Effects } from '../../etl/ports.ts';
import { HEADER, shopLake } from '../personal/shop.ts';
import type { TestLake } from '../stages/harness.ts';

const [ANN, BOB, EVE] = ['ann', 'bob', 'eve'].map((by) => ({ by, reason: 'a letter' })) as [Word, Word, Word];
type Word = { readonly by: string; readonly reason: string };
/** More people than there are steps at which a forgetting can be killed. */
const PEOPLE = Array.from({ length: 30 }, (_, n) => 7001 + n);

let lake: TestLake;
let effects: Effects;
beforeAll(async () => {
  lake = await shopLake();
  ({ effects } = lake.lake);
  const rows = PEOPLE.flatMap((id) => [
    `g${id},${id},planted-${id}@example.org,,,2024-05-01,1.00`,
    `b${id},${id},broken-${id}@example.org`,
  ]);
  await lake.dropAndRun({ 'may.csv': `${HEADER}\n${rows.join('\n')}\n` });
});
afterAll(() => lake.dispose());

class Killed extends Error {}

/** The effects of a process that is killed at one of its changes: before it is made, or right after. */
function killedAt(
  step: number,
  when: 'before' | 'after',
): { readonly effects: Effects; readonly isOver: () => boolean } {
  let done = 0;
  let isKilled = false;
  const dying =
    <A extends unknown[], R>(change: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      if (isKilled) throw new Killed();
      done += 1;
      if (done !== step) return await change(...args);
      isKilled = true;
      if (when === 'after') await change(...args);
      throw new Killed();
    };
  const { objects, vault } = effects;
  if (vault === undefined) throw new RangeError('there is no vault');
  const { put, remove } = objects;
  return {
    effects: {
      ...effects,
      objects: { ...objects, put: dying(put.bind(objects)), remove: dying(remove.bind(objects)) },
      vault: { ...vault, forget: dying(vault.forget), renewKey: dying(vault.renewKey) },
    },
    isOver: () => !isKilled,
  };
}

const asked = async (id: number): Promise<string> =>
  (await askForgetting(effects, { kind: 'customer', id: String(id) }, ANN)).request;

const textOf = async (id: number): Promise<string> =>
  JSON.stringify((await accessPerson(effects, { kind: 'customer', id: String(id) }, ANN)).records);

test('a forgetting that is killed at any of its steps is ended by another approval, whole and certified', async () => {
  const people = PEOPLE.values();
  const last = PEOPLE.at(-1) ?? 0;
  let steps = 0;
  for (const when of ['before', 'after'] as const) {
    for (let step = 1; ; step++) {
      const id = people.next().value ?? 0;
      const request = await asked(id);
      const killed = killedAt(step, when);
      const first = await approveForgetting(killed.effects, request, BOB).catch((error: unknown) => error);
      if (killed.isOver()) break;
      expect(first).toBeInstanceOf(Killed);
      steps += 1;
      const state = (await listForgetRequests(effects)).find(
        (one) => (one.state === 'asked' ? one.asked.request : one.request) === request,
      );
      if (state?.state === 'asked') {
        const ended = await approveForgetting(effects, request, EVE);
        expect({ step, when, keys: ended.keys }).toMatchObject({
          step,
          when,
          keys: { groups: expect.arrayContaining(['contact', 'ids']), records: 1 },
        });
        expect(ended.tables.isUnchanged).toBe(true);
        expect(ended.erasures).toHaveLength(1);
      } else expect(state).toMatchObject({ state: 'forgotten', keys: { records: 1 } });
      await expect(textOf(id)).rejects.toMatchObject({ code: 'NOBODY' });
    }
  }
  expect(steps).toBeGreaterThan(10);
  expect(await textOf(last)).toContain(`broken-${last}@example.org`);
  const { contracts } = await loadContracts(effects.contracts);
  await renewVault(effects, contracts.values());
  expect(await effects.objects.list('ops/privacy/requests/')).toEqual([]);
  const decided = (await effects.objects.list('ops/decisions/assay/privacy/')).filter(({ key }) =>
    key.endsWith('-decided.json'),
  );
  expect(decided).toHaveLength((await effects.objects.list('ops/privacy/ends/')).length);
}, 900_000);
