import type { DrillGround, StoryResult } from './ground.ts';
import { playStory } from './story.ts';
import { type Damage, noDamage } from './trouble.ts';

/** What a drill is asked for. */
export interface DrillRequest {
  /** Points of trouble, all stories together. */
  readonly points: number;
  /** Of the first story; the next one's is the next number. */
  readonly seed: number;
  /** Told after each story. */
  readonly onStory?: (story: StoryResult, donePoints: number) => void;
}

/** What a drill did and found: its stories added up. */
export interface DrillResult extends Omit<StoryResult, 'events' | 'problems'> {
  readonly stories: number;
  readonly problems: readonly { readonly seed: number; readonly points: number; readonly problem: string }[];
}

/** Points of trouble in the life of one lake. */
const STORY_POINTS = 10;

/** Plays stories one after another, each on a lake of its own. What is found is data, no error. */
export async function runDrill(ground: DrillGround, request: DrillRequest): Promise<DrillResult> {
  const stories: StoryResult[] = [];
  for (let done = 0; done < request.points; ) {
    const points = Math.min(STORY_POINTS, request.points - done);
    const story = await playStory(ground, request.seed + stories.length, points);
    stories.push(story);
    done += points;
    request.onStory?.(story, done);
  }
  const sum = (of: (story: StoryResult) => number): number =>
    stories.reduce((total, story) => total + of(story), 0);
  return {
    seed: request.seed,
    points: request.points,
    stories: stories.length,
    damage: addDamage(stories.map(({ damage }) => damage)),
    executions: sum(({ executions }) => executions),
    races: sum(({ races }) => races),
    looks: sum(({ looks }) => looks),
    tendings: sum(({ tendings }) => tendings),
    files: sum(({ files }) => files),
    records: sum(({ records }) => records),
    problems: stories.flatMap(({ seed, points, problems }) =>
      problems.map((problem) => ({ seed, points, problem })),
    ),
  };
}

function addDamage(all: readonly Damage[]): Damage {
  const total = noDamage();
  for (const damage of all) {
    for (const kind of Object.keys(total) as (keyof Damage)[]) total[kind] += damage[kind];
  }
  return total;
}
