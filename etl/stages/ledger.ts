import { type Engine, readParquet, textOf } from '../engine/engine.ts';
import { literal, rowsTable } from '../engine/sql.ts';
import type { Plan, SealedFile } from './documents.ts';

/** What the ledger last said of a Bronze file. */
export interface LedgerEntry {
  readonly status: string;
  readonly sourceFileId: string;
  readonly contractDigest: string;
  readonly runId: string;
  /** When it was first dealt with and when last, ISO. */
  readonly firstAt: string;
  readonly lastAt: string;
}

/** SELECT of a run's ledger rows, in the order of the ledger's columns. */
export function ledgerSelect(plan: Plan, files: readonly SealedFile[]): string {
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
  }));
  return `SELECT *, ${literal(plan.runId)} AS run_id,
      ${literal(plan.contractVersion)} AS contract_version, ${literal(plan.contractDigest)} AS contract_digest,
      CAST(${literal(plan.plannedAt)} AS TIMESTAMPTZ) AS processed_at
    FROM ${rowsTable(LEDGER_COLUMNS, rows)}`;
}

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
} as const;

/** The latest entry of every Bronze key that a dataset's ledger knows, from its files. */
export async function readLedger(
  engine: Engine,
  paths: readonly string[],
): Promise<Map<string, LedgerEntry>> {
  const rows = await engine.rows(
    `SELECT source_file, arg_max(status, processed_at) AS status, arg_max(source_file_id, processed_at) AS source_file_id,
       arg_max(contract_digest, processed_at) AS contract_digest, arg_max(run_id, processed_at) AS run_id,
       ${isoSql('min(processed_at)')} AS first_at, ${isoSql('max(processed_at)')} AS last_at FROM ${readParquet(paths)} GROUP BY source_file`,
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
      },
    ]),
  );
}

const isoSql = (time: string): string => `strftime(${time}, '%Y-%m-%dT%H:%M:%S.%gZ')`;
