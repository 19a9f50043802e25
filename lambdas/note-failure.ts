import { noteFailure } from '../etl/stages/note-failure.ts';
import { stageHandler } from './stage-handler.ts';

/** Notes what a chunk failed of. */
export const handler = stageHandler('note-failure', [], noteFailure);
