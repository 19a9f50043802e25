import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { runMain } from '../cli/run-main.ts';
import { type ComparingShop, openComparingShop } from './support/comparing-shop.ts';
import { CATALOG, SCHEMA } from './support/secured-trino.ts';
import { readSession } from './support/session.ts';
import { statement } from './support/statement.ts';

/** What a run does whose engine can't answer: it fails with what to do, readers see what they saw, and a run without it publishes. */

const { url, securedUrl, user, password } = readSession();
const HERE = ['--trino-catalog', CATALOG, '--trino-schema', SCHEMA];

let shop: ComparingShop;
/** What DuckDB makes of it. */
let digest: string | null;
let before: string;

beforeAll(async () => {
  shop = await openComparingShop();
  before = await shop.seen();
  const { code, run } = await shop.run([]);
  expect([code, run.counts.condemned, run.sets]).toEqual([0, 6, undefined]);
  digest = run.sealDigest;
});
beforeEach(() => shop.putBack());
afterAll(async () => {
  await shop?.dispose();
  expect(await statement(url, `SHOW TABLES FROM ${CATALOG}.${SCHEMA}`)).toEqual([]);
});

/** The run fails with a message, nothing is published, and the same by DuckDB publishes what it would have. */
async function expectFailure(
  args: readonly string[],
  message: RegExp,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { code, run } = await shop.run(['--engine', 'trino', ...args], env);
  expect(run.why.join(' ')).toMatch(message);
  expect(JSON.stringify(run)).not.toContain('battery staple');
  expect([run.status, code]).toEqual(['failed', 1]);
  expect(await shop.seen()).toBe(before);
  const again = await shop.run(['--engine', 'duckdb']);
  expect([again.code, again.run.sealDigest, again.run.sets]).toEqual([0, digest, undefined]);
}

test('with a password over https, the run says who found the rows, and its digest is that of DuckDB', async () => {
  const env = {
    ASSAY_ENGINE: 'trino',
    ASSAY_TRINO: securedUrl,
    ASSAY_TRINO_USER: user,
    ASSAY_TRINO_PASSWORD: password,
    ASSAY_TRINO_CATALOG: CATALOG,
    ASSAY_TRINO_SCHEMA: SCHEMA,
  };
  const { code, run } = await shop.run([], env);
  expect(run.why).toEqual([]);
  // Six of the run and six of the base have the numbers 15 to 20.
  expect(run.sets).toEqual({ engine: 'trino', rows: 12, readBytes: expect.any(Number) });
  expect([code, run.sealDigest]).toEqual([0, digest]);
  const table = 'gold.shop_monthly_sales';
  expect(run.gold).toEqual([{ report: 'shop.monthly_sales', table, engine: 'trino' }]);
  const shown = (await runMain(['show', run.runId ?? ''], shop)).out;
  expect(shown).toContain('trino found 12 rows');
  expect(shown).toContain(`${table}, computed by trino`);
});

test('a few rows are compared here, though a Trino is named', async () => {
  const { code, run } = await shop.run(['--trino', url, ...HERE]);
  expect([code, run.sealDigest, run.sets]).toEqual([0, digest, undefined]);
  expect(run.gold).toMatchObject([{ engine: 'duckdb' }]);
});

test('a wrong password', async () => {
  const env = { ASSAY_TRINO_USER: user, ASSAY_TRINO_PASSWORD: 'battery staple' };
  await expectFailure(
    ['--trino', securedUrl, ...HERE],
    /doesn't let in ann \(HTTP 401\): set \$ASSAY_TRINO_PASSWORD/,
    env,
  );
});

test('a catalog that there is not', async () => {
  await expectFailure(
    ['--trino', url, '--trino-catalog', 'nowhere', '--trino-schema', SCHEMA],
    /CATALOG_NOT_FOUND.*--trino-catalog/,
  );
});

test('a schema that there is not', async () => {
  await expectFailure(
    ['--trino', url, '--trino-catalog', CATALOG, '--trino-schema', 'nowhere'],
    /SCHEMA_NOT_FOUND.*--trino-schema/,
  );
});

test('a catalog that does not allow register_table', async () => {
  await expectFailure(
    ['--trino', url, '--trino-catalog', 'shut', '--trino-schema', SCHEMA],
    /must have iceberg\.register-table-procedure\.enabled=true/,
  );
});

test('a catalog that nobody may change', async () => {
  await expectFailure(
    ['--trino', url, '--trino-catalog', 'fixed', '--trino-schema', SCHEMA],
    /PERMISSION_DENIED.*must be allowed to register tables/,
  );
});

test('an address at which no Trino answers', async () => {
  const server = createServer((_, response) => response.end('<html>Welcome</html>'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as AddressInfo;
    await expectFailure(['--trino', `http://127.0.0.1:${port}`, ...HERE], /is no Trino: check --trino/);
  } finally {
    server.close();
  }
});
