import { loadContracts } from '../contract/load-contracts.ts';
import type { Effects } from '../ports.ts';
import { withSpan } from '../telemetry.ts';
import { followCatalog } from './follow-catalog.ts';

/**
 * Moves the catalog to every pointer of a dataset or Gold table with a contract, should a run have died between its
 * commit and that; returns the tables' names. One that fails keeps no other from following; its error is thrown at
 * the end.
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
