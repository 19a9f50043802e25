import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { tempFolder } from '../adapters/temp-folder.ts';
import { contractText } from '../stages/contract-text.ts';
import { runMain } from './run-main.ts';

const ORDERS = contractText({
  dataset: 'shop.orders',
  columns: [
    { name: 'order_no', key: true },
    {
      name: 'customer',
      required: true,
      classification: 'personal',
      assay: { protect: { as: 'pseudonym', group: 'ids' } },
    },
    { name: 'mail', classification: 'personal', assay: { protect: { as: 'encrypted', group: 'contact' } } },
    { name: 'ordered_on', type: 'date', required: true },
  ],
  partitionColumn: 'ordered_on',
  assay: { subject: { column: 'customer', kind: 'customer' } },
});
const FILE =
  'order_no,customer,mail,ordered_on\no1,417,anna@planted.example,2026-10-05\no2,418,ben@planted.example,2026-11-05\nbroken\n';

let folder: string;
let dispose: () => Promise<void>;
beforeAll(async () => {
  ({ folder, dispose } = await tempFolder());
  await writeFile(path.join(folder, 'orders.csv'), FILE);
  const contracts = path.join(folder, 'contracts');
  await mkdir(contracts);
  await writeFile(path.join(contracts, 'orders.yaml'), ORDERS);
  for (const lake of ['here', 'there']) await assay(lake, 'init');
});
afterAll(() => dispose());

const assay = (lake: string, line: string, env: Readonly<Record<string, string>> = {}) =>
  runMain([...line.split(' '), '--lake', lake], { cwd: folder, env });
const json = async (lake: string, line: string, env = {}): Promise<Record<string, unknown>> =>
  JSON.parse((await assay(lake, `${line} --json`, env)).out) as Record<string, unknown>;
const mode = async (name: string): Promise<string> =>
  ((await stat(path.join(folder, name))).mode & 0o777).toString(8);

/** Names of a lake's files in Bronze, with digests of their bytes. */
async function bronze(lake: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const root = path.join(folder, lake, 'bronze');
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []))
    if (entry.isFile())
      found[entry.name] = createHash('sha256')
        .update(await readFile(path.join(entry.parentPath, entry.name)))
        .digest('hex');
  return found;
}

describe('assay vault', () => {
  test('without a vault nothing of a protected dataset is ingested, and it is said what to do', async () => {
    const { code, err } = await assay('here', 'ingest orders.csv --dataset shop.orders');
    expect(code).toBe(2);
    expect(err).toMatch(/There is no vault in .*here\.vault.*assay vault init/s);
    expect(await bronze('here')).toEqual({});
  });

  test('init makes vault and key, for their owner alone, once', async () => {
    const made = { vault: path.join(folder, 'here.vault'), key: path.join(folder, 'here.vault.key') };
    expect(await json('here', 'vault init')).toEqual({ ...made, created: true, keyMade: true });
    expect([await mode('here.vault'), await mode('here.vault.key')]).toEqual(['700', '600']);
    expect(await json('here', 'vault init')).toEqual({ ...made, created: false, keyMade: false });
    expect((await assay('here', 'ingest orders.csv --dataset shop.orders')).code).toBe(0);
    expect(await json('here', 'vault status')).toMatchObject({
      isDue: false,
      groups: [
        { dataset: 'shop.orders', group: 'assay.unknown', columns: ['assay.line'], periods: 1 },
        { dataset: 'shop.orders', group: 'contact', columns: ['mail'], periods: 2 },
        { dataset: 'shop.orders', group: 'ids', columns: ['customer'], periods: 2 },
      ],
    });
  });

  test('a missing key is told, never made anew, and a wrong one is told', async () => {
    const none = { ASSAY_VAULT_KEY_FILE: 'no-such-key' };
    const missing = await assay('here', 'vault init', none);
    expect([missing.code, missing.err]).toEqual([
      2,
      expect.stringMatching(/no-such-key.*there is no such file/),
    ]);
    await expect(stat(path.join(folder, 'no-such-key'))).rejects.toThrow();
    const wrong = await assay('here', 'vault status', { ASSAY_VAULT_KEY: 'ab'.repeat(32) });
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringMatching(/The key is not that of the vault/)]);
  });

  test('renew makes an older copy of the key useless, and everything goes on', async () => {
    const before = await readFile(path.join(folder, 'here.vault.key'), 'utf8');
    expect((await assay('here', 'vault renew')).code).toBe(0);
    const after = await readFile(path.join(folder, 'here.vault.key'), 'utf8');
    expect(after).not.toBe(before);
    expect((await assay('here', 'vault status', { ASSAY_VAULT_KEY: before.trim() })).code).toBe(2);
    const again = JSON.parse(
      (await assay('here', 'ingest orders.csv --dataset shop.orders --json')).out,
    ) as unknown;
    expect(again).toMatchObject([{ existed: true }]);
  });

  test('exported for the key of another lake and imported there, the same file becomes the same bytes', async () => {
    await writeFile(path.join(folder, 'there.vault.key'), `${randomBytes(32).toString('hex')}\n`, {
      mode: 0o600,
    });
    const exported = await assay('here', 'vault export vault.avex --for-key-file there.vault.key');
    expect(exported.code).toBe(0);
    expect(await mode('vault.avex')).toBe('600');
    const other = await assay('there', 'vault import vault.avex', { ASSAY_VAULT_KEY: 'cd'.repeat(32) });
    expect([other.code, other.err]).toEqual([2, expect.stringMatching(/was exported for another key/)]);
    expect((await assay('there', 'vault import vault.avex')).code).toBe(0);
    expect((await assay('there', 'ingest orders.csv --dataset shop.orders')).code).toBe(0);
    expect(await bronze('there')).toEqual(await bronze('here'));
    const again = await assay('there', 'vault import vault.avex');
    expect([again.code, again.err]).toEqual([2, expect.stringMatching(/There is a vault in .* already/)]);
  });

  test('an export that was cut or changed makes no vault', async () => {
    const whole = await readFile(path.join(folder, 'vault.avex'));
    await rm(path.join(folder, 'there.vault'), { recursive: true });
    const flipped = Buffer.from(whole);
    flipped[whole.length - 40] = (flipped[whole.length - 40] ?? 0) ^ 1;
    for (const bytes of [whole.subarray(0, whole.length - 7), flipped, Buffer.from('AVEX')]) {
      await writeFile(path.join(folder, 'bad.avex'), bytes);
      const { code, err } = await assay('there', 'vault import bad.avex');
      expect([code, err]).toEqual([2, expect.stringMatching(/is no exported vault, or it was damaged/)]);
      expect((await assay('there', 'vault status')).err).toMatch(/There is no vault/);
    }
    expect((await assay('there', 'vault import vault.avex')).code).toBe(0);
  });

  test('of a folder with a file that can’t be protected the others are ingested, and it is named', async () => {
    await mkdir(path.join(folder, 'drop'));
    await writeFile(path.join(folder, 'drop/a-bad.csv'), 'planted\nvalue\n');
    await writeFile(path.join(folder, 'drop/b-good.csv'), FILE.replace('o1', 'o9'));
    const { code, out, err } = await assay('here', 'ingest drop --dataset shop.orders --json');
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject([{ file: expect.stringMatching(/b-good\.csv$/), existed: false }]);
    expect(err).toMatch(/a-bad\.csv was left where it is/);
    const alone = await assay('here', 'ingest drop/a-bad.csv --dataset shop.orders');
    expect([alone.code, alone.err.match(/was left where it is/g)?.length]).toEqual([1, 1]);
  });
});
