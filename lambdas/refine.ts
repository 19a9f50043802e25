import { refine } from '../etl/stages/refine.ts';
import { stageHandler } from './stage-handler.ts';

/** Refines one chunk of a run. */
export const handler = stageHandler('refine', ['ASSAY_DIGEST_KEY_SECRET_ARN'], refine);
