import { isContractTable } from '../naming/datasets.ts';
import { schemaColumns } from '../table/fields.ts';
import { generationAt } from '../table/generations.ts';
import type { LakeTable } from '../table/lake-table.ts';
import { currentSchema } from '../table/metadata.ts';
import { type Moment, namedSnapshot } from './as-of.ts';
import type { LakeView } from './lake-view.ts';

/** A view of the generation of its table that is seen at a moment: that which has the snapshot asked for, or was current then. */
export function seenGeneration(view: LakeView, { asOf, ms }: Moment): LakeView {
  const { table, earlier, pointer } = view;
  if (ms === undefined || earlier.length === 0 || pointer === undefined) return view;
  if (asOf.kind === 'snapshot') {
    const hasIt = (one: LakeTable | undefined): boolean =>
      one !== undefined && namedSnapshot(one, asOf.id) !== undefined;
    if (hasIt(table)) return view;
    const named = earlier.findLast((one) => hasIt(one.table));
    if (named !== undefined) return withTable(view, named.table);
  }
  const then = generationAt(pointer, ms)?.generation;
  if (then === undefined) return view;
  const seen = earlier.find(({ generation }) => generation === then);
  return withTable(view, seen?.table, seen === undefined || seen.table === undefined);
}

/** A generation keeps its own columns. An expired one must not look empty. */
function withTable(view: LakeView, table: LakeTable | undefined, isExpired = false): LakeView {
  if (table === undefined) return { ...view, table, isExpired };
  const isOwn = isContractTable(view.layer);
  return { ...view, table, ...(isOwn ? { columns: schemaColumns(currentSchema(table.metadata)) } : {}) };
}
