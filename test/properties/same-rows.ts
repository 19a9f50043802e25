import type { Row } from '../stages/read-rows.ts';

const OF_THE_RUN = ['run_id', 'ingestion_timestamp', 'silver_snapshot_id', 'attempt_count'];

/** The rows as sorted lines, without what says in which run they came. */
export function withoutRun(rows: readonly Row[]): string[] {
  return rows.map(describeRow).sort();
}

function describeRow(row: Row): string {
  const kept = Object.entries(row).filter(([name]) => !OF_THE_RUN.includes(name));
  return kept.map(([name, value]) => `${name}=${describeValue(value)}`).join(' | ');
}

function describeValue(value: unknown): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : String(value);
}
