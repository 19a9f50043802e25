import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  buildClientSchema,
  getIntrospectionQuery,
  type IntrospectionQuery,
  printSchema,
  validateSchema,
} from 'graphql';
import { serverAudits } from 'graphql-http';
import { GraphQLClient } from 'graphql-request';
import { openLake } from '../../adapters/local/lake.ts';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { openAsking } from '../../service/graphql/asking.ts';
import { sightOf } from '../../service/graphql/sight.ts';
import type { Role } from '../../service/identity/permissions.ts';
import { readerOf } from '../../service/identity/reader.ts';
import { runMain } from '../cli/run-main.ts';
import { openShop, type Shop } from '../cli/shop.ts';
import { type AskedService, HOST, openService } from './open-service.ts';

const SALES = `sale_id,customer,amount,sold_on
1,Cem,9007199254740993.25,2024-01-02
2,Dot,2.20,2024-02-03
3,"Eve, of ""A""",5.00,2024-02-04
4,,7.15,2024-02-29
`;

let shop: Shop;
let service: AskedService;
const opened: AskedService[] = [];
const serviceOf = async (role: Role): Promise<AskedService> => {
  const one = await openService(shop.cwd, { roles: [role] });
  opened.push(one);
  return one;
};
beforeAll(async () => {
  shop = await openShop();
  await shop.write('sales.csv', SALES);
  expect((await runMain(['ingest', 'sales.csv', '--dataset', 'shop.sales'], shop)).code).toBe(0);
  await runMain(['run'], shop);
  service = await serviceOf('admin');
});
afterAll(async () => {
  for (const one of opened) await one.close();
  await shop.dispose();
});

/** A client that was written by others. */
function clientOf(of: AskedService = service): GraphQLClient {
  const fetch = ((url: string, init?: RequestInit) =>
    of.ask(new URL(url).pathname, init)) as typeof globalThis.fetch;
  return new GraphQLClient(`http://${HOST}/graphql`, { fetch });
}
// biome-ignore lint/suspicious/noExplicitAny: answers are looked at as they come
type Json = Readonly<Record<string, any>>;
const ask = (query: string, variables: object = {}, of?: AskedService): Promise<Json> =>
  clientOf(of).request<Json>(query, variables);

interface Failed {
  readonly errors: readonly { readonly message: string; readonly extensions: { readonly code: string } }[];
}
/** The errors of a request that is refused. */
async function refused(query: string, variables: object = {}, of = service): Promise<Failed['errors']> {
  const answer = await of.post('/graphql', { query, variables });
  return ((await answer.json()) as Failed).errors;
}

const PAGE = `query ($after: String) {
  shop__sales(first: 3, after: $after) {
    snapshotId
    nodes { sale_id customer amount sold_on ingestion_timestamp }
    pageInfo { hasNextPage endCursor }
  }
}`;

