import type { LoadedContracts } from '../contract/load-contracts.ts';
import type { Effects } from '../ports.ts';
import { readPointer } from '../table/pointer.ts';
import { closingRecords } from './closing-record.ts';

/**
 * The Silver snapshots behind the figures of every closing there ever was, and of waiting restatements. They are never
 * expired, so that each figure can be traced to its records.
 */
export async function closedStates(
  { objects }: Pick<Effects, 'objects'>,
  { contracts }: Pick<LoadedContracts, 'contracts'>,
  dataset: string,
): Promise<Set<number>> {
  const ids = new Set<number>();
  for (const contract of contracts.values()) {
    if (contract.layer !== 'gold' || !contract.inputs.includes(dataset)) continue;
    for (const inputs of await inputsOfAll(objects, contract.dataset)) {
      const id = inputs[dataset];
      if (id !== undefined) ids.add(id);
    }
  }
  return ids;
}

/** What each closing of a report was made from, and what waits. */
async function inputsOfAll(
  objects: Effects['objects'],
  report: string,
): Promise<Readonly<Record<string, number>>[]> {
  const said = (await readPointer(objects, 'gold', report))?.pointer.closings;
  // No month was ever closed.
  if (said === undefined) return [];
  const found = said.flatMap(({ inputs, waiting }) => [
    inputs,
    ...(waiting === undefined ? [] : [waiting.inputs]),
  ]);
  for (const { inputs } of await closingRecords(objects, report)) found.push(inputs);
  return found;
}
