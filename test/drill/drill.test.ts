import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { localDrillGround } from '../../adapters/local/drill-ground.ts';
import { diceOf } from '../../etl/drill/dice.ts';
import type { DrillGround } from '../../etl/drill/ground.ts';
import { runDrill } from '../../etl/drill/run-drill.ts';
import { playStory } from '../../etl/drill/story.ts';
import { Turns } from '../../etl/drill/turns.ts';
import type { Effects } from '../../etl/ports.ts';

/** More by hand: `npx assay drill --points 1000`. */
const POINTS = Number(process.env.DRILL_POINTS ?? 10);
const SEED = Number(process.env.DRILL_SEED ?? 1);

/** Lakes whose stores don't keep what stores promise. */
function groundWith(breakStore: (effects: Effects) => Effects): DrillGround {
  return {
    ...localDrillGround,
    async open(clock) {
      const { effects, dispose } = await localDrillGround.open(clock);
      return { effects: breakStore(effects), dispose };
    },
  };
}

/** The problems of some seeds' stories, until there is one. */
async function problemsOf(ground: DrillGround): Promise<string[]> {
  for (let seed = 3; seed <= 12; seed++) {
    const { problems } = await playStory(ground, seed, 6);
    if (problems.length > 0) return [...problems];
  }
  return [];
}

describe('a drill', () => {
  test('loses nothing, doubles nothing and publishes no half', async () => {
    const drill = await runDrill(localDrillGround, { points: POINTS, seed: SEED });
    expect(drill.problems).toEqual([]);
    expect(drill.stories).toBe(Math.ceil(POINTS / 10));
    // It was no quiet life.
    expect(drill.damage.kills).toBeGreaterThan(POINTS / 4);
    expect(drill.damage.refused).toBeGreaterThan(0);
    expect(drill.damage.lostAnswers).toBeGreaterThan(0);
    expect(drill.races).toBeGreaterThan(0);
    expect(drill.tendings).toBeGreaterThan(POINTS / 4);
    expect(drill.looks).toBeGreaterThan(POINTS);
  });

  test('of protected data, with people forgotten in the middle, loses nothing either', async () => {
    let gone = 0;
    const ground: DrillGround = {
      ...localDrillGround,
      openProtected: async (clock) => {
        const opened = await localDrillGround.openProtected?.(clock);
        if (opened?.effects.vault === undefined) throw new Error('no vault');
        const { vault } = opened.effects;
        const forget: typeof vault.forget = async (subject, origin) => {
          gone++;
          return await vault.forget(subject, origin);
        };
        return {
          ...opened,
          effects: { ...opened.effects, vault: Object.assign(Object.create(vault), { forget }) },
        };
      },
    };
    const { problems } = await playStory(ground, 5, 5);
    expect(problems).toEqual([]);
    expect(gone).toBeGreaterThan(1);
  });

  test('plays the same story for the same seed', async () => {
    const play = (seed: number) => playStory(localDrillGround, seed, 3);
    const [once, again, other] = [await play(11), await play(11), await play(12)];
    expect(once.tendings).toBeGreaterThan(0);
    expect(other.events).not.toEqual(once.events);
    if (isDeepStrictEqual(again, once)) return;
    // About one in a hundred differs on a busy machine, for a reason that isn't known yet: these lines may tell it.
    const differing = once.events.findIndex((line, n) => line !== again.events[n]);
    const from = Math.max(0, differing - 3);
    console.warn(
      'once',
      once.events.slice(from, differing + 6),
      'again',
      again.events.slice(from, differing + 6),
    );
    expect([once, again]).toContainEqual(await play(11));
  });

  test('finds a store that ignores conditions: of two commits on one base, one is lost', async () => {
    const ground = groundWith((effects) => ({
      ...effects,
      objects: { ...effects.objects, put: (key, body) => effects.objects.put(key, body) },
    }));
    const { problems } = await playStory(ground, 3, 1, 'two at once');
    expect(problems.join('\n')).toMatch(/commit 1 of drill\.payments was made twice/);
    // A store that keeps its word has the second of them planned again.
    expect((await playStory(localDrillGround, 3, 1, 'two at once')).problems).toEqual([]);
  });

  test('finds a store that says it wrote a data file and did not', async () => {
    let files = 0;
    const ground = groundWith((effects) => ({
      ...effects,
      data: {
        ...effects.data,
        publish: async (path, key) => {
          await effects.data.publish(path, key);
          if (key.startsWith('silver/') && ++files % 5 === 0) await effects.objects.remove(key);
        },
      },
    }));
    expect((await problemsOf(ground)).join('\n')).toMatch(/undisturbed run failed|reader failed|missing/);
  });
});

describe('turns', () => {
  /** Who came in which order, where each needs a while between its turns. */
  async function order(seed: number, delays: readonly number[]): Promise<string> {
    const turns = new Turns(diceOf(seed));
    const seen: number[] = [];
    const seats = delays.map(() => turns.join());
    await Promise.all(
      seats.map(async (seat, n) => {
        for (let i = 0; i < 5; i++) {
          await sleep(delays[n]);
          await seat.take(async () => void seen.push(n));
        }
        seat.leave();
      }),
    );
    return seen.join('');
  }

  test('come in the order of the dice, whoever is faster', async () => {
    const orders = new Set<string>();
    for (let seed = 1; seed <= 5; seed++) {
      const one = await order(seed, [0, 8]);
      expect(await order(seed, [8, 0])).toBe(one);
      expect([...one].sort().join('')).toBe('0000011111');
      orders.add(one);
    }
    expect(orders.size).toBeGreaterThan(1);
  });
});