describe('rows', () => {
  test('are those of assay query, page by page, each value exact', async () => {
    const rows: Json[] = [];
    let after: string | null = null;
    for (let isDone = false; !isDone; ) {
      const { shop__sales: page }: Json = await ask(PAGE, { after });
      rows.push(...page.nodes);
      [after, isDone] = [page.pageInfo.endCursor, !page.pageInfo.hasNextPage];
    }
    const sql = `SELECT sale_id, customer, CAST(amount AS VARCHAR) AS amount, sold_on,
      strftime(ingestion_timestamp, '%Y-%m-%dT%H:%M:%SZ') AS moment FROM silver.shop_sales ORDER BY sale_id`;
    const { out } = await runMain(['query', sql, '--format', 'json'], shop);
    const known = JSON.parse(out) as Json[];
    const seconds = (text: string): string => text.replace(/\.\d+Z$/, 'Z');
    expect(rows.map(({ ingestion_timestamp: at, ...row }) => ({ ...row, moment: seconds(at) }))).toEqual(
      known,
    );
    expect(rows.map(({ amount }) => amount)).toEqual(['9007199254740993.25', '2.20', '5.00', '7.15']);
  });

  test('are filtered, ordered and of the moment that is asked for', async () => {
    const query = `query ($where: shop__sales_Filter) {
      shop__sales(where: $where, orderBy: [{column: amount, direction: DESC}]) { nodes { sale_id } }
    }`;
    const idsOf = async (where: object): Promise<string[]> =>
      (await ask(query, { where })).shop__sales.nodes.map((row: Json) => row.sale_id);
    expect(await idsOf({})).toEqual(['1', '4', '3', '2']);
    expect(await idsOf({ amount: { gt: '2.2', lte: '9007199254740993.24' } })).toEqual(['4', '3']);
    expect(await idsOf({ customer: { contains: '"A"' } })).toEqual(['3']);
    expect(await idsOf({ customer: { isNull: true } })).toEqual(['4']);
    expect(await idsOf({ sold_on: { gte: '2024-02-04' }, sale_id: { in: ['2', '3'] } })).toEqual(['3']);
    expect(await idsOf({ customer: { eq: "x' OR '1'='1" } })).toEqual([]);
    const { shop__sales: now } = await ask('{ shop__sales(first: 1) { snapshotId } }');
    const then = `{ shop__sales(asOf: {snapshot: ${now.snapshotId}}) { nodes { sale_id } } }`;
    expect((await ask(then)).shop__sales.nodes).toHaveLength(4);
    const [error] = await refused('{ shop__sales(asOf: {time: "2001-01-01"}) { nodes { sale_id } } }');
    expect(error?.extensions.code).toBe('NO_SNAPSHOT');
  });

  test('of Gold lead to the rows that they were made from, and those to their lines', async () => {
    const { shop__monthly_sales: page } = await ask(`{
      shop__monthly_sales(where: {as_of_month: {eq: "2024-02-01"}}) {
        nodes { sales amount lines { shop__sales { nodes { amount source { file record line text } } } } }
      }
    }`);
    const [row] = page.nodes;
    expect(row).toMatchObject({ sales: expect.anything(), amount: '14.35' });
    const lines = SALES.split('\n');
    expect(row.lines.shop__sales.nodes).toEqual(
      [2, 3, 4].map((n) => ({
        amount: ['2.20', '5.00', '7.15'][n - 2],
        source: {
          file: expect.stringMatching(/^bronze\/shop\/sales\/.*sales\.csv$/),
          record: String(n),
          line: n + 1,
          text: lines[n],
        },
      })),
    );
  });

  test('come with what there is beside them', async () => {
    const { datasets, runs, closings } = await ask(`{
      datasets { dataset field table columns { name field classification } }
      runs(first: 1) { nodes { dataset status silver records } endCursor }
      closings(report: "monthly_sales") { month }
    }`);
    expect(datasets.map((one: Json) => [one.dataset, one.field, one.table])).toEqual([
      ['shop.monthly_sales', 'shop__monthly_sales', 'gold.shop_monthly_sales'],
      ['shop.sales', 'shop__sales', 'silver.shop_sales'],
    ]);
    expect(runs.nodes).toEqual([{ dataset: 'shop.sales', status: 'promoted', silver: '4', records: '4' }]);
    expect(closings).toEqual([]);
  });
});

const schemaOf = async (of: AskedService): Promise<ReturnType<typeof buildClientSchema>> =>
  buildClientSchema(
    (await ask(getIntrospectionQuery({ inputValueDeprecation: true }), {}, of)) as IntrospectionQuery,
  );

describe('the schema', () => {
  test('is one that a client builds from its introspection, with the words of the contracts', async () => {
    const schema = await schemaOf(service);
    expect(validateSchema(schema)).toEqual([]);
    const text = printSchema(schema);
    expect(text).toContain('silver.shop_sales, of shop. Sales of a small shop.');
    for (const line of ['sale_id: String!', 'customer: String\n', 'amount: Decimal!', 'sold_on: Date!'])
      expect(text).toContain(line);
  });

  test('has nothing that the role may not see', async () => {
    const viewer = await serviceOf('viewer');
    const schema = await schemaOf(viewer);
    expect(Object.keys(schema.getQueryType()?.getFields() ?? {})).toEqual([
      'datasets',
      'shop__monthly_sales',
    ]);
    expect(printSchema(schema)).not.toMatch(/shop__sales|SourceLine|Closing/);
    const [error] = await refused('{ shop__sales { nodes { sale_id } } }', {}, viewer);
    expect(error?.message).toMatch(/Cannot query field "shop__sales"/);
    const [unknown] = (await refused('{ __type(name: "shop__sales") { name } }', {}, viewer)) ?? [];
    expect(unknown).toBeUndefined();
  });

  test('masks values that the role may not see, and no filter, order or line of a file tells them', async () => {
    const analyst = await serviceOf('analyst');
    const { shop__sales: page } = await ask(
      '{ shop__sales { nodes { customer source { line } } } }',
      {},
      analyst,
    );
    expect(page.nodes.map((row: Json) => row.customer)).toEqual(['•••', '•••', '•••', null]);
    expect(page.nodes[0].source.line).toBe(2);
    for (const query of [
      '{ shop__sales(where: {customer: {eq: "Cem"}}) { nodes { sale_id } } }',
      '{ shop__sales(orderBy: [{column: customer}]) { nodes { sale_id } } }',
      '{ shop__sales { nodes { source { text } } } }',
    ]) {
      const [error] = await refused(query, {}, analyst);
      expect([query, error?.extensions.code]).toEqual([query, 'GRAPHQL']);
    }
  });
});

