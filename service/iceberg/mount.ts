import type { Hono } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { ConfigError } from '../../etl/errors.ts';
import type { Ctx, Env } from '../http/env.ts';
import { etagOf, namesTag } from '../http/etag.ts';
import { permit } from '../identity/permit.ts';
import { readerOf } from '../identity/reader.ts';
import { noteProductRead } from '../products/note-product-read.ts';
import type { Service } from '../service.ts';
import { type IcebergCatalog, icebergCatalog } from './catalog.ts';

/** Where the catalog is: what follows is Iceberg's REST protocol, its reading half (rest-catalog-open-api.yaml of Apache Iceberg). */
export const ICEBERG = '/iceberg';

const NAMESPACE = `${ICEBERG}/v1/namespaces/:namespace`;
const TABLE = `${NAMESPACE}/tables/:table`;

/** What the catalog says that it can: engines ask for nothing else. */
const ENDPOINTS = [
  'GET /v1/{prefix}/namespaces',
  'GET /v1/{prefix}/namespaces/{namespace}',
  'HEAD /v1/{prefix}/namespaces/{namespace}',
  'GET /v1/{prefix}/namespaces/{namespace}/tables',
  'GET /v1/{prefix}/namespaces/{namespace}/tables/{table}',
  'HEAD /v1/{prefix}/namespaces/{namespace}/tables/{table}',
];

/** Adds the catalog: other engines find the lake's tables by one address, those that their asker may read. */
export function mountIceberg(app: Hono<Env>, service: Service): void {
  const catalogOf = (c: Ctx): IcebergCatalog =>
    icebergCatalog(service.lake.effects, readerOf(permit(c, 'gold.read', service)));
  app.get(`${ICEBERG}/v1/config`, (c) => {
    permit(c, 'gold.read', service);
    return c.json({ defaults: {}, overrides: {}, endpoints: ENDPOINTS });
  });
  app.get(`${ICEBERG}/v1/namespaces`, (c) => {
    const catalog = catalogOf(c);
    const parent = c.req.query('parent');
    if (parent !== undefined && parent !== '') requireNamespace(catalog, parent);
    const found = parent === undefined || parent === '' ? catalog.namespaces() : [];
    return c.json({ namespaces: found.map((name) => [name]) });
  });
  app.get(NAMESPACE, (c) => {
    const namespace = requireNamespace(catalogOf(c), c.req.param('namespace'));
    return c.json({ namespace: [namespace], properties: {} });
  });
  app.get(`${NAMESPACE}/tables`, async (c) => {
    const catalog = catalogOf(c);
    const namespace = requireNamespace(catalog, c.req.param('namespace'));
    const names = (await catalog.tables(namespace)) ?? [];
    return c.json({ identifiers: names.map((name) => ({ namespace: [namespace], name })) });
  });
  app.get(TABLE, async (c) => {
    const answer = await loadTable(c, catalogOf(c));
    const identity = permit(c, 'gold.read', service);
    const sql = `${c.req.param('namespace')}.${c.req.param('table')}`;
    if (answer.status === 200 && c.req.method === 'GET')
      await noteProductRead(service, { identity, way: 'iceberg' }, { sql });
    return answer;
  });
  app.all(`${ICEBERG}/*`, (c) => {
    permit(c, 'gold.read', service);
    if (c.req.method === 'GET' || c.req.method === 'HEAD')
      throw new ConfigError('NO_PAGE', `The catalog has nothing at ${c.req.path}.`);
    throw new ConfigError('READ_ONLY', 'The catalog is for reading: tables are written by runs alone.');
  });
}

async function loadTable(c: Ctx, catalog: IcebergCatalog): Promise<Response> {
  const namespace = requireNamespace(catalog, c.req.param('namespace') ?? '');
  const name = c.req.param('table') ?? '';
  const table = await catalog.load(namespace, name);
  if (table === undefined)
    throw new ConfigError(
      'NO_ICEBERG_TABLE',
      `There is no table ${namespace}.${name}, or nothing of it was published yet.`,
    );
  const etag = etagOf(table.metadataLocation);
  c.header('ETag', etag);
  const known = c.req.header('if-none-match');
  if (known !== undefined && namesTag(known, etag)) return c.body(null, 304);
  // As it stands in the file: JavaScript would round long numbers.
  const text = `{"metadata-location":${JSON.stringify(table.metadataLocation)},"metadata":${table.metadata},"config":{}}`;
  return c.body(text, 200, { 'Content-Type': 'application/json' });
}

/** Throws ConfigError `NO_NAMESPACE` where there is none. */
function requireNamespace(catalog: IcebergCatalog, name: string): string {
  if (catalog.namespaces().includes(name)) return name;
  throw new ConfigError(
    'NO_NAMESPACE',
    `There is no namespace '${name}'; there are ${catalog.namespaces().join(', ')}.`,
  );
}

/** The names by which Iceberg's clients know errors. */
const TYPES: Readonly<Record<string, string>> = {
  NO_NAMESPACE: 'NoSuchNamespaceException',
  NO_ICEBERG_TABLE: 'NoSuchTableException',
  NOT_SIGNED_IN: 'NotAuthorizedException',
  NOT_PERMITTED: 'ForbiddenException',
  READ_ONLY: 'ForbiddenException',
};

/** An error as Iceberg's clients read it. */
export function icebergError(
  c: Ctx,
  { code, detail, status }: { readonly code: string; readonly detail: string; readonly status: number },
): Response {
  const type = TYPES[code] ?? (status >= 500 ? 'ServiceFailureException' : 'BadRequestException');
  return c.json({ error: { message: detail, type, code: status } }, status as ContentfulStatusCode);
}
