import path from 'node:path';
import { z } from 'zod';
import { freePort } from '../../aws/support/processes.ts';
import { type Server, startServer } from './server.ts';
import type { Tools } from './tools.ts';

/** Iceberg's own REST catalog, kept in a SQLite file. */
export interface RestCatalog extends Server {
  readonly url: string;
}

/** Starts it with what it keeps in `folder`. */
export async function startRestCatalog(tools: Tools, folder: string): Promise<RestCatalog> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const server = await startServer({
    command: tools.sparkJava,
    args: ['-Xmx384m', '-XX:+UseSerialGC', '-jar', tools.restCatalog],
    cwd: folder,
    env: {
      CATALOG_CATALOG__IMPL: 'org.apache.iceberg.jdbc.JdbcCatalog',
      CATALOG_URI: `jdbc:sqlite:${path.join(folder, 'catalog.db')}`,
      CATALOG_WAREHOUSE: `file://${path.join(folder, 'warehouse')}`,
      CATALOG_REST_PORT: String(port),
    },
    logFile: path.join(folder, 'rest-catalog.log'),
    isUp: async () => (await fetch(`${url}/v1/config`)).ok,
  });
  return { url, ...server };
}

const Registered = z.looseObject({ 'metadata-location': z.string() });

/** Makes a table known to a REST catalog by its metadata file, in a namespace that is made where it is missing. */
export async function register(
  url: string,
  {
    namespace,
    name,
    metadataLocation,
  }: { readonly namespace: string; readonly name: string; readonly metadataLocation: string },
): Promise<void> {
  await post(`${url}/v1/namespaces`, { namespace: [namespace], properties: {} }, [200, 409]);
  const table = { name, 'metadata-location': metadataLocation };
  Registered.parse(await post(`${url}/v1/namespaces/${namespace}/register`, table, [200]));
}

async function post(url: string, body: object, expected: readonly number[]): Promise<unknown> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (!expected.includes(answer.status)) throw new Error(`${url} answered ${answer.status}: ${text}`);
  return JSON.parse(text);
}