const nested = (times: number): string => `${'{ a '.repeat(times)}${'}'.repeat(times)}`;
const many = (times: number, one: (n: number) => string): string =>
  Array.from({ length: times }, (_, n) => one(n)).join(' ');
const introspection =
  '__schema { types { name fields { name type { name fields { name type { name fields { name type { name fields { name } } } } } } } } }';

/** What others try: graphql-cop, the OWASP cheat sheet, and papers on the cost of queries. */
const HOSTILE: readonly (readonly [string, string, string])[] = [
  ['deep', `query ${nested(60)}`, 'TOO_COMPLEX'],
  ['too deep to parse', `query ${nested(20_000)}`, 'TOO_COMPLEX'],
  ['lists in lists', `{ shop__sales(first: ${'['.repeat(20_000)}) { nodes { sale_id } } }`, 'TOO_COMPLEX'],
  ['an open string', '{ a(b: "', 'GRAPHQL_SYNTAX'],
  ['101 aliases of a field', `{ ${many(101, (n) => `a${n}: __typename`)} }`, 'TOO_COMPLEX'],
  ['10,000 aliases', `{ ${many(10_000, (n) => `a${n}: __typename`)} }`, 'TOO_COMPLEX'],
  ['500 times the same field', `{ ${many(500, () => '__typename')} }`, 'TOO_COMPLEX'],
  [
    'aliases of pages',
    `{ ${many(60, (n) => `a${n}: shop__sales(first: 1000) { nodes { sale_id } }`)} }`,
    'TOO_COMPLEX',
  ],
  ['a page of every row', '{ shop__sales(first: 1000000) { nodes { sale_id } } }', 'REQUEST'],
  ['a page of no row', '{ shop__sales(first: 0) { nodes { sale_id } } }', 'REQUEST'],
  [
    'pages in pages',
    '{ shop__monthly_sales(first: 1000) { nodes { lines { shop__sales(first: 1000) { nodes { amount } } } } } }',
    'TOO_COMPLEX',
  ],
  ['circular fragments', '{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }', 'GRAPHQL'],
  ['a fragment in itself', '{ datasets { ...A } } fragment A on Dataset { dataset ...A }', 'GRAPHQL'],
  [
    'fragments of fragments',
    `{ ...F0 } ${many(30, (n) => `fragment F${n} on Query { ...F${n + 1} ...F${n + 1} }`)} fragment F30 on Query { __typename }`,
    'TOO_COMPLEX',
  ],
  [
    'a fragment that nobody uses, full of one field',
    `{ __typename } fragment A on Query { ${many(1500, () => '__typename')} }`,
    'TOO_COMPLEX',
  ],
  ['directives over directives', `{ __typename ${many(200, () => '@aa')} }`, 'GRAPHQL'],
  ['circular introspection', `{ ${introspection} }`, 'GRAPHQL'],
  [
    'introspections by alias',
    `{ ${many(40, (n) => `a${n}: __schema { types { ${many(30, (m) => `b${m}: name`)} } }`)} }`,
    'TOO_COMPLEX',
  ],
  ['a huge integer', `{ shop__sales(first: 1${'0'.repeat(30)}) { nodes { sale_id } } }`, 'GRAPHQL'],
  [
    'a huge value',
    `{ shop__sales(where: {amount: {eq: "${'9'.repeat(500)}"}}) { nodes { sale_id } } }`,
    'GRAPHQL',
  ],
  ['a mutation', 'mutation { __typename }', 'GRAPHQL'],
  ['a subscription', 'subscription { __typename }', 'GRAPHQL'],
  ['no query', '', 'GRAPHQL_SYNTAX'],
  ['SQL for a cursor', `{ shop__sales(after: "' OR 1=1 --") { nodes { sale_id } } }`, 'CURSOR'],
  [
    'NUL in a filter',
    '{ shop__sales(where: {sale_id: {eq: "a\\u0000b"}}) { nodes { sale_id } } }',
    'REQUEST',
  ],
  ['a bell in an argument', '{ runs(status: "a\\u0007b") { nodes { runId } } }', 'REQUEST'],
  [
    'an enum of another table',
    '{ shop__sales(orderBy: [{column: rowid}]) { nodes { sale_id } } }',
    'GRAPHQL',
  ],
];

