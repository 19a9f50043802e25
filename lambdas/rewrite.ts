import { rewrite } from '../etl/stages/rewrite.ts';
import { stageHandler } from './stage-handler.ts';

/** Writes some of Silver's files anew for a run. */
export const handler = stageHandler('rewrite', [], rewrite);
