import { loadContracts } from '../contract/load-contracts.ts';
import type { Effects } from '../ports.ts';
import { withSpan } from '../telemetry.ts';
import { followCatalog } from './follow-catalog.ts';

/**
 * Moves the catalog to the pointer of every dataset and Gold table with a contract, in case a run died after its
 * commit; returns the tables' names. One failure stops no other table; the error is thrown at the end.
 */
export async function reconcileCatalog(
  effects: Pick<Effects, 'objects' | 'contracts' | 'catalog'>,
): Promise<{ readonly tables: readonly string[] }> {
  return await withSpan('assay.reconcile-catalog', {}, async (set) => {
    const { contracts } = await loadContracts(effects.contracts);
    const tables: string[] = [];
    const errors: unknown[] = [];
    for (const contract of contracts.values()) {
      try {
        tables.push(...(await followCatalog(effects, contract)));
      } catch (error) {
        errors.push(error);
      }
    }
    set({ 'assay.tables': tables.length });
    if (errors.length > 0) throw errors[0];
    return { tables };
  });
}
