import type { LoadedContracts } from '../../contract/load-contracts.ts';
import { isPointer, REPORTS_PREFIX } from '../../naming/tables.ts';
import type { Effects } from '../../ports.ts';
import { Pointer } from '../../table/pointer.ts';
import { reportsOn } from './reports-on.ts';

/** A published table that is made from a dataset, and that no contract which can be used knows. */
export interface UnknownReport {
  readonly dataset: string;
  /** Of its pointer. */
  readonly key: string;
}

/** The first Gold table or projection that was made from a dataset, and of which nobody says any more how. */
export async function unknownReport(
  { objects }: Pick<Effects, 'objects'>,
  loaded: LoadedContracts,
  dataset: string,
): Promise<UnknownReport | undefined> {
  const known = new Set(reportsOn(loaded, dataset).map((report) => report.dataset));
  for (const { key } of await objects.list(REPORTS_PREFIX)) {
    if (!isPointer(key)) continue;
    const stored = await objects.get(key);
    const pointer = Pointer.parse(JSON.parse(Buffer.from(stored?.body ?? '').toString('utf8')));
    if (Object.hasOwn(pointer.inputs ?? {}, dataset) && !known.has(pointer.dataset))
      return { dataset: pointer.dataset, key };
  }
  return undefined;
}
