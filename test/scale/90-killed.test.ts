import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTrino, type Trino } from '../engines/support/trino-server.ts';
import { type ComparingShop, openComparingShop } from './support/comparing-shop.ts';
import { holdingProxy } from './support/holding-proxy.ts';
import { CATALOG, openCatalog, SCHEMA } from './support/secured-trino.ts';
import { readSession } from './support/session.ts';
import { statement } from './support/statement.ts';

/** The last file: it ends the Trino that all others ask, and starts it again. */

const { url, pid, tools, folder } = readSession();
let shop: ComparingShop;
let again: Trino | undefined;

beforeAll(async () => {
  shop = await openComparingShop();
});
afterAll(async () => {
  await again?.stop();
  await shop?.dispose();
});

const tablesLeft = (): Promise<unknown[][]> => statement(url, `SHOW TABLES FROM ${CATALOG}.${SCHEMA}`);

/** Kills Trino, and waits until it is seen to be gone. */
async function kill(): Promise<void> {
  process.kill(pid, 'SIGKILL');
  const until = Date.now() + 60_000;
  while ((await fetch(`${url}/v1/info`).catch(() => undefined)) !== undefined)
    if (Date.now() > until) throw new Error(`Trino still answers at ${url} a minute after it was killed.`);
}

test('a Trino that is killed in the middle of a query loses nothing, and a repeat gives the same', async () => {
  const before = await shop.seen();
  const proxy = await holdingProxy(url, 'WITH ', kill);
  const asking = (server: string) =>
    shop.run(['--engine', 'trino', '--trino', server, '--trino-catalog', CATALOG, '--trino-schema', SCHEMA]);
  try {
    const { code, run } = await asking(proxy.url);
    expect(run.why.join(' ')).toMatch(/Trino at \S+ can't be reached/);
    expect([run.status, code]).toEqual(['failed', 1]);
    expect(await shop.seen()).toBe(before);
  } finally {
    await proxy.close();
  }
  again = await startTrino(tools, { folder, catalogs: openCatalog, port: Number(new URL(url).port) });
  // It died before it was told to forget them.
  expect((await tablesLeft()).length).toBe(2);
  const second = await asking(url);
  expect([second.code, second.run.sets?.rows]).toEqual([0, 12]);
  await shop.putBack();
  const { run } = await shop.run([]);
  expect(second.run.sealDigest).toBe(run.sealDigest);
});
