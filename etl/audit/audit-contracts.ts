import { DataError } from '../errors.ts';
import type { ObjectStore } from '../ports.ts';
import { changedTexts } from '../stages/kept-texts.ts';
import type { Problem } from './problem.ts';

/**
 * Checks the texts of contracts, SQL and code that are kept of what a dataset was published under: nothing can be read by
 * one that somebody changed.
 */
export async function auditContracts(objects: ObjectStore, dataset: string): Promise<Problem[]> {
  try {
    const changed = await changedTexts(objects, dataset);
    return changed.map(({ key, why }) => ({ code: 'CONTRACT', key, problem: `it ${why}` }));
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    return [{ code: 'CONTRACT', key: String(error.context.key ?? ''), problem: error.message }];
  }
}
