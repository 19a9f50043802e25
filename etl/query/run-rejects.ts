import { z } from 'zod';
import type { Contract } from '../contract/contract.ts';
import { openColumns } from '../contract/open-columns.ts';
import { type Engine, readParquet, type SqlRow } from '../engine/engine.ts';
import { literal } from '../engine/sql.ts';
import { DataError } from '../errors.ts';
import type { Layer } from '../naming/datasets.ts';
import { commitPlanKey } from '../naming/runs.ts';
import type { Effects } from '../ports.ts';
import { CommitPlan } from '../stages/documents.ts';
import { readKnownPointer } from '../stages/known-pointer.ts';
import { isCommitted, type RunRecord } from '../stages/outcomes.ts';
import { parseDocument } from '../stages/stored-documents.ts';
import { filesOf, openTable } from '../table/lake-table.ts';

const Reason = z.object({
  rule: z.string().nullable(),
  column: z.string().nullable(),
  code: z.string(),
  value: z.string().nullable(),
});

const Reject = z.object({
  verdict: z.enum(['quarantined', 'condemned']),
  sourceFile: z.string(),
  sourceRowNumber: z.coerce.number(),
  sourceLine: z.coerce.number().nullable(),
  attemptCount: z.coerce.number().nullable(),
  reasons: z.array(Reason),
  /** The raw values by column; null where the record can't be parsed. */
  record: z.record(z.string(), z.unknown()).nullable(),
  rawText: z.string().nullable(),
});

/** A record that didn't pass, with every reason. */
export type Reject = z.infer<typeof Reject>;

/** Raw text of an example is cut here; a broken record can be megabytes. */
const RAW_TEXT_CHARACTERS = 500;

/**
 * Examples of the records of a run that didn't pass, at most `perKind` for each verdict and set of codes, and `most` in
 * all: from the tables where the run is published, and from where they are staged where it isn't.
 */
export async function rejectExamples(
  engine: Engine,
  effects: Effects,
  run: Pick<RunRecord, 'dataset' | 'runId' | 'status'>,
  { perKind, most }: { readonly perKind: number; readonly most: number },
): Promise<Reject[]> {
  const selects: string[] = [];
  for (const [verdict, layer] of [
    ['quarantined', 'quarantine'],
    ['condemned', 'condemned'],
  ] as const) {
    const paths = await rejectPaths(effects, run, layer);
    if (paths.length > 0) selects.push(`SELECT ${literal(verdict)} AS verdict, * FROM ${readParquet(paths)}`);
  }
  if (selects.length === 0) return [];
  const rows = await engine.rows(
    `SELECT ${REJECT_SELECT}
     FROM (${selects.join(' UNION ALL ')}) WHERE run_id = ${literal(run.runId)}
     QUALIFY row_number() OVER (
       PARTITION BY verdict, list_sort(list_distinct(list_transform(reasons, lambda reason: reason.code)))
       ORDER BY source_file, source_row_number) <= ${perKind}
     ORDER BY verdict DESC, source_file, source_row_number LIMIT ${most}`,
  );
  return rows.map(toReject);
}

/** The columns of a reject, over a table of rejects with its verdict. */
export const REJECT_SELECT = `verdict, source_file AS "sourceFile", source_row_number AS "sourceRowNumber", source_line AS "sourceLine",
  attempt_count AS "attemptCount", reasons, record, left(raw_text, ${RAW_TEXT_CHARACTERS}) AS "rawText"`;

/** A reject from a row of `REJECT_SELECT`. */
export function toReject(row: SqlRow): Reject {
  return Reject.parse({ ...row, record: parsedRecord(row.record) });
}

function parsedRecord(text: unknown): unknown {
  return typeof text === 'string' ? JSON.parse(text) : null;
}

/** A promoted run's rejects are in the tables; another's lie where promote would have taken them from. */
export async function rejectPaths(
  effects: Effects,
  { dataset, runId, status }: Pick<RunRecord, 'dataset' | 'runId' | 'status'>,
  layer: Extract<Layer, 'quarantine' | 'condemned'>,
): Promise<string[]> {
  if (isCommitted(status)) {
    const state = (await readKnownPointer(effects.objects, 'silver', dataset))?.pointer.tables[layer];
    if (state === undefined) return [];
    const table = await openTable(effects.objects, state);
    return Promise.all((await filesOf(table)).map(({ key }) => effects.data.localPath(key)));
  }
  const key = commitPlanKey(dataset, runId);
  const stored = await effects.objects.get(key);
  if (stored === undefined) return [];
  const paths: string[] = [];
  for (const file of parseDocument(stored.body, key, CommitPlan)[layer]) {
    const path = await effects.data.localPath(file.key).catch((error: unknown) => {
      // What was staged for a refused run may be tidied away; the record of the run stays.
      if (error instanceof DataError) return undefined;
      throw error;
    });
    if (path !== undefined) paths.push(path);
  }
  return paths;
}

/** The mask for values that must not be shown. */
export const MASK = '•••';

/** Examples without the values of personal and confidential columns, nor of any that the contract doesn't know. */
export function maskRejects(rejects: readonly Reject[], contract: Contract | undefined): Reject[] {
  const open = openColumns(contract);
  const isAllOpen = contract !== undefined && open.size === contract.columns.length;
  return rejects.map((reject) => ({
    ...reject,
    record: reject.record === null ? null : maskValues(reject.record, open),
    // Which part of an unparsable record belongs to which column can't be told.
    rawText: reject.rawText === null || isAllOpen ? reject.rawText : MASK,
  }));
}

/** Values by column, with a mask for those of any column but the open ones; no value needs no mask. */
export function maskValues(
  record: Readonly<Record<string, unknown>>,
  open: ReadonlySet<string>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [
      name,
      open.has(name) || value === null || value === '' ? value : MASK,
    ]),
  );
}
