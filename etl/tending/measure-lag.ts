import type { Contract } from '../contract/contract.ts';
import { DEFAULT_SNAPSHOTS } from '../contract/read-upkeep.ts';
import { metadataFolder } from '../naming/tables.ts';
import { removalsPrefix } from '../naming/upkeep.ts';
import { stayingIds } from '../operations/expire.ts';
import type { Effects } from '../ports.ts';
import { MAIN_TABLES } from '../stages/dataset-tables.ts';
import { filesOf, openTable, rootOf } from '../table/lake-table.ts';
import type { Pointer } from '../table/pointer.ts';
import { endedRuns } from './end-staging.ts';
import { planJoining } from './plan-joining.ts';
import { BETWEEN_RUNS, GRACE_MS } from './tend.ts';

/** What the upkeep of a dataset or a Gold table has not done yet. */
export interface Lag {
  /** Snapshots that the contract lets go. */
  readonly snapshots: number;
  /** Metadata files beyond those that the tables keep. */
  readonly metadataFiles: number;
  /** Small files of Silver that are to be joined. */
  readonly smallFiles: number;
  /** Ended runs whose staging is still there. */
  readonly stagedRuns: number;
  /** Expired states' files that wait to be removed, in so many notes. */
  readonly removals: number;
}

/** More of each than this is told: upkeep that does its work leaves less. */
const NORMAL: Lag = { snapshots: 160, metadataFiles: 100, smallFiles: 100, stagedRuns: 200, removals: 24 };

const DAY_MS = 86_400_000;

/** Counts what is past due. */
export async function measureLag(effects: Effects, contract: Contract, pointer: Pointer): Promise<Lag> {
  const { dataset, layer } = contract;
  const nowMs = effects.clock.now().getTime();
  const { keepMs, ...kept } = contract.snapshots ?? DEFAULT_SNAPSHOTS;
  const main = MAIN_TABLES[layer];
  const state = pointer.tables[main];
  const table = state && (await openTable(effects.objects, state));
  const stays = table && stayingIds(table.metadata, { dataset, before: new Date(nowMs - keepMs), ...kept });
  const ended = layer !== 'silver' ? new Map() : await endedRuns(effects, dataset, nowMs - GRACE_MS - DAY_MS);
  return {
    snapshots: (table?.metadata.snapshots.length ?? 0) - (stays?.length ?? 0),
    metadataFiles: await countMetadata(effects, pointer),
    smallFiles: await countSmall(effects, pointer),
    stagedRuns: ended.size,
    removals: (await effects.objects.list(removalsPrefix(dataset))).length,
  };
}

/** What lags beyond what is normal, in words; none where the upkeep keeps pace. */
export function lagText(lag: Lag): string[] {
  const what: Readonly<Record<keyof Lag, string>> = {
    snapshots: 'snapshots past what the contract keeps',
    metadataFiles: 'metadata files beyond those that the tables keep',
    smallFiles: 'small files to be joined',
    stagedRuns: 'ended runs whose staging is still there',
    removals: 'notes of files to be removed',
  };
  const names = Object.keys(NORMAL) as (keyof Lag)[];
  return names.filter((name) => lag[name] > NORMAL[name]).map((name) => `${lag[name]} ${what[name]}`);
}

/** A table keeps 20 and those of the last seconds: as many as that is no lag. */
async function countMetadata({ objects }: Effects, { tables }: Pointer): Promise<number> {
  let count = 0;
  for (const state of Object.values(tables)) {
    const listed = await objects.list(`${metadataFolder(rootOf(state))}/`);
    const files = listed.filter(({ key }) => key.endsWith('.metadata.json')).length;
    count += Math.max(0, files - 21);
  }
  return count;
}

async function countSmall(effects: Effects, { tables: { silver } }: Pointer): Promise<number> {
  if (silver === undefined) return 0;
  const table = await openTable(effects.objects, silver);
  const bins = planJoining(await filesOf(table), BETWEEN_RUNS.mostBytes * 1_000);
  return bins.reduce((sum, { files }) => sum + files.length, 0);
}
