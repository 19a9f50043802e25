import { usageError } from './usage-error.ts';

/** `3351973625461540` → that id; throws ConfigError `USAGE` on anything else. */
export function snapshotId(text: string): number {
  const id = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(id) && id > 0) return id;
  throw usageError(
    `'${text}' is no snapshot id: 'assay snapshots DATASET' lists them, e.g. 3351973625461540.`,
  );
}
