import type { FieldNode, GraphQLResolveInfo, SelectionSetNode } from 'graphql';
import type { SourceContract } from '../../etl/contract/contract.ts';
import type { SqlValue } from '../../etl/engine/engine.ts';
import { traceRows } from '../../etl/lineage/trace-figure.ts';
import type { TracedRecord } from '../../etl/lineage/traced-record.ts';
import { tablePage } from '../../etl/query/table-page.ts';
import type { Asking } from './asking.ts';
import { fieldValue } from './column-type.ts';
import type { AskedRows } from './filters.ts';
import type { ShownTable } from './shown-table.ts';

/** A page of rows as GraphQL's fields see it. */
export interface PageOfRows {
  readonly table: string;
  readonly snapshotId: number | null;
  readonly rows: readonly PageRow[];
  readonly hasMore: boolean;
}

/** A row of a page. */
export interface PageRow {
  readonly cursor: string;
  /** By the column's own name. */
  readonly values: Readonly<Record<string, SqlValue>>;
  readonly madeFrom: Readonly<Record<string, number>>;
  /** Where a Silver row came from; asked once for all rows of the page. */
  source(): Promise<TracedRecord | undefined>;
}

/** What relations need beside the columns that are asked for. */
function neededBy({ contract }: ShownTable, names: ReadonlySet<string>): readonly string[] {
  if (contract.layer === 'gold')
    return names.has('lines') ? [...contract.key, contract.partitionColumn, 'silver_snapshot_id'] : [];
  // Relations of projections go by the key.
  if (contract.layer === 'projection') return contract.key;
  return names.has('source') ? ['source_file_id', 'source_row_number'] : [];
}

/** The page of a table that a field asks for. */
export async function rowsOf(
  table: ShownTable,
  asked: AskedRows,
  { asking, info }: { readonly asking: Asking; readonly info: GraphQLResolveInfo },
): Promise<PageOfRows> {
  const { effects, sight } = asking;
  const { contract, columns } = table;
  const names = namesBelow(info);
  asking.onRead(contract.dataset);
  const wanted = columns.filter(({ field }) => names.has(field)).map(({ name }) => name);
  const page = await asking.inTurn((engine) =>
    tablePage(engine, effects, {
      ...asked,
      contract,
      layer: contract.layer,
      reader: sight.reader,
      columns: [...wanted, ...neededBy(table, names)],
    }),
  );
  const values = page.rows.map((row) =>
    Object.fromEntries(page.columns.map(({ name, type }, n) => [name, fieldValue(row[n] ?? null, type)])),
  );
  const { snapshotId, madeFrom, cursors, hasMore } = page;
  let sources: Promise<ReadonlyMap<string, TracedRecord>> | undefined;
  const source = async (row: Readonly<Record<string, SqlValue>>): Promise<TracedRecord | undefined> => {
    if (contract.layer !== 'silver' || snapshotId === null) return undefined;
    sources ??= sourcesOf(asking, { contract, snapshotId, rows: values });
    return (await sources).get(`${row.source_file_id} ${row.source_row_number}`);
  };
  const rows = values.map((row, n) => ({
    cursor: cursors[n] ?? '',
    values: row,
    madeFrom,
    source: () => source(row),
  }));
  return { table: page.table, snapshotId, rows, hasMore };
}

interface SilverRows {
  readonly contract: SourceContract;
  readonly snapshotId: number;
  readonly rows: readonly Readonly<Record<string, SqlValue>>[];
}

function sourcesOf(
  { effects, inTurn }: Asking,
  { contract, snapshotId, rows }: SilverRows,
): Promise<ReadonlyMap<string, TracedRecord>> {
  const places = rows.map((row) => ({
    fileId: String(row.source_file_id),
    row: String(row.source_row_number),
  }));
  return inTurn((engine) => traceRows(engine, effects, { contract, snapshotId, places }));
}

/** The names of all fields below those that are asked for, in fragments, too. */
function namesBelow({ fieldNodes, fragments }: GraphQLResolveInfo): ReadonlySet<string> {
  const names = new Set<string>();
  const seen = new Set<string>();
  const look = (set: SelectionSetNode | undefined): void => {
    for (const one of set?.selections ?? []) {
      if (one.kind === 'Field') names.add(one.name.value);
      if (one.kind !== 'FragmentSpread') look(one.selectionSet);
      else if (!seen.has(one.name.value)) {
        seen.add(one.name.value);
        look(fragments[one.name.value]?.selectionSet);
      }
    }
  };
  for (const node of fieldNodes as readonly FieldNode[]) look(node.selectionSet);
  return names;
}