describe('what is made to harm', () => {
  test.each(HOSTILE)('%s is refused with a code, and no stack', async (_, query, code) => {
    const answer = await service.post('/graphql', { query });
    const text = await answer.text();
    const { errors } = JSON.parse(text) as Failed;
    expect(errors[0]?.extensions.code).toBe(code);
    expect(errors.length).toBeLessThanOrEqual(10);
    expect(text).not.toMatch(/node_modules|\.ts:\d|stack/);
  });

  test('a control character in a variable is refused, however deep', async () => {
    const query = 'query ($w: ShopSalesFilter) { shop__sales(where: $w) { nodes { sale_id } } }';
    const errors = await refused(query, { w: { sale_id: { in: ['a', 'b\u0000'] } } });
    expect([errors[0]?.extensions.code, errors[0]?.message]).toEqual([
      'REQUEST',
      expect.stringContaining('variables.w.sale_id.in.1'),
    ]);
  });

  test('a stopped request reads no more of a source file', async () => {
    const { effects } = await openLake(path.join(shop.cwd, 'lake'), {
      contractsDir: path.join(shop.cwd, 'contracts'),
      sqlDir: path.join(shop.cwd, 'sql/gold'),
    });
    const [file] = await effects.objects.list('bronze/');
    const loaded = await loadContracts(effects.contracts);
    const identity = { name: 'ann', roles: ['admin'] as const };
    const asking = openAsking({
      effects,
      loaded,
      sight: sightOf(identity, readerOf(identity)),
      onRead: () => undefined,
    });
    const read = async (): Promise<number> => {
      let bytes = 0;
      for await (const piece of asking.effects.data.stream(file?.key ?? '')) bytes += piece.length;
      return bytes;
    };
    expect(await read()).toBe(SALES.length);
    asking.stop();
    await expect(read()).rejects.toMatchObject({ code: 'QUERY_STOPPED' });
    await asking.close();
  });

  test('a variable that says how many rows counts as it is', async () => {
    const query = `query ($n: Int) { ${many(20, (n) => `a${n}: shop__sales(first: $n) { nodes { sale_id customer amount sold_on row_hash run_id } }`)} }`;
    expect((await refused(query, { n: 1000 }))[0]?.extensions.code).toBe('TOO_COMPLEX');
    expect((await refused(query, { n: 'x' }))[0]?.extensions.code).toBe('TOO_COMPLEX');
    expect(Object.keys(await ask(query, { n: 1 }))).toHaveLength(20);
  });

  test('only JSON is taken, by POST, one request at a time', async () => {
    const body = JSON.stringify([{ query: '{ __typename }' }, { query: '{ __typename }' }]);
    const batch = await service.ask('/graphql', {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
    });
    expect([batch.status, ((await batch.json()) as Failed).errors[0]?.extensions.code]).toEqual([
      400,
      'REQUEST',
    ]);
    const get = await service.ask('/graphql?query={__typename}');
    expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST']);
    for (const type of [
      'application/x-www-form-urlencoded',
      'text/plain',
      'multipart/form-data',
      'application/graphql',
    ]) {
      const answer = await service.ask('/graphql', {
        method: 'POST',
        body: 'query={__typename}',
        headers: { 'content-type': type },
      });
      expect([type, answer.status]).toEqual([type, 415]);
    }
    const nobody = await service.send('/graphql', {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
    });
    expect(nobody.status).toBe(401);
  });

  // The audits of the protocol's reference implementation, but for those of GET, which is no way to ask here.
  test('GraphQL over HTTP is spoken as its audits want it', async () => {
    const fetchFn = (url: string, init?: RequestInit): Promise<Response> => {
      const { pathname, search } = new URL(url);
      return service.ask(`${pathname}${search}`, init);
    };
    const failed: string[] = [];
    for (const audit of serverAudits({ url: `http://${HOST}/graphql`, fetchFn })) {
      const result = await audit.fn();
      if (result.status !== 'ok' && !audit.name.includes('GET'))
        failed.push(`${result.status} ${audit.name}: ${result.reason}`);
    }
    expect(failed).toEqual([]);
  });
});
