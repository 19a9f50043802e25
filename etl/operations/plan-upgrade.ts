import { filesInVersion2 } from '../engine/parquet-encodings.ts';
import type { Layer } from '../naming/datasets.ts';
import type { Effects } from '../ports.ts';
import { filesOf, type LakeTable, openTable } from '../table/lake-table.ts';
import { hasPortableName } from '../table/metadata-file.ts';
import type { Pointer } from '../table/pointer.ts';
import { isElsewhere } from '../table/relocate-table.ts';
import { type Bin, binsOf } from './plan-compaction.ts';
import { withBench } from './rewrite-bin.ts';

/** Files are written anew together up to this size. */
const TARGET_BYTES = 128_000_000;

/** What one table of a pointer needs to be read by every engine. */
export interface TablePlan {
  readonly layer: Layer;
  readonly table: LakeTable;
  /** Whether its metadata lies in a file whose name other engines refuse. */
  readonly needsName: boolean;
  /** Whether its metadata names its files where the lake was before it was copied or moved. */
  readonly needsPlace: boolean;
  /** Its files in Parquet's version 2, as they are to be written anew. */
  readonly bins: readonly Bin[];
}

/** What every table of a pointer needs, those that need nothing left out. Files' footers are read, and nothing is changed. */
export async function planUpgrade(effects: Effects, { dataset, tables }: Pointer): Promise<TablePlan[]> {
  return withBench(effects, `upgrade-${dataset}`, async (bench) => {
    const plans: TablePlan[] = [];
    for (const [name, state] of Object.entries(tables)) {
      const layer = name as Layer;
      const table = await openTable(effects.objects, state);
      const bins = binsOf(await filesInVersion2(await filesOf(table), bench), TARGET_BYTES);
      const needsName = !hasPortableName(state.metadata_key);
      plans.push({ layer, table, needsName, needsPlace: isElsewhere(effects.objects, table), bins });
    }
    return plans.filter(({ needsName, needsPlace, bins }) => needsName || needsPlace || bins.length > 0);
  });
}
