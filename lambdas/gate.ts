import { gate } from '../etl/stages/gate.ts';
import { stageHandler } from './stage-handler.ts';

/** Decides on a sealed run. */
export const handler = stageHandler('gate', [], gate);
