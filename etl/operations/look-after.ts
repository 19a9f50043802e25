import type { Contract } from '../contract/contract.ts';
import type { Effects } from '../ports.ts';
import { withSpan } from '../telemetry.ts';
import type { Ailment } from './ailment.ts';
import { alertAilments } from './alert-ailments.ts';
import { checkHealth, type Health } from './check-health.ts';

/**
 * Checks the health of datasets and Gold tables, one after another. Sends an alert for new problems of those that
 * `tells` picks; for none if it is left out. One that can't be checked stops no other; the first such error is thrown
 * at the end.
 */
export async function lookAfter(
  effects: Effects,
  contracts: Iterable<Contract>,
  { tells }: { readonly tells?: (ailment: Ailment) => boolean } = {},
): Promise<Health[]> {
  const found: Health[] = [];
  const errors: unknown[] = [];
  for (const contract of contracts) {
    try {
      const health = await withSpan('assay.check-health', { 'assay.dataset': contract.dataset }, () =>
        checkHealth(effects, contract),
      );
      found.push(health);
      if (tells !== undefined)
        await alertAilments(effects, contract, { ...health, ailments: health.ailments.filter(tells) });
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
  return found;
}
