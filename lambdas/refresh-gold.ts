import { refreshGold } from '../etl/stages/refresh-gold.ts';
import { stageHandler } from './stage-handler.ts';

/** Brings the Gold tables of a dataset up to date. */
export const handler = stageHandler(
  'refresh-gold',
  ['ASSAY_DATABASE_PREFIX', 'ASSAY_ALERTS_TOPIC_ARN', 'ASSAY_DIGEST_KEY_SECRET_ARN'],
  refreshGold,
);
