import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { whole } from '../scale/section.ts';

/** What lies in a lake, of one kind. */
export interface Objects {
  readonly kind: string;
  readonly count: number;
  readonly bytes: number;
  readonly largestBytes: number;
}

/** Kinds by what their keys look like; the first that fits. */
const KINDS: readonly (readonly [string, RegExp])[] = [
  ['source files', /^bronze\//],
  ["run's documents: plan, parts, lists", /^ops\/staging\/.*(plan|chunks|surveys|spans)\.json$/],
  ["run's documents: results of chunks", /^ops\/staging\/.*chunk-[^/]*\.json$/],
  ["run's documents: what is committed", /^ops\/staging\/.*commit[^/]*\.json$/],
  ["run's Parquet: rejects, keys, suspects", /^ops\/staging\/.*\.parquet$/],
  ["run's documents: others", /^ops\/staging\//],
  ['seals', /_SUCCESS$/],
  ['manifests and their lists', /metadata\/.*\.avro$/],
  ['table metadata', /metadata\/.*\.json$/],
  ['Silver', /^silver\/.*\.parquet$/],
  ['Gold', /^gold\/.*\.parquet$/],
  ['quarantine, condemned and ledger', /\.parquet$/],
  ['everything else', /./],
];

/** The objects of a lake by kind, in that order; kinds of which there are none are left out. */
export function objectsOf(root: string): Objects[] {
  const found = new Map<string, Objects>();
  const files = readdirSync(root, { withFileTypes: true, recursive: true }).filter((one) => one.isFile());
  for (const entry of files) {
    const file = path.join(entry.parentPath, entry.name);
    const key = path.relative(root, file);
    // Files that begin with a dot are the embedded stores' own.
    if (key.split('/').some((name) => name.startsWith('.'))) continue;
    const kind = KINDS.find(([, looks]) => looks.test(key))?.[0] ?? '';
    const { size } = statSync(file);
    const before = found.get(kind);
    found.set(kind, {
      kind,
      count: 1 + (before?.count ?? 0),
      bytes: size + (before?.bytes ?? 0),
      largestBytes: Math.max(size, before?.largestBytes ?? 0),
    });
  }
  return KINDS.flatMap(([kind]) => found.get(kind) ?? []);
}

/** As a line of a table: kind, count, kilobytes in all and of the largest. */
export const objectsLine = ({ kind, count, bytes, largestBytes }: Objects): string[] => [
  kind,
  whole(count),
  whole(bytes / 1000),
  whole(largestBytes / 1000),
];
