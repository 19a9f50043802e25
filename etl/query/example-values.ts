import type { Contract } from '../contract/contract.ts';
import { openColumns } from '../contract/open-columns.ts';
import { type Engine, readParquet, textOf } from '../engine/engine.ts';
import { identifier, literal } from '../engine/sql.ts';
import { withScratchEngine } from '../engine/with-scratch-engine.ts';
import type { Effects } from '../ports.ts';
import { filesOf, openTable } from '../table/lake-table.ts';
import type { Pointer } from '../table/pointer.ts';
import type { DataFile } from '../table/schema.ts';

/** Values of a column that are shown. */
const VALUES = 3;
/** Rows in which they are looked for. */
const ROWS = 2000;
/** Larger files are not chosen where there are others. */
const USUAL_BYTES = 8 * 1024 * 1024;
/** No larger file is read, or on a platform fetched, for examples. */
const LARGEST_BYTES = 64 * 1024 * 1024;

/**
 * For each public and internal column of a dataset or Gold table, up to three of its most frequent values in a part of one of its
 * files, as text. Columns without a value are left out, and personal and confidential ones are never read.
 */
export async function exampleValues(
  effects: Effects,
  contract: Contract,
  pointer: Pointer,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const state = pointer.tables[contract.layer];
  const files = state === undefined ? [] : await filesOf(await openTable(effects.objects, state));
  const file = handy(files);
  if (file === undefined || file.sizeBytes > LARGEST_BYTES) return new Map();
  const path = await effects.data.localPath(file.key);
  try {
    return await withScratchEngine(effects, 'examples', (engine) =>
      examplesIn(engine, path, openColumns(contract)),
    );
  } finally {
    await effects.data.releasePath?.(path);
  }
}

/** The most frequent values of those columns that a Parquet file has. */
async function examplesIn(
  engine: Engine,
  path: string,
  wanted: ReadonlySet<string>,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const there = await engine.rows(`SELECT name FROM parquet_schema(${literal(path)})`);
  const columns = there.map((row) => textOf(row, 'name')).filter((name) => wanted.has(name));
  if (columns.length === 0) return new Map();
  const tops = columns.map(
    (name, n) => `approx_top_k(CAST(${identifier(name)} AS VARCHAR), ${VALUES}) AS c${n}`,
  );
  const rows = `SELECT ${columns.map(identifier).join(', ')} FROM ${readParquet([path])} LIMIT ${ROWS}`;
  const [found = {}] = await engine.rows(`SELECT ${tops.join(', ')} FROM (${rows})`);
  return new Map(columns.flatMap((name, n) => valuesOf(name, found[`c${n}`])));
}

function valuesOf(name: string, values: unknown): [string, string[]][] {
  const texts = Array.isArray(values) ? values.filter((value) => value !== null).map(String) : [];
  return texts.length === 0 ? [] : [[name, texts]];
}

/** The largest file that is read in no time, as it has most to choose from; else the smallest. */
function handy(files: readonly DataFile[]): DataFile | undefined {
  const bySize = [...files].sort((a, b) => a.sizeBytes - b.sizeBytes);
  return bySize.findLast(({ sizeBytes }) => sizeBytes <= USUAL_BYTES) ?? bySize[0];
}
