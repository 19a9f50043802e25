import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where `npm run build:native` leaves the native part. DuckDB takes the name of what to call from the file's. */
export const NATIVE_PART = fileURLToPath(
  new URL('../../native/build/assay_hash.duckdb_extension', import.meta.url),
);

/** The native part's file, where there is one: what `setting` names, unless that is `off`, or what was built. */
export function findNativePart(setting: string | undefined): string | undefined {
  if (setting === 'off') return undefined;
  const file = setting === undefined || setting === '' ? NATIVE_PART : path.resolve(setting);
  return existsSync(file) ? file : undefined;
}
