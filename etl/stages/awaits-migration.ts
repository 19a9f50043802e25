import type { SourceContract } from '../contract/contract.ts';
import type { LoadedContracts } from '../contract/load-contracts.ts';
import type { Effects } from '../ports.ts';
import { type Pointer, readPointer } from '../table/pointer.ts';
import { openLedger, statesOf } from './dataset-history.ts';

/**
 * Whether a contract has a new major version, so that the dataset's tables must be made anew from Bronze before the
 * next publication. Major versions that share a table, from before there were generations, count as one.
 */
export async function awaitsMigration(
  effects: Pick<Effects, 'objects'>,
  contract: Pick<SourceContract, 'version'>,
  pointer: Pointer | undefined,
): Promise<boolean> {
  const isNew = ({ contract_version }: Pick<Pointer, 'contract_version'>): boolean =>
    majorOf(contract.version) > majorOf(contract_version);
  if (pointer === undefined || !isNew(pointer)) return false;
  const ledger = await openLedger(effects, pointer);
  return ledger === undefined || statesOf(ledger).every(isNew);
}

/** `2.1.0` → 2. */
export const majorOf = (version: string): number => Number(version.split('.')[0]);

/** Why runs wait until then, in words. */
export function migrationNeeded({ dataset, version }: SourceContract, pointer: Pointer): string {
  return `The contract of ${dataset} is version ${version}, its tables are of ${pointer.contract_version}: a new major version makes them anew from Bronze. Until then nothing is published; 'assay migrate ${dataset} --dry-run' shows what would change.`;
}

/** Those of some datasets whose tables wait for a new major version of their contract. */
export async function waitingDatasets(
  effects: Pick<Effects, 'objects'>,
  { contracts }: Pick<LoadedContracts, 'contracts'>,
  datasets: readonly string[],
): Promise<string[]> {
  const waiting: string[] = [];
  for (const dataset of datasets) {
    const contract = contracts.get(dataset);
    if (contract?.layer !== 'silver') continue;
    const pointer = (await readPointer(effects.objects, 'silver', dataset))?.pointer;
    if (await awaitsMigration(effects, contract, pointer)) waiting.push(dataset);
  }
  return waiting;
}
