import { rewrite } from '../etl/stages/rewrite.ts';
import { stageHandler } from './stage-handler.ts';

/** Writes some of Silver's files anew for a run, and reads again what fails for it. */
export const handler = stageHandler('rewrite', ['ASSAY_DIGEST_KEY_SECRET_ARN'], rewrite);
