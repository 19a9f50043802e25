import { describe, expect, test } from '@jest/globals';
import { localStreamDrillGround } from '../../../adapters/local/drill-ground.ts';
import type { DrillGround } from '../../../etl/drill/ground.ts';
import type { Effects, ObjectStore } from '../../../etl/ports.ts';
import { playStreamStory } from '../../../stream/drill/play-stream-story.ts';
import { runStreamDrill } from '../../../stream/drill/run-stream-drill.ts';
import { casesOf } from '../../support/cases.ts';

/** More by hand: `npx assay drill --stream --points 1000`. */
const POINTS = Number(process.env.DRILL_POINTS ?? casesOf(20));
const SEED = Number(process.env.DRILL_SEED ?? 1);

/** Lakes whose stores don't keep what stores promise. */
function groundWith(broken: (objects: ObjectStore) => ObjectStore): DrillGround {
  return {
    ...localStreamDrillGround,
    async open(clock) {
      const { effects, dispose } = await localStreamDrillGround.open(clock);
      const own: Effects = { ...effects, objects: broken(effects.objects) };
      return { effects: own, dispose };
    },
  };
}

/** The problems of some seeds' stories, until there is one. */
async function problemsOf(ground: DrillGround): Promise<string> {
  for (let seed = 1; seed <= 6; seed++) {
    const { problems } = await playStreamStory(ground, seed, 4);
    if (problems.length > 0) return problems.join('\n');
  }
  return '';
}

describe('a drill of a stream', () => {
  test('loses nothing, doubles nothing and publishes nothing that failed', async () => {
    const drill = await runStreamDrill(localStreamDrillGround, { points: POINTS, seed: SEED });
    expect(drill.problems).toEqual([]);
    // It was no quiet life, and no empty one.
    expect(drill.damage.kills).toBeGreaterThan(POINTS / 3);
    expect(drill.damage.refused).toBeGreaterThan(0);
    expect(drill.damage.lostAnswers).toBeGreaterThan(0);
    expect(drill.outages).toBeGreaterThan(0);
    expect(drill.races).toBeGreaterThan(0);
    expect(drill.passed).toBeGreaterThan(POINTS);
    expect(drill.events).toBeGreaterThan(drill.passed);
  }, 600_000);

  test('plays the same story for the same seed', async () => {
    const [once, again, other] = [
      await playStreamStory(localStreamDrillGround, 11, 3),
      await playStreamStory(localStreamDrillGround, 11, 3),
      await playStreamStory(localStreamDrillGround, 12, 3),
    ];
    expect(again).toEqual(once);
    expect(other.digest).not.toBe(once.digest);
  });

  test('finds a store that says it landed events and did not', async () => {
    let files = 0;
    const ground = groundWith((objects) => ({
      ...objects,
      put: async (key, body, condition) =>
        key.startsWith('bronze/') && ++files % 3 === 0 ? 'lost' : await objects.put(key, body, condition),
    }));
    expect(await problemsOf(ground)).toMatch(/is not in Bronze/);
  });

  test('finds a store that says it kept evidence and did not', async () => {
    let files = 0;
    const ground = groundWith((objects) => ({
      ...objects,
      put: async (key, body, condition) =>
        key.startsWith('ops/evidence/') && ++files % 3 === 0
          ? 'lost'
          : await objects.put(key, body, condition),
    }));
    expect(await problemsOf(ground)).toMatch(/is not kept as evidence/);
  });
});
