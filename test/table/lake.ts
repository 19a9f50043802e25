import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { copiedFile, readCopyStats } from '../../etl/table/copy-stats.ts';
import { copyOptions } from '../../etl/table/field-ids.ts';
import type { StagedObject } from '../../etl/table/manifest.ts';
import type { TableReader } from '../../etl/table/manifest-reader.ts';
import type { TableMetadata } from '../../etl/table/metadata.ts';
import type { DataFile } from '../../etl/table/schema.ts';

/** A lake in a temporary folder, served over HTTP because icebird 0.3.1 reads nothing but URLs. */
export interface Lake extends TableReader {
  readonly directory: string;
  readonly uriOf: (key: string) => string;
  readonly put: (objects: readonly StagedObject[]) => Promise<void>;
  /** Rows of a query as getRowObjectsJson() gives them. */
  readonly rows: (sql: string) => Promise<Record<string, unknown>[]>;
  /** Writes a query's rows as Parquet files of a table below a key. */
  readonly copy: (select: string, options: CopyRequest) => Promise<DataFile[]>;
  readonly close: () => Promise<void>;
}

interface CopyRequest {
  readonly metadata: TableMetadata;
  readonly root: string;
  /** The query has columns `year` and `month` to make folders of. */
  readonly byMonth?: boolean;
}

export async function openLake(): Promise<Lake> {
  const directory = await mkdtemp(join(tmpdir(), 'assay-table-'));
  const server = serve(directory);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
  const connection = await instance.connect();

  const rows = async (sql: string): Promise<Record<string, unknown>[]> =>
    (await connection.runAndReadAll(sql)).getRowObjectsJson();

  return {
    directory,
    uriOf: (key) => origin + key,
    keyOf: (uri) => uri.slice(origin.length),
    read: (key) => readFile(join(directory, key)),
    rows,
    put: async (objects) => {
      for (const { key, body } of objects) {
        await mkdir(dirname(join(directory, key)), { recursive: true });
        await writeFile(join(directory, key), body);
      }
    },
    copy: async (select, { metadata, root, byMonth }) => {
      const path = join(directory, root);
      await mkdir(byMonth ? path : dirname(path), { recursive: true });
      const options = `FORMAT parquet, COMPRESSION zstd, RETURN_STATS, ${copyOptions(metadata)}`;
      const partition = byMonth ? ', PARTITION_BY (_month), OVERWRITE_OR_IGNORE' : '';
      const stats = await rows(`COPY (${select}) TO '${path}' (${options}${partition})`);
      return stats.map((row) => {
        const { path: written, month } = copiedFile(row);
        return readCopyStats(row, { metadata, key: written.slice(directory.length + 1), month });
      });
    },
    close: async () => {
      connection.closeSync();
      instance.closeSync();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function serve(directory: string) {
  return createServer(async (request, response) => {
    try {
      const body = await readFile(join(directory, decodeURIComponent(request.url ?? '')));
      const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
      const part = range
        ? body.subarray(Number(range[1]), range[2] ? Number(range[2]) + 1 : undefined)
        : body;
      response.writeHead(range ? 206 : 200, { 'content-length': part.length }).end(part);
    } catch {
      response.writeHead(404).end();
    }
  });
}
