import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { asyncBufferFromFile, type FileMetaData, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { avroMetadata, avroRead } from 'icebird';

/** A live data file with the bounds that its manifest gives, by field id. */
export interface OutsideFile {
  readonly path: string;
  readonly lower: ReadonlyMap<number, Uint8Array>;
  readonly upper: ReadonlyMap<number, Uint8Array>;
}

/** A table of an embedded lake as icebird and hyparquet find it, from its pointer on: nothing reads it by our code. */
export interface OutsideTable {
  /** Name of the metadata file. */
  readonly metadataName: string;
  /** What the table says that it is. */
  readonly comment: string | undefined;
  /** What it says of its columns, by name; undefined where it says nothing. */
  readonly docs: ReadonlyMap<string, string | undefined>;
  /** Columns of the current schema, with their field ids. */
  readonly ids: ReadonlyMap<string, number>;
  readonly files: readonly OutsideFile[];
}

interface Bound {
  readonly key: number;
  readonly value: Uint8Array;
}
interface Entry {
  readonly status: number;
  readonly data_file: {
    readonly file_path: string;
    readonly lower_bounds: readonly Bound[];
    readonly upper_bounds: readonly Bound[];
  };
}
interface Field {
  readonly name: string;
  readonly id: number;
  readonly doc?: string;
}

/** Opens a table, e.g. `ops/source_files/shop/sales` under the pointer `silver/shop/sales/_LATEST.json`; the lake may have been moved. */
export async function openOutside(lake: string, pointer: string, table: string): Promise<OutsideTable> {
  const { tables } = JSON.parse(await readFile(path.join(lake, pointer), 'utf8'));
  const layer =
    table
      .replace(/generation=\d+\//, '')
      .split('/')
      .at(-3) ?? '';
  const metadataFile = path.join(lake, tables[layer].metadata_key);
  const metadata = JSON.parse(await readFile(metadataFile, 'utf8'));
  const fileOf = (uri: string): string => path.join(lake, table, uri.slice(metadata.location.length));
  const byId = (idName: string, list: string, id: number) =>
    metadata[list].find((one: Record<string, number>) => one[idName] === id);
  const snapshot = byId('snapshot-id', 'snapshots', metadata['current-snapshot-id']);
  const entries: Entry[] = [];
  for (const manifest of await avroOf(fileOf(snapshot['manifest-list'])))
    entries.push(...((await avroOf(fileOf(String(manifest.manifest_path)))) as unknown as Entry[]));
  const fields: Field[] = byId('schema-id', 'schemas', metadata['current-schema-id']).fields;
  return {
    metadataName: path.basename(metadataFile),
    comment: metadata.properties.comment,
    docs: new Map(fields.map(({ name, doc }) => [name, doc])),
    ids: new Map(fields.map(({ name, id }) => [name, id])),
    files: entries
      .filter(({ status }) => status !== 2)
      .map(({ data_file: file }) => ({
        path: fileOf(file.file_path),
        lower: boundsOf(file.lower_bounds),
        upper: boundsOf(file.upper_bounds),
      })),
  };
}

const boundsOf = (bounds: readonly Bound[]) => new Map(bounds.map(({ key, value }) => [key, value]));

/** The records of an Avro file, such as a manifest. */
export async function avroOf(file: string): Promise<Record<string, unknown>[]> {
  const { buffer, byteOffset, byteLength } = await readFile(file);
  const reader = { view: new DataView(buffer, byteOffset, byteLength), offset: 0 };
  return avroRead({ reader, ...(await avroMetadata(reader)) });
}

/** A Parquet file's footer. */
export async function footerOf(file: string): Promise<FileMetaData> {
  return parquetMetadataAsync(await asyncBufferFromFile(file));
}

/** Every encoding that Parquet files have pages in. */
export async function encodingsOf(files: Iterable<string>): Promise<string[]> {
  const encodings = new Set<string>();
  for (const file of files)
    for (const { columns } of (await footerOf(file)).row_groups)
      for (const { meta_data } of columns)
        for (const encoding of meta_data?.encodings ?? []) encodings.add(encoding);
  return [...encodings].sort();
}

/** The rows of a table, each as JSON with the columns that it has, NULLs left out, in an order of their own. */
export async function rowsOutside({ files }: OutsideTable): Promise<string[]> {
  const rows: string[] = [];
  for (const { path: file } of files) {
    const found = await parquetReadObjects({ file: await asyncBufferFromFile(file), compressors });
    rows.push(...found.map(rowText));
  }
  return rows.sort();
}

function rowText(row: Record<string, unknown>): string {
  const known = Object.entries(row).filter(([, value]) => value != null);
  return JSON.stringify(Object.fromEntries(known.sort()), (_, value) =>
    typeof value === 'bigint' ? String(value) : value,
  );
}
