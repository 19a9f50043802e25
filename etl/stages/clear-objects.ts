import type { SourceContract } from '../contract/contract.ts';
import { bronzePrefix, isSealed } from '../naming/bronze.ts';
import type { Effects } from '../ports.ts';
import { isProtected, protectionOf } from '../privacy/protection.ts';

/** The objects of Bronze that are in the clear, whatever is in them. */
export async function clearObjects(
  { objects }: Pick<Effects, 'objects'>,
  dataset: string,
): Promise<{ readonly key: string; readonly sizeBytes: number }[]> {
  return (await objects.list(bronzePrefix(dataset))).filter(({ key }) => !isSealed(key));
}

/** Whether a contract protects its dataset, and files of before are in the clear: they are adopted before anything is read. */
export async function awaitsAdoption(
  effects: Pick<Effects, 'objects'>,
  contract: SourceContract,
): Promise<boolean> {
  return isProtected(protectionOf(contract)) && (await clearObjects(effects, contract.dataset)).length > 0;
}
