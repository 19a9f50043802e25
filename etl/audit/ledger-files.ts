import { type Engine, integerOf, readParquet, textOf } from '../engine/engine.ts';
import type { Effects } from '../ports.ts';
import { filesOf, type LakeTable } from '../table/lake-table.ts';

/** A source file as the ledger last had it. */
export interface LedgerFile {
  readonly key: string;
  readonly sourceFileId: string;
  readonly status: string;
  readonly runId: string;
  readonly contractVersion: string;
  readonly contractDigest: string;
  /** The contract whose dialect it was read in: usually that one; after a migration maybe an earlier one. */
  readonly dialect: string;
  readonly records: number;
  readonly silver: number;
  readonly quarantined: number;
  readonly condemned: number;
  readonly blank: number;
  readonly footer: number;
  readonly repeats: number;
  readonly forgotten: number;
  /** When it came to Bronze, ISO; if that wasn't kept yet, when it was dealt with. */
  readonly arrivedAt: string;
}

/** Every row of a ledger, in order of time and file: a file that was dealt with twice has two. */
export async function ledgerFiles(
  engine: Engine,
  effects: Effects,
  ledger: LakeTable,
): Promise<LedgerFile[]> {
  const files = await filesOf(ledger);
  if (files.length === 0) return [];
  const paths = await Promise.all(files.map(({ key }) => effects.data.localPath(key)));
  const rows = await engine.rows(
    `SELECT *, strftime(coalesce(arrived_at, min(processed_at) OVER (PARTITION BY source_file)), '%Y-%m-%dT%H:%M:%S.%gZ') AS arrived$,
       coalesce(dialect_digest, contract_digest) AS dialect$, coalesce(footer, 0) AS footers$, coalesce(repeats, 0) AS repeats$, coalesce(forgotten, 0) AS forgotten$
     FROM (SELECT CAST(NULL AS TIMESTAMPTZ) AS arrived_at, CAST(NULL AS VARCHAR) AS dialect_digest, CAST(NULL AS BIGINT) AS footer, CAST(NULL AS BIGINT) AS repeats, CAST(NULL AS BIGINT) AS forgotten WHERE false UNION ALL BY NAME SELECT * FROM ${readParquet(paths)})
     ORDER BY processed_at, run_id, source_file`,
  );
  return rows.map((row) => ({
    key: textOf(row, 'source_file'),
    sourceFileId: textOf(row, 'source_file_id'),
    status: textOf(row, 'status'),
    runId: textOf(row, 'run_id'),
    contractVersion: textOf(row, 'contract_version'),
    contractDigest: textOf(row, 'contract_digest'),
    dialect: textOf(row, 'dialect$'),
    records: integerOf(row, 'records'),
    silver: integerOf(row, 'silver'),
    quarantined: integerOf(row, 'quarantined'),
    condemned: integerOf(row, 'condemned'),
    blank: integerOf(row, 'blank'),
    footer: integerOf(row, 'footers$'),
    repeats: integerOf(row, 'repeats$'),
    forgotten: integerOf(row, 'forgotten$'),
    arrivedAt: textOf(row, 'arrived$'),
  }));
}

/** The last reading of each file. What earlier readings gave is history. */
export function lastReads(files: readonly LedgerFile[]): Set<LedgerFile> {
  const last = new Map<string, LedgerFile>();
  for (const file of files) if (file.status !== 'repeat') last.set(file.sourceFileId, file);
  return new Set(last.values());
}
