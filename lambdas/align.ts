import { align } from '../etl/stages/align.ts';
import { stageHandler } from './stage-handler.ts';

/** Says which records of a cut file each chunk takes. */
export const handler = stageHandler('align', [], align);
