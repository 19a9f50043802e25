import type { ProjectionContract } from '../contract/contract.ts';
import { loadContracts } from '../contract/load-contracts.ts';
import { ConfigError } from '../errors.ts';
import type { Effects } from '../ports.ts';
import { projectionCode, requireEvents } from '../projecting/projection-code.ts';
import { withPublished } from '../stages/kept-contracts.ts';
import { type Pointer, readPointer } from '../table/pointer.ts';
import type { Ailment } from './ailment.ts';
import { failureOf } from './projections-after.ts';

/** How a projection lags behind its events, its contract or its code, and why, as far as people were told. */
export async function projectionBehind(
  effects: Effects,
  contract: ProjectionContract,
  pointer: Pointer | undefined,
): Promise<Ailment[]> {
  const behind = await tableBehind(effects, contract.inputs, { pointer, code: 'PROJECTION_BEHIND' });
  // What is behind its events is told once: the next run sees to its code as well.
  return behind.length > 0
    ? await whyBehind(effects, contract, behind)
    : await otherCode(effects, contract, pointer);
}

/** Adds why a projection is behind, as people were told after the run that is published. */
async function whyBehind(
  { objects }: Effects,
  { dataset, inputs: [input] }: ProjectionContract,
  ailments: readonly Ailment[],
): Promise<Ailment[]> {
  const run = (await readPointer(objects, 'silver', input))?.pointer.run_id;
  if (run === undefined || ailments.length === 0) return [...ailments];
  const failure = await failureOf(objects, dataset, run);
  if (failure === undefined) return [...ailments];
  const next = `project ${dataset}`;
  return ailments.map(({ code, what }) => ({ code, what: `${what}: ${failure.message}`, next }));
}

/** Code or a contract that isn't what the rows were made by: the next run makes them anew, or says why it can't. */
async function otherCode(
  effects: Effects,
  contract: ProjectionContract,
  pointer: Pointer | undefined,
): Promise<Ailment[]> {
  if (pointer === undefined) return [];
  const { dataset, inputs } = contract;
  const loaded = await withPublished(effects.objects, await loadContracts(effects.contracts), inputs);
  try {
    const { digest } = await projectionCode(effects.contracts, contract, requireEvents(loaded, contract));
    if (digest === pointer.contract_digest) return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [{ code: 'PROJECTION_BEHIND', what: error.message, next: `project ${dataset}` }];
  }
  const what = `its code or contract isn't what its rows were made by at ${pointer.committed_at}`;
  return [{ code: 'PROJECTION_BEHIND', what, next: `project ${dataset}` }];
}

/** Inputs that were published since a table was made of them. */
export async function tableBehind(
  effects: Effects,
  inputs: readonly string[],
  { pointer, code }: { readonly pointer: Pointer | undefined; readonly code: Ailment['code'] },
): Promise<Ailment[]> {
  const ailments: Ailment[] = [];
  for (const input of inputs) {
    const current = (await readPointer(effects.objects, 'silver', input))?.pointer.snapshot_id;
    if (current === undefined || pointer?.inputs?.[input] === current) continue;
    const made = pointer === undefined ? 'it was never made' : `it was made from ${pointer.inputs?.[input]}`;
    const what = `${input} stands at snapshot ${current}, and ${made}`;
    ailments.push({ code, what, next: `run --dataset ${input}` });
  }
  return ailments;
}
