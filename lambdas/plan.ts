import { plan } from '../etl/stages/plan.ts';
import { stageHandler } from './stage-handler.ts';

/** Plans a run. */
export const handler = stageHandler('plan', [], plan);
