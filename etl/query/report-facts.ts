import type { GoldContract } from '../contract/contract.ts';
import { restatementsPrefix } from '../naming/closings.ts';
import { datasetPath, tableName } from '../naming/datasets.ts';
import type { Effects } from '../ports.ts';
import { readKnownPointer } from '../stages/known-pointer.ts';
import { closedMonths } from '../table/closings.ts';
import type { AsOf } from './as-of.ts';
import { seenReport } from './gold-report.ts';

/** Facts about a report beside its rows. */
export interface ReportFacts {
  readonly report: string;
  readonly table: string;
  readonly month: string | null;
  /** Null for an earlier state: snapshots don't say. */
  readonly contractVersion: string | null;
  readonly snapshotId: number | null;
  readonly committedAt: string | null;
  readonly madeFrom: readonly { readonly dataset: string; readonly snapshotId: number }[];
  readonly isRestated: boolean;
  /** Closed months that would have other rows, which waits for finance: `YYYY-MM`. */
  readonly waiting: readonly string[];
}

/** The facts of a report as it stands, or as it is seen at a moment. */
export async function reportFacts(
  effects: Effects,
  contract: GoldContract,
  { month, asOf }: { readonly month: string | undefined; readonly asOf: AsOf },
): Promise<ReportFacts> {
  const { objects } = effects;
  const { dataset } = contract;
  const named = { report: dataset, table: tableName('gold', dataset), month: month ?? null };
  const restated = await objects.list(`${restatementsPrefix()}${datasetPath(dataset)}/`);
  const isRestated = restated.length > 0;
  if (asOf.kind !== 'now') {
    const none = { snapshotId: null, committedAt: null, madeFrom: [] };
    const seen = (await seenReport(effects, contract, asOf)) ?? none;
    return { ...named, contractVersion: null, ...seen, isRestated, waiting: [] };
  }
  const pointer = (await readKnownPointer(objects, 'gold', dataset))?.pointer;
  return {
    ...named,
    contractVersion: contract.version,
    snapshotId: pointer?.snapshot_id ?? null,
    committedAt: pointer?.committed_at ?? null,
    madeFrom: Object.entries(pointer?.inputs ?? {}).map(([input, snapshotId]) => ({
      dataset: input,
      snapshotId,
    })),
    isRestated,
    waiting: closedMonths(pointer ?? {}).flatMap(({ month: closed, waiting }) =>
      waiting === undefined ? [] : [closed],
    ),
  };
}
