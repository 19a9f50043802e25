import type { DrillGround } from '../../etl/drill/ground.ts';
import type { Damage } from '../../etl/drill/trouble.ts';
import { playStreamStory, type StreamStory } from './play-stream-story.ts';

/** What a drill of a stream is asked for. */
export interface StreamDrillRequest {
  /** Points of trouble, all stories together. */
  readonly points: number;
  /** Of the first story; the next one's is the next number. */
  readonly seed: number;
  /** Told after each story. */
  readonly onStory?: (story: StreamStory, donePoints: number) => void;
}

/** What it did and found: its stories added up. */
export interface StreamDrillResult extends Omit<StreamStory, 'digest' | 'problems'> {
  readonly stories: number;
  readonly problems: readonly { readonly seed: number; readonly points: number; readonly problem: string }[];
}

/** Points of trouble in one story. */
const STORY_POINTS = 10;

/** Plays stories of streams one after another, each with a topic and a lake of its own. What is found is data, no error. */
export async function runStreamDrill(
  ground: DrillGround,
  request: StreamDrillRequest,
): Promise<StreamDrillResult> {
  const stories: StreamStory[] = [];
  for (let done = 0; done < request.points; ) {
    const points = Math.min(STORY_POINTS, request.points - done);
    const story = await playStreamStory(ground, request.seed + stories.length, points);
    stories.push(story);
    done += points;
    request.onStory?.(story, done);
  }
  const sum = (of: (story: StreamStory) => number): number =>
    stories.reduce((all, story) => all + of(story), 0);
  const hurt = (kind: keyof Damage): number => sum(({ damage }) => damage[kind]);
  return {
    seed: request.seed,
    points: request.points,
    stories: stories.length,
    damage: {
      kills: hurt('kills'),
      refused: hurt('refused'),
      lostAnswers: hurt('lostAnswers'),
      torn: hurt('torn'),
    },
    outages: sum(({ outages }) => outages),
    processes: sum(({ processes }) => processes),
    races: sum(({ races }) => races),
    runs: sum(({ runs }) => runs),
    events: sum(({ events }) => events),
    passed: sum(({ passed }) => passed),
    problems: stories.flatMap(({ seed, points, problems }) =>
      problems.map((problem) => ({ seed, points, problem })),
    ),
  };
}
