import { loadContracts, requireContract } from '../contract/load-contracts.ts';
import { madeOf } from '../contract/made-of.ts';
import type { Effects } from '../ports.ts';
import { withPublished } from '../stages/kept-contracts.ts';
import { maskTrace } from './mask-trace.ts';
import { type Trace, type TraceRequest, traceFigure } from './trace-figure.ts';

/** What is to be traced of a dataset, and whether its values may all be seen. */
export interface DatasetTrace extends Omit<TraceRequest, 'contract'> {
  readonly dataset: string;
  readonly seesAll: boolean;
}

/** Follows rows of a dataset to their lines, by the contracts that its tables were published with: see traceFigure. */
export async function traceDataset(
  effects: Effects,
  { dataset, seesAll, ...request }: DatasetTrace,
): Promise<Trace> {
  const all = await loadContracts(effects.contracts);
  const meant = requireContract(all, dataset);
  const inputs = madeOf(meant);
  const loaded = await withPublished(effects.objects, all, [dataset, ...inputs]);
  const contract = requireContract(loaded, dataset);
  const found = await traceFigure(effects, loaded, { ...request, contract });
  return seesAll ? found : maskTrace(found, contract, loaded);
}
