import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { runMain } from '../../cli/run-main.ts';
import type { Cell } from './reader.ts';

const Pointer = z.looseObject({
  dataset: z.string(),
  tables: z.record(z.string(), z.looseObject({ metadata_location: z.string() })),
  closings: z
    .array(z.looseObject({ month: z.string(), tag: z.string(), snapshot_id: z.number() }))
    .default([]),
});
const Metadata = z.looseObject({
  location: z.string(),
  'current-snapshot-id': z.number(),
  snapshots: z.array(z.looseObject({ 'snapshot-id': z.number() })),
});

/** A table of the lake, as other engines are told of it. */
export interface EngineTable {
  /** Namespace and name, as in Athena: `ops.source_files_lab_samples` is a ledger. */
  readonly namespace: string;
  readonly name: string;
  readonly dataset: string;
  readonly metadataLocation: string;
  readonly location: string;
  /** Every snapshot that is kept, oldest first. */
  readonly snapshots: readonly number[];
  /** Its closed months, and the tags of the snapshots that have them. */
  readonly closings: readonly {
    readonly month: string;
    readonly tag: string;
    readonly snapshot_id: number;
  }[];
}

/** Columns in order, and rows in any. */
export interface Rows {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** Every table of the lake in `folder`/lake, by its pointers. */
export async function tablesOf(folder: string): Promise<EngineTable[]> {
  const roots = ['silver', 'gold'].map((layer) => path.join(folder, 'lake', layer));
  const found = await Promise.all(
    roots.map(async (root) =>
      (await readdir(root, { recursive: true })).map((file) => path.join(root, file)),
    ),
  );
  const pointers = found.flat().filter((file) => path.basename(file) === '_LATEST.json');
  const tables = await Promise.all(pointers.sort().map(tablesOfPointer));
  return tables.flat();
}

async function tablesOfPointer(file: string): Promise<EngineTable[]> {
  const { dataset, tables, closings } = Pointer.parse(JSON.parse(await readFile(file, 'utf8')));
  const [domain, name] = dataset.split('.');
  // States of projections are nobody's to read.
  const read = Object.entries(tables).filter(([layer]) => layer !== 'projection_state');
  return Promise.all(
    read.map(async ([layer, { metadata_location: metadataLocation }]) => {
      const text = await readFile(new URL(metadataLocation), 'utf8');
      const metadata = Metadata.parse(JSON.parse(text));
      const isLedger = layer === 'source_files';
      return {
        namespace: isLedger ? 'ops' : layer,
        name: `${isLedger ? 'source_files_' : ''}${domain}_${name}`,
        dataset,
        metadataLocation,
        location: metadata.location,
        snapshots: metadata.snapshots.map((one) => one['snapshot-id']),
        closings,
      };
    }),
  );
}

/** What `assay query` reads of all of a table with its SQL. */
export const selectAll = ({ namespace, name, dataset }: EngineTable): string =>
  namespace === 'ops'
    ? `SELECT * FROM ops.source_files WHERE dataset = '${dataset}'`
    : `SELECT * FROM ${namespace}.${name}`;

const Described = z.array(z.looseObject({ column_name: z.string(), column_type: z.string() }));
const Objects = z.array(z.record(z.string(), z.unknown()));

/** What `assay query` answers, perhaps as of a snapshot; its answers are kept in the folder, for the tests to share. */
export async function askAssay(folder: string, sql: string, asOf?: number): Promise<Rows> {
  const kept = path.join(folder, 'expected', createHash('sha256').update(`${asOf} ${sql}`).digest('hex'));
  const before = await readFile(kept, 'utf8').catch(() => undefined);
  if (before !== undefined) return JSON.parse(before) as Rows;
  const when = asOf === undefined ? [] : ['--as-of', String(asOf)];
  const query = async (text: string): Promise<unknown> => {
    const { code, out, err } = await runMain(['query', text, ...when, '--json'], { cwd: folder });
    if (code !== 0) throw new Error(`${text} ${when.join(' ')}: ${out}${err}`);
    return JSON.parse(out);
  };
  const columns = Described.parse(await query(`DESCRIBE ${sql}`));
  const rows = Objects.parse(await query(sql)).map((row) =>
    columns.map((column) => cellOf(row[column.column_name], column.column_type)),
  );
  const answer = { columns: columns.map((column) => column.column_name), rows };
  await mkdir(path.dirname(kept), { recursive: true });
  await writeFile(kept, JSON.stringify(answer));
  return answer;
}

/** A value of `assay query --json` as the engines' readers write it. */
function cellOf(value: unknown, type: string): Cell {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return value.map((one) => cellOf(one, ''));
  if (typeof value === 'object') return Object.values(value).map((one) => cellOf(one, ''));
  if (type === 'DOUBLE' && typeof value === 'number') return value;
  if (type.startsWith('DECIMAL'))
    return String(value)
      .replace(/(\.\d*?)0+$/, '$1')
      .replace(/\.$/, '');
  if (!type.startsWith('TIMESTAMP')) return String(value);
  const [, seconds = '', fraction = ''] = /^(.{19})(?:\.(\d+))?(?:Z|\+00(?::00)?)$/.exec(String(value)) ?? [];
  return `${seconds.replace('T', ' ')}.${fraction.padEnd(6, '0')}`;
}

/** What differs between rows that should be the same, in a few words; nothing where nothing does. */
export function differences(what: string, actual: Rows, expected: Rows): string[] {
  const found: string[] = [];
  if (actual.columns.join() !== expected.columns.join())
    found.push(`${what}: columns ${actual.columns.join()} instead of ${expected.columns.join()}`);
  const some = textsOf(actual, expected.columns);
  const wanted = textsOf(expected, expected.columns);
  const at = wanted.findIndex((row, n) => row !== some[n]);
  if (some.length !== wanted.length || at >= 0)
    found.push(`${what}: ${some.length} rows, not ${wanted.length}; ${differing(some[at], wanted[at])}`);
  return found.map((line) => line.slice(0, 600));
}

/** Rows as text, in an order of their own, with columns in a given one. */
function textsOf({ columns, rows }: Rows, order: readonly string[]): string[] {
  const places = order.map((name) => columns.indexOf(name));
  return rows.map((row) => JSON.stringify(places.map((at) => row[at]))).sort();
}

/** Two texts from where they begin to differ. */
function differing(some = '', wanted = ''): string {
  let from = 0;
  while (from < some.length && some[from] === wanted[from]) from += 1;
  const part = (text: string): string => text.slice(Math.max(0, from - 60), from + 60);
  return `${part(some)} instead of ${part(wanted)}`;
}

/** Keeps the lake as it is now, for `putBack`. */
export const keep = (folder: string): Promise<void> =>
  cp(path.join(folder, 'lake'), path.join(folder, 'lake-kept'), {
    recursive: true,
    preserveTimestamps: true,
  });

/** Undoes whatever an engine wrote into the lake. */
export async function putBack(folder: string): Promise<void> {
  await rm(path.join(folder, 'lake'), { recursive: true, force: true });
  await cp(path.join(folder, 'lake-kept'), path.join(folder, 'lake'), {
    recursive: true,
    preserveTimestamps: true,
  });
}
