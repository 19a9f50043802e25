import { expect, test } from '@jest/globals';
import { Tally } from '../../cli/enforce/tally.ts';
import type { Evidence } from '../../stream/evidence/evidence.ts';

test('an enforcer that runs for weeks counts a bounded number of reasons, and every event', () => {
  const tally = new Tally();
  const of = (reason: string) =>
    ({
      dataset_urn: 'urn:dp:orders:created',
      source: { raw_topic: 'raw' },
      validation: { result: 'FAIL', failed_gates: ['ENVELOPE'], reason_codes: [reason], warnings: [reason] },
    }) as unknown as Evidence;
  for (let n = 0; n < 20_000; n++) tally.judged([of(`ENVELOPE_INVALID:x${n}`), of('NULL_VALUE:customer_id')]);
  expect(tally.reasons.length).toBeLessThan(1_010);
  expect(tally.warnings.length).toBe(tally.reasons.length);
  expect(tally.reasons[0]).toEqual(['NULL_VALUE:customer_id', 20_000]);
  expect(tally.reasons.reduce((sum, [, events]) => sum + events, 0)).toBe(40_000);
  expect(tally.events).toBe(40_000);
});
