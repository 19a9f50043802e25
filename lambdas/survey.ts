import { survey } from '../etl/stages/survey.ts';
import { stageHandler } from './stage-handler.ts';

/** Surveys one range of a file that is cut. */
export const handler = stageHandler('survey', [], survey);
