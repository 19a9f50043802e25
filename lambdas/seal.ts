import { seal } from '../etl/stages/seal.ts';
import { lakeHandler } from './stage-handler.ts';
import { publishMetrics } from './telemetry.ts';

/** Seals a run and publishes its counts as metrics, once it has any. */
export const handler = lakeHandler('seal', ['ASSAY_DIGEST_KEY_SECRET_ARN'], async (input, { effects }) => {
  const sealed = await seal(input, effects);
  if ('rewrites' in sealed) return sealed;
  const { records, silver, quarantined, condemned, blank, footer = 0, repeats = 0 } = sealed.counts;
  publishMetrics(sealed.dataset, {
    RecordsIn: records,
    RecordsSilver: silver,
    RecordsQuarantined: quarantined,
    RecordsCondemned: condemned,
    RecordsBlank: blank,
    RecordsFooter: footer,
    RecordsRepeated: repeats,
    QuarantineRate: (quarantined / Math.max(records - blank - footer - repeats, 1)) * 100,
  });
  return sealed;
});
