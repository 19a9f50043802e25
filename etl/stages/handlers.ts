import type { Effects } from '../ports.ts';
import { align } from './align.ts';
import { gate } from './gate.ts';
import { hold } from './hold.ts';
import { noteFailure } from './note-failure.ts';
import { plan } from './plan.ts';
import { promote } from './promote.ts';
import { recordFailure } from './record-failure.ts';
import { refine } from './refine.ts';
import { refreshGold } from './refresh-gold.ts';
import { rewrite } from './rewrite.ts';
import { seal } from './seal.ts';
import type { Stage } from './stage.ts';
import { survey } from './survey.ts';
import { sweep } from './sweep.ts';

/** The stages under the names by which the state machine calls them. */
export const STAGES = {
  plan,
  survey,
  align,
  refine,
  seal,
  rewrite,
  gate,
  hold,
  promote,
  refreshGold,
  sweep,
  recordFailure,
  noteFailure,
} as const satisfies Readonly<Record<string, Stage>>;

/** Name of a stage in the state machine. */
export type StageName = keyof typeof STAGES;

/** The stages with their effects filled in: what an interpreter of the state machine calls. */
export function bindStages(effects: Effects): Record<StageName, (input: unknown) => Promise<unknown>> {
  const bound = Object.entries(STAGES).map(([name, stage]) => [
    name,
    (input: unknown) => stage(input, effects),
  ]);
  return Object.fromEntries(bound);
}
