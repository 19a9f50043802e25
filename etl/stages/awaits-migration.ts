import type { SourceContract } from '../contract/contract.ts';
import type { LoadedContracts } from '../contract/load-contracts.ts';
import type { Effects } from '../ports.ts';
import { type Pointer, readPointer } from '../table/pointer.ts';
import { awaitsAdoption } from './clear-objects.ts';
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

/** Why runs wait until then, in words, and the command that comes next, as it stands in them. */
export async function migrationNeeded(
  effects: Pick<Effects, 'objects'>,
  contract: SourceContract,
  pointer: Pointer,
): Promise<{ readonly why: string; readonly next: string }> {
  const { dataset, version } = contract;
  const next = `assay ${await commandOfWaiting(effects, contract)}`;
  const why = `The contract of ${dataset} is version ${version}, its tables are of ${pointer.contract_version}: a new major version makes them anew from Bronze. Until then nothing is published; '${next}' shows what would change.`;
  return { why, next };
}

/**
 * The command, without `assay`, that says what would end a dataset's waiting, and changes nothing: files in the clear of a
 * dataset that became protected are adopted, anything else is migrated.
 */
export async function commandOfWaiting(
  effects: Pick<Effects, 'objects'>,
  contract: SourceContract,
): Promise<string> {
  const { dataset } = contract;
  return (await awaitsAdoption(effects, contract))
    ? `privacy adopt ${dataset}`
    : `migrate ${dataset} --dry-run`;
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
