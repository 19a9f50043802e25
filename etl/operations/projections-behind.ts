import { loadContracts } from '../contract/load-contracts.ts';
import type { Effects } from '../ports.ts';
import { readPointer } from '../table/pointer.ts';

/** Projections of a dataset's events that weren't folded from what is published now: their code or contract failed. */
export async function projectionsBehind(
  effects: Pick<Effects, 'objects' | 'contracts'>,
  dataset: string,
): Promise<string[]> {
  const { contracts } = await loadContracts(effects.contracts);
  const own = [...contracts.values()].filter(
    (one) => one.layer === 'projection' && one.inputs.includes(dataset),
  );
  if (own.length === 0) return [];
  const now = (await readPointer(effects.objects, 'silver', dataset))?.pointer.snapshot_id;
  const behind: string[] = [];
  for (const { dataset: name } of own) {
    const made = (await readPointer(effects.objects, 'projection', name))?.pointer.inputs?.[dataset];
    if (now !== undefined && made !== now) behind.push(name);
  }
  return behind;
}
