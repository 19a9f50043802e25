import { gate } from '../etl/stages/gate.ts';
import { stageHandler } from './stage-handler.ts';

/** Decides on a sealed run, and tells people where the circuit breaker opens. */
export const handler = stageHandler('gate', ['ASSAY_ALERTS_TOPIC_ARN'], gate);
