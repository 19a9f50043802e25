import { z } from 'zod';
import { tableLogKey, tableLogsPrefix } from '../naming/upkeep.ts';
import type { Effects } from '../ports.ts';
import { joinLogs, type TableLog } from '../table/table-log.ts';
import { getDocument, putDocument } from './stored-documents.ts';

const KeptLog = z.object({
  snapshots: z.array(
    z.object({
      snapshotId: z.number().int(),
      parentId: z.number().int().optional(),
      atMs: z.number().int(),
      summary: z.record(z.string(), z.string()),
    }),
  ),
  entries: z.array(z.object({ atMs: z.number().int(), snapshotId: z.number().int() })),
});

/** A table whose past is to outlive its snapshots. */
export interface LoggedTable {
  readonly dataset: string;
  readonly layer: string;
  /** Of its tables; snapshots of one generation are not built on those of another. */
  readonly generation: number;
}

/**
 * Keeps what a table's metadata knows of its past, under an id of the work that is about to remove snapshots from it:
 * to be called before. A repeat under the same id writes the same.
 */
export async function keepLog(
  { objects }: Pick<Effects, 'objects'>,
  table: LoggedTable,
  { id, log }: { readonly id: string; readonly log: TableLog },
): Promise<void> {
  await putDocument(objects, tableLogKey(table, id), log);
}

/** Every past of a table that was kept, as one; empty where none was. */
export async function keptLog({ objects }: Pick<Effects, 'objects'>, table: LoggedTable): Promise<TableLog> {
  const logs: TableLog[] = [];
  for (const { key } of await objects.list(tableLogsPrefix(table)))
    logs.push(await getDocument(objects, key, KeptLog));
  return joinLogs(logs);
}
