import { type Engine, textOf } from '../engine/engine.ts';
import { literal, rowsTable } from '../engine/sql.ts';
import { tableRowsSql } from '../engine/table-rows.ts';
import type { DatasetTables } from './dataset-tables.ts';
import type { Plan, PlannedFile, SealedFile } from './documents.ts';

/** What the ledger last said of a Bronze file. */
export interface LedgerEntry {
  readonly status: string;
  readonly sourceFileId: string;
  readonly contractDigest: string;
  readonly runId: string;
  /** When it was first dealt with and when last, ISO. */
  readonly firstAt: string;
  readonly lastAt: string;
  /** When it came to Bronze, ISO; of what came before that was kept, when it was first dealt with. */
  readonly arrivedAt: string;
  /** The earlier contract whose dialect a migration read it in. */
  readonly dialectDigest?: string;
}

/** SELECT of a run's ledger rows, in the order of the ledger's columns. */
export function ledgerSelect(plan: Plan, files: readonly SealedFile[]): string {
  const planned = new Map(plan.files.map((file) => [file.key, file]));
  const rows = files.map((file) => ({
    dataset: plan.dataset,
    source_file_id: file.sourceFileId,
    source_file: file.key,
    status: file.status,
    ...(file.note === undefined ? {} : { note: file.note }),
    size_bytes: file.sizeBytes,
    records: file.records,
    silver: file.silver,
    quarantined: file.quarantined,
    condemned: file.condemned,
    blank: file.blank,
    footer: file.footer ?? 0,
    repeats: file.repeats ?? 0,
    forgotten: file.forgotten ?? 0,
    ...ofPlan(planned.get(file.key)),
  }));
  return `SELECT * EXCLUDE (arrived$, processed$, dialect$, footer, repeats, forgotten), ${literal(plan.runId)} AS run_id,
      ${literal(plan.contractVersion)} AS contract_version, ${literal(plan.contractDigest)} AS contract_digest,
      CAST(coalesce(processed$, ${literal(plan.plannedAt)}) AS TIMESTAMPTZ) AS processed_at, CAST(arrived$ AS TIMESTAMPTZ) AS arrived_at,
      dialect$ AS dialect_digest, footer, repeats, forgotten
    FROM ${rowsTable(LEDGER_COLUMNS, rows)}`;
}

const ofPlan = ({ arrivedAt, processedAt, dialect }: Partial<PlannedFile> = {}) => ({
  ...(arrivedAt === undefined ? {} : { arrived$: arrivedAt }),
  ...(processedAt === undefined ? {} : { processed$: processedAt }),
  ...(dialect === undefined ? {} : { dialect$: dialect }),
});

/** What the ledger has of a file beside the run's own. */
const LEDGER_COLUMNS = {
  dataset: 'VARCHAR',
  source_file_id: 'VARCHAR',
  source_file: 'VARCHAR',
  status: 'VARCHAR',
  note: 'VARCHAR',
  size_bytes: 'BIGINT',
  records: 'BIGINT',
  silver: 'BIGINT',
  quarantined: 'BIGINT',
  condemned: 'BIGINT',
  blank: 'BIGINT',
  footer: 'BIGINT',
  repeats: 'BIGINT',
  forgotten: 'BIGINT',
  arrived$: 'VARCHAR',
  processed$: 'VARCHAR',
  dialect$: 'VARCHAR',
} as const;

/** The latest entry of every Bronze key that a dataset's ledger knows, from a SELECT of its rows. */
export async function readLedger(engine: Engine, ledger: string): Promise<Map<string, LedgerEntry>> {
  const rows = await engine.rows(
    `SELECT source_file, arg_max(status, processed_at) AS status, arg_max(source_file_id, processed_at) AS source_file_id,
       arg_max(contract_digest, processed_at) AS contract_digest, arg_max(run_id, processed_at) AS run_id,
       ${isoSql('min(processed_at)')} AS first_at, ${isoSql('max(processed_at)')} AS last_at,
       ${isoSql('coalesce(arg_max(arrived_at, processed_at), min(processed_at))')} AS arrived_at,
       arg_max(coalesce(dialect_digest, ''), processed_at) AS dialect
     FROM (${ledger}) GROUP BY source_file`,
  );
  return new Map(
    rows.map((row) => [
      textOf(row, 'source_file'),
      {
        status: textOf(row, 'status'),
        sourceFileId: textOf(row, 'source_file_id'),
        contractDigest: textOf(row, 'contract_digest'),
        runId: textOf(row, 'run_id'),
        firstAt: textOf(row, 'first_at'),
        lastAt: textOf(row, 'last_at'),
        arrivedAt: textOf(row, 'arrived_at'),
        ...(row.dialect === '' ? {} : { dialectDigest: textOf(row, 'dialect') }),
      },
    ]),
  );
}

/** The ledger of a dataset at a pointer, as a SELECT of its columns as they are today. */
export async function ledgerRows(tables: Pick<DatasetTables, 'table' | 'paths'>): Promise<string> {
  return tableRowsSql(await tables.table('source_files'), await tables.paths('source_files'));
}

/** A source file's place in the order: by its arrival, and by its key where that is the same. */
interface Arrived {
  readonly key: string;
  readonly arrivedAt?: string | undefined;
}

/** Orders source files by their arrival, then by their keys. */
export function byArrival(a: Arrived, b: Arrived): number {
  return compare(a.arrivedAt ?? '', b.arrivedAt ?? '') || compare(a.key, b.key);
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Of each source file that was published, by its id, the arrival that counts: the last. */
export function liveArrivals(ledger: ReadonlyMap<string, LedgerEntry>): Map<string, Required<Arrived>> {
  const live = new Map<string, Required<Arrived>>();
  for (const [key, { status, sourceFileId, arrivedAt }] of ledger) {
    const known = live.get(sourceFileId);
    const arrived = { key, arrivedAt };
    if (status === 'accepted' && (known === undefined || byArrival(known, arrived) < 0))
      live.set(sourceFileId, arrived);
  }
  return live;
}

/** SQL of a time as ISO text, UTC, to the millisecond. */
export const isoSql = (time: string): string => `strftime(${time}, '%Y-%m-%dT%H:%M:%S.%gZ')`;
