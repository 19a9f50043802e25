import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import type { ObjectStore, WriteCondition } from '../../etl/ports.ts';
import { casesOf } from '../support/cases.ts';
import { type Happened, isLinearizable } from './register-history.ts';
import { gatedFiles, gatedQuickFiles, interleave } from './schedules.ts';
import { tempFolder } from './temp-folder.ts';

// From here on the adapter's file-system calls wait for their turn.
jest.unstable_mockModule('node:fs/promises', gatedFiles);
jest.unstable_mockModule('../../adapters/local/quick-files.ts', gatedQuickFiles);
const { lakeFolder } = await import('../../adapters/local/lake-folder.ts');
const { fileObjectStore } = await import('../../adapters/local/object-store.ts');

const KEY = 'p';
const kinds = ['get', 'put', 'create', 'swap', 'remove'] as const;
type Kind = (typeof kinds)[number];

interface Plan {
  readonly kinds: readonly Kind[];
  readonly killedAfter: number;
}

/** `kinds` are the operations that an actor may do; those before a swap read what the swap is to replace. */
const planOf = (...allowed: Kind[]): fc.Arbitrary<Plan> =>
  fc.record({
    kinds: fc.array(fc.constantFrom(...allowed), { minLength: 1, maxLength: 3 }),
    killedAfter: fc.oneof({ weight: 2, arbitrary: fc.constant(Infinity) }, fc.integer({ min: 1, max: 40 })),
  });

/** Records operations as they look from outside. */
function recorder(store: ObjectStore): {
  readonly history: Happened[];
  actor(name: string, plan: Plan): () => Promise<void>;
} {
  let clock = 0;
  let written = 0;
  const history: Happened[] = [];
  const open = new Set<number>();

  async function happen(operation: Happened, work: () => Promise<Partial<Happened>>): Promise<void> {
    const at = history.push({ ...operation, startedAt: ++clock, endedAt: Infinity }) - 1;
    open.add(at);
    const result = await work();
    history[at] = { ...history[at], ...result, endedAt: ++clock } as Happened;
  }
  const put = async (value: string, condition?: WriteCondition): Promise<{ done: boolean }> => {
    try {
      await store.put(KEY, Buffer.from(value), condition);
      return { done: true };
    } catch (error) {
      expect(error).toMatchObject({ name: 'ConflictError' });
      return { done: false };
    }
  };

  return {
    history,
    actor: (name, plan) => async () => {
      let seen: { value: string; etag: string } | undefined;
      const times = { startedAt: 0, endedAt: 0 };
      const get = (): Promise<void> =>
        happen({ kind: 'get', saw: undefined, ...times }, async () => {
          const object = await store.get(KEY);
          seen = object && { value: Buffer.from(object.body).toString(), etag: object.etag };
          return { saw: seen?.value };
        });
      for (const kind of plan.kinds) {
        const value = `${name}${++written}`;
        if (kind === 'get') await get();
        if (kind === 'put') await happen({ kind, value, ...times }, () => put(value));
        if (kind === 'create') {
          await happen({ kind, value, done: false, ...times }, () => put(value, { ifNoneMatch: '*' }));
        }
        if (kind === 'remove') {
          await happen({ kind, ...times }, async () => {
            await store.remove(KEY);
            return {};
          });
        }
        if (kind !== 'swap') continue;
        if (seen === undefined) await get();
        if (seen === undefined) continue;
        const { value: over, etag } = seen;
        await happen({ kind, over, value, done: false, ...times }, () => put(value, { ifMatch: etag }));
        seen = undefined;
      }
    },
  };
}

const readCopy = (folder: string): Promise<string | undefined> =>
  readFile(path.join(folder, KEY), 'utf8').catch(() => undefined);

interface Scenario {
  readonly start: readonly Kind[];
  readonly plans: readonly Plan[];
  readonly repeats: boolean;
}

async function check({ start, plans, repeats }: Scenario, choices: readonly number[]): Promise<void> {
  const { folder, dispose } = await tempFolder();
  try {
    const store = fileObjectStore(lakeFolder(folder));
    const { history, actor } = recorder(store);
    await actor('start', { kinds: start, killedAfter: Infinity })();
    const scripts = plans.map((plan, i) => ({
      run: actor('abc'[i] ?? 'd', plan),
      killedAfter: plan.killedAfter,
    }));
    await interleave(scripts, choices[Symbol.iterator]());
    const isAnyKilled = plans.some((plan) => plan.killedAfter < Infinity);
    const copyBefore = await readCopy(folder);
    await actor('end', { kinds: ['get'], killedAfter: Infinity })();
    if (!isLinearizable(history, { repeats })) throw new Error(JSON.stringify(history, null, 1));
    const last = history.at(-1);
    const newest = last?.kind === 'get' ? last.saw : '';
    if (!isAnyKilled) expect(copyBefore).toBe(newest);
    expect(await readCopy(folder)).toBe(newest);
  } finally {
    await dispose();
  }
}

const RUNS = Number(process.env.ASSAY_SCHEDULES ?? casesOf(40));
/** Whose turn it is, for how many calls: races show where a process stalls for long, rarely where turns alternate. */
const choices = fc
  .array(fc.tuple(fc.nat(2), fc.integer({ min: 1, max: 25 })), { minLength: 12, maxLength: 24 })
  .map((turns) => turns.flatMap(([actor, calls]) => Array.from({ length: calls }, () => actor)));

/** Name, what was done to the key before, and what its users do. */
const SCENARIOS: [string, Kind[], Kind[]][] = [
  ['a pointer that is created and swapped', [], ['get', 'create', 'swap']],
  ['a pointer that exists', ['create', 'swap'], ['get', 'swap']],
  ['creating and removing', [], ['get', 'create', 'remove']],
  ['removing and making again', ['create', 'swap', 'remove'], ['get', 'create', 'swap', 'remove']],
  ['everything at once', ['create', 'swap'], ['get', 'put', 'create', 'swap', 'remove']],
];

describe('every interleaving of file-system calls, with processes killed at any of them, is linearizable', () => {
  const some = (allowed: Kind[]): fc.Arbitrary<Plan[]> =>
    fc.array(planOf(...allowed), { minLength: 2, maxLength: 3 });
  const run = (start: Kind[], plans: fc.Arbitrary<Plan[]>, repeats: boolean): Promise<void> => {
    const property = fc.asyncProperty(plans, choices, (plan, order) =>
      check({ start, plans: plan, repeats }, order),
    );
    return fc.assert(property, { numRuns: RUNS });
  };
  test.each(SCENARIOS)('%s', (_, start, allowed) => run(start, some(allowed), false));

  test('unconditional writes during the first swap of a plain file; they may take effect twice', () =>
    run(['put'], some(['get', 'put', 'create', 'swap', 'remove']), true));

  test('a plain file is swapped, removed and created at the same time', () => {
    const one = (kind: Kind): fc.Arbitrary<Plan> => planOf(kind).map((plan) => ({ ...plan, kinds: [kind] }));
    return run(['put'], fc.tuple(one('swap'), one('remove'), one('create')), true);
  });
});
