import { chmod, cp, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { openLake } from '../../adapters/local/lake.ts';
import { runDataset } from '../../adapters/local/run-dataset.ts';
import { tempFolder } from '../adapters/temp-folder.ts';
import { openOldLake } from '../upgrade/old-lake.ts';
import { runMain, runMainJson } from './run-main.ts';
import { QuarantineListJson, RunsJson } from './shapes.ts';
import { badSales, goodSales, openShop, salesContract } from './shop.ts';

const page = await readFile('docs/operations.md', 'utf8');

/** The commands of a runbook in their order, by the blocks they stand in. */
function blocksOf(heading: string): string[][] {
  const section = page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  return [...section.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text.trim().split('\n'));
}

type Shop = Awaited<ReturnType<typeof openShop>>;

/** Where a command is typed. */
type Place = Pick<Shop, 'cwd'>;

/** Runs the commands of a block as they stand, with `$NAME` filled in; each must end with 0, or with 1 before `|| true`. */
async function follow(shop: Place, commands: readonly string[], values: Readonly<Record<string, string>>) {
  const printed: string[] = [];
  for (const command of commands) {
    const mayFail = command.endsWith(' || true');
    const [npx, assay, ...words] = command.replace(/ \|\| true$/, '').match(/"[^"]*"|\S+/g) ?? [];
    expect([npx, assay]).toEqual(['npx', 'assay']);
    const args = words.map((word) =>
      word.replace(/^"|"$/g, '').replace(/\$([A-Z_]+)/g, (_, name: string) => values[name] ?? `$${name}`),
    );
    const { code, out, err } = await runMain(args, { cwd: shop.cwd, env: { npm_command: 'exec' } });
    expect({ command, code, err }).toEqual({ command, code: mayFail ? 1 : 0, err: '' });
    expect(out).not.toContain('␊');
    printed.push(out);
  }
  return printed.join('\n');
}

const runs = async (shop: Shop) => RunsJson.parse((await runMainJson(['run'], shop)).json);
const drop = async (shop: Shop, name: string, text: string) => {
  await shop.write(name, text);
  await runMain(['ingest', name, '--dataset', 'shop.sales'], shop);
};

const DOUBTFUL = `sale_id,customer,amount,sold_on
100,Ann,10.00,2024-01-02
101,Bob,x,2024-01-03
`;

test('every runbook is followed below', async () => {
  const source = await readFile('test/cli/operations.test.ts', 'utf8');
  const headings = [...page.matchAll(/^## (.*)$/gm)].map(([, heading = '']) => heading);
  const followed = [...source.matchAll(/blocksOf\(\s*'(.*)',?\s*\)/g)].map(([, heading]) => heading);
  expect(followed.sort()).toEqual(headings.sort());
});

describe('docs/operations.md, followed word by word', () => {
  test('Is anything the matter?', async () => {
    const [look = []] = blocksOf('Is anything the matter?');
    const shop = await openShop();
    await drop(shop, 'good.csv', goodSales(1, 3));
    await runs(shop);
    expect(await follow(shop, look, {})).toContain('shop.sales: well');
    await shop.dispose();
  });

  test('A run is held', async () => {
    const [look = [], approve = [], refuse = [], readmit = [], files = []] = blocksOf('A run is held');
    for (const decide of ['approve', 'refuse', 'files'] as const) {
      const shop = await openShop('{ maxQuarantineRate: 0.1, smallBatchRecords: 2 }');
      await drop(shop, 'doubtful.csv', DOUBTFUL);
      if (decide === 'files') await drop(shop, 'good.csv', goodSales(1, 2));
      const [run] = await runs(shop);
      const values = { RUN: run?.runId ?? '', DIGEST: run?.sealDigest ?? '' };
      expect(await follow(shop, look, values)).toContain(`Seal      ${values.DIGEST}`);
      if (decide === 'approve') {
        expect(await follow(shop, approve, values)).toContain('promoted in');
      } else if (decide === 'files') {
        const sealed = await follow(shop, files, { ...values, FILE: 'doubtful.csv' });
        const DIGEST = /Seal +([0-9a-f]{64})/.exec(sealed)?.[1] ?? '';
        expect(DIGEST).not.toBe(values.DIGEST);
        expect(await follow(shop, approve, { ...values, DIGEST })).toContain('promoted in');
      } else {
        expect(await follow(shop, refuse, values)).toContain('refused');
        await follow(shop, readmit.slice(0, 1), values);
        const { code, out } = await runMain(readmit[1]?.split(' ').slice(2) ?? [], shop);
        expect({ code, out }).toEqual({ code: 1, out: expect.stringContaining('held in') });
      }
      await shop.dispose();
    }
  });

  test('The circuit breaker is open', async () => {
    const [status = [], reset = [], readmit = []] = blocksOf('The circuit breaker is open');
    const limits = 'maxQuarantineRate: 0.9, smallBatchRecords: 2';
    const shop = await openShop(`{ ${limits}, breakerErrors: 3 }`);
    await drop(shop, 'bad.csv', badSales(10, 14, '100,Ann,1.25,2024-03-01\n'));
    const [run] = await runs(shop);
    const values = { RUN: run?.runId ?? '', DATASET: 'shop.sales' };
    expect(await follow(shop, status, values)).toMatch(/open since[\s\S]*bad\.csv +4[\s\S]*amount=x/);
    await follow(shop, reset, values);
    await shop.write('contracts/shop/sales.yaml', salesContract(`{ ${limits} }`));
    expect(await follow(shop, readmit, values)).toContain('promoted in');
    await shop.dispose();
  });

  test('Wrong data was published', async () => {
    const [look = [], back = [], readmit = [], forward = []] = blocksOf('Wrong data was published');
    for (const ending of ['readmit', 'forward'] as const) {
      const shop = await openShop();
      await drop(shop, 'good.csv', goodSales(1, 3));
      const [good] = await runs(shop);
      await drop(shop, 'test.csv', goodSales(4, 5));
      const [bad] = await runs(shop);
      const ids = { GOOD: String(good?.snapshotId), BAD: String(bad?.snapshotId) };
      const values = { ...ids, DATASET: 'shop.sales', RUN: bad?.runId ?? '' };
      expect(await follow(shop, look, values)).toContain('2 rows added, 0 rows removed');
      expect(await follow(shop, back, values)).toMatch(/1 file set aside[\s\S]*6\.25/);
      const report = () => runMain(['report', 'monthly_sales', '--format', 'csv'], shop);
      expect((await report()).out).toContain('2024-03-01,3,3.75');
      await follow(shop, ending === 'readmit' ? readmit : forward, values);
      expect((await report()).out).toContain('2024-03-01,5,6.25');
      await shop.dispose();
    }
  });

  /** One sale each: nothing amiss, no amount, three that are no numbers. */
  const troubled = `sale_id,customer,amount,sold_on
1,Ann,1.00,2024-01-02
2,Bob,,2024-01-03
3,Eve,x,2024-01-04
4,Dan,y,2024-01-05
5,Joe,z,2024-01-05
`;
  const idsOf = async (shop: Shop, ...args: string[]) => {
    const { json } = await runMainJson(['quarantine', 'list', ...args], shop);
    return QuarantineListJson.parse(json)[0]?.records.map(({ record }) => record) ?? [];
  };
  const withoutAmount = (shop: Shop) =>
    shop.write(
      'contracts/shop/sales.yaml',
      salesContract().replace('DECIMAL(18,2)\n        required: true', 'DECIMAL(18,2)'),
    );

  test('Records are in quarantine', async () => {
    const [look = [], retry = [], correct = [], bulk = [], condemn = []] =
      blocksOf('Records are in quarantine');
    const shop = await openShop();
    await drop(shop, 'troubled.csv', troubled);
    await runs(shop);
    const [, RECORD = '', , OTHER = ''] = await idsOf(shop);
    const values = { DATASET: 'shop.sales', RECORD, OTHER };
    expect(await follow(shop, look, values)).toMatch(/4 records[\s\S]*amount +x/);
    await withoutAmount(shop);
    expect(await follow(shop, retry, values)).toContain('promoted in');
    expect(await follow(shop, correct, values)).toContain('promoted in');
    await follow(shop, bulk.slice(0, 1), values);
    const text = await readFile(path.join(shop.cwd, 'to-correct.csv'), 'utf8');
    await shop.write('to-correct.csv', text.replace(',y,', ',7.00,'));
    expect(await follow(shop, bulk.slice(1), values)).toContain('promoted in');
    expect(await follow(shop, condemn, values)).toContain('1 record of shop.sales condemned');
    expect((await runMain(['report', 'monthly_sales', '--format', 'csv'], shop)).out).toContain(
      '2024-01-01,4,13.00',
    );
    expect(await idsOf(shop)).toEqual([]);
    await shop.dispose();
  });

  test('Records were condemned by mistake', async () => {
    const [ask = [], approve = []] = blocksOf('Records were condemned by mistake');
    const shop = await openShop();
    await drop(shop, 'troubled.csv', troubled);
    await runs(shop);
    const retry = [
      'quarantine',
      'retry',
      '--code',
      'NULL_VALUE',
      '--dataset',
      'shop.sales',
      '--reason',
      'again',
    ];
    for (let n = 0; n < 2; n++) await runMain(retry, shop);
    const [RECORD = ''] = await idsOf(shop, '--condemned');
    const asked = await follow(shop, ask, { DATASET: 'shop.sales', RECORD });
    const REQUEST = /--approve (\S+)/.exec(asked)?.[1] ?? '';
    await withoutAmount(shop);
    const done = await follow(shop, approve, { DATASET: 'shop.sales', RECORD, REQUEST });
    expect(done).toMatch(/asked for by ann, approved by bob[\s\S]*promoted in/);
    expect((await runMain(['report', 'monthly_sales', '--format', 'csv'], shop)).out).toContain(
      '2024-01-01,2,1.00',
    );
    await shop.dispose();
  });

  test('The contract was wrong for months', async () => {
    const [weigh = [], look = [], backfill = []] = blocksOf('The contract was wrong for months');
    const shop = await openShop();
    await drop(shop, 'pounds.csv', `${DOUBTFUL}102,Eve,£3.00,2024-01-04\n`);
    await runs(shop);
    const text = salesContract().replace(
      'What was paid.\n',
      "What was paid.\n        customProperties:\n          - { property: assay.number, value: { symbols: ['£'] } }\n",
    );
    const corrected = text.replace('version: 1.0.0', 'version: 1.1.0');
    await shop.write('corrected.yaml', corrected);
    const values = { DATASET: 'shop.sales', OLD: 'shop/sales.yaml', NEW: 'corrected.yaml' };
    expect(await follow(shop, weigh, values)).toMatch(
      /: compatible[\s\S]*1 would come[\s\S]*£3\.00[\s\S]*13\.00/,
    );
    await shop.write('contracts/shop/sales.yaml', corrected);
    expect(await follow(shop, look, values)).toMatch(/1 file.*version 1\.1\.0[\s\S]*pounds\.csv/);
    const printed = await follow(shop, backfill, values);
    expect(printed).toMatch(/2 published figures restated:[\s\S]*amount +10\.00 +13\.00/);
    expect(await follow(shop, look, values)).toContain('nothing to read again');
    await shop.dispose();
  });

  test('The contract has a new major version', async () => {
    const [look = [], migrate = [], back = []] = blocksOf('The contract has a new major version');
    const shop = await openShop();
    await drop(shop, 'good.csv', goodSales(1, 3));
    const [good] = await runs(shop);
    await shop.write(
      'contracts/shop/sales.yaml',
      salesContract().replace('version: 1.0.0', 'version: 2.0.0').replace('DECIMAL(18,2)', 'DECIMAL(18,3)'),
    );
    await drop(shop, 'more.csv', 'sale_id,customer,amount,sold_on\n9,Sue,1.125,2024-03-02\n');
    const waiting = await runMain(['run'], shop);
    expect(waiting).toMatchObject({ code: 1, out: expect.stringContaining('held in') });
    const values = { DATASET: 'shop.sales', GOOD: String(good?.snapshotId) };
    expect(await follow(shop, look, values)).toMatch(/1\.0\.0 → 2\.0\.0: 1 file read again, 3 records/);
    expect(await follow(shop, migrate, values)).toMatch(/promoted in[\s\S]*more\.csv +1 +1/);
    const amount = "SELECT amount FROM silver.shop_sales WHERE sale_id = '9'";
    const { out } = await runMain(['query', amount, '--format', 'csv'], shop);
    expect(out).toContain('1.125');
    expect(await follow(shop, back, values)).toContain(values.GOOD);
    expect((await runMain(['query', amount, '--format', 'csv'], shop)).out).not.toContain('1.125');
    await shop.dispose();
  });

  test('A closed month changed', async () => {
    const [look = [], accept = [], reopen = []] = blocksOf('A closed month changed');
    const shop = await openShop();
    await drop(shop, 'good.csv', goodSales(1, 3));
    await runs(shop);
    const REPORT = 'shop.monthly_sales';
    const word = ['--reason', 'reported', '--by', 'finance'];
    expect((await runMain(['close', REPORT, '--month', '2024-03', ...word], shop)).code).toBe(0);
    const sums = async (...more: string[]) =>
      (await runMain(['report', REPORT, '--format', 'csv', ...more], shop)).out;
    const closed = await sums('--closed', '--month', '2024-03');
    const late = async (name: string, from: number, to: number) => {
      await drop(shop, name, goodSales(from, to));
      const [run] = await runs(shop);
      const { out } = await runMain(['restatements', REPORT], shop);
      return { REPORT, RUN: run?.runId ?? '', ID: /^[0-9a-f]{16}/m.exec(out)?.[0] ?? '' };
    };
    const values = await late('late.csv', 4, 5);
    expect(await follow(shop, look, values)).toMatch(new RegExp(`${values.ID}[\\s\\S]*waits for finance`));
    expect(await sums()).toContain('2024-03-01,3,3.75');
    await follow(shop, accept, values);
    expect(await sums()).toContain('2024-03-01,5,6.25');
    await follow(shop, reopen, await late('later.csv', 6, 6));
    expect(await sums()).toContain('2024-03-01,6,7.50');
    const closings = await runMain(
      ['query', 'SELECT id FROM ops.closings ORDER BY closed_at', '--format', 'csv'],
      shop,
    );
    const [, first = ''] = closings.out.split('\n');
    expect(await sums('--closed', '--closing', first.trim())).toBe(closed);
    await shop.dispose();
  });

  test('Records are past their legal time', async () => {
    const [commands = []] = blocksOf('Records are past their legal time');
    const shop = await openShop();
    await drop(shop, 'old.csv', badSales(10, 12, '1,Ann,1.00,2016-03-01\n'));
    const eightYearsAgo = { now: () => new Date(Date.now() - 8 * 366 * 86_400_000) };
    const { effects } = await openLake(path.join(shop.cwd, 'lake'), {
      contractsDir: path.join(shop.cwd, 'contracts'),
      sqlDir: path.join(shop.cwd, 'sql/gold'),
      clock: eightYearsAgo,
    });
    await runDataset('shop.sales', effects);
    const printed = await follow(shop, commands, {});
    expect(printed).toMatch(
      /2 records of shop\.sales .* would be let go[\s\S]*2 records .* let go, as version 2/,
    );
    const left = 'SELECT count(*) AS n, count(record) AS with_values FROM quarantine.shop_sales';
    expect((await runMain(['query', left, '--format', 'csv'], shop)).out).toContain('2,0');
    await shop.dispose();
  });

  /** A shop with a protected lake, its vault and a file of two customers, who were ingested and run. */
  async function openProtected() {
    const { folder: cwd, dispose } = await tempFolder();
    await cp('examples/shop/contracts', path.join(cwd, 'contracts'), { recursive: true });
    await cp('examples/shop/sql', path.join(cwd, 'sql'), { recursive: true });
    await cp('examples/shop/customers/2026-08.csv', path.join(cwd, 'customers.csv'));
    const shop = { cwd };
    for (const line of ['init', 'vault init', 'ingest customers.csv --dataset shop.customers', 'run'])
      expect(await runMain(line.split(' '), shop)).toMatchObject({ code: 0 });
    return { ...shop, dispose };
  }

  test('Somebody asks what you have about them, or wants to be forgotten', async () => {
    const [access = [], forget = [], verify = []] = blocksOf(
      'Somebody asks what you have about them, or wants to be forgotten',
    );
    const shop = await openProtected();
    const ID = 'C-1007';
    expect(await follow(shop, access, { ID })).toMatch(/silver: \d record/);
    const asked = await follow(shop, forget.slice(0, 3), { ID });
    const REQUEST = /Asked, as (\S+):/.exec(asked)?.[1] ?? '';
    expect(await follow(shop, forget.slice(3), { REQUEST })).toMatch(/figures +unchanged/);
    await writeFile(path.join(shop.cwd, 'values.txt'), 'dario.wetherby@example.com\n');
    expect(await follow(shop, verify, {})).toMatch(/nowhere|not found/i);
    await shop.dispose();
  });

  test('The vault does not open', async () => {
    expect(blocksOf('The vault does not open')).toEqual([]);
    const shop = await openProtected();
    const [vault, key] = ['lake.vault', 'lake.vault.key'].map((name) => path.join(shop.cwd, name)) as [
      string,
      string,
    ];
    const aside = path.join(shop.cwd, 'aside');
    const text = await readFile(key, 'utf8');
    const book = await readFile(path.join(vault, 'book'));
    const troubles: readonly (readonly [
      code: string,
      trouble: () => Promise<unknown>,
      remedy: () => Promise<unknown>,
    ])[] = [
      ['NO_VAULT', () => rename(vault, aside), () => rename(aside, vault)],
      ['VAULT_KEY_MISSING', () => rename(key, aside), () => rename(aside, key)],
      ['VAULT_KEY_WRONG', () => writeFile(key, `${'ab'.repeat(32)}\n`), () => writeFile(key, text)],
      ['VAULT_KEY_EXPOSED', () => chmod(key, 0o644), () => chmod(key, 0o600)],
      [
        'VAULT_DAMAGED',
        () =>
          writeFile(
            path.join(vault, 'book'),
            book.map((byte, n) => (n === 30 ? byte ^ 1 : byte)),
          ),
        () => writeFile(path.join(vault, 'book'), book),
      ],
    ];
    const ingest = ['ingest', 'customers.csv', '--dataset', 'shop.customers'];
    for (const [code, trouble, remedy] of troubles) {
      expect(page).toContain(`| \`${code}\` |`);
      await trouble();
      expect((await runMainJson(ingest, shop)).json).toMatchObject({ error: { code } });
      await remedy();
      expect(await runMain(ingest, shop)).toMatchObject({ code: 0 });
    }
    await shop.dispose();
  });

  test('The lake grows', async () => {
    const [compact = [], expire = [], vacuum = []] = blocksOf('The lake grows');
    const shop = await openShop();
    await drop(shop, 'good.csv', goodSales(1, 3));
    await runs(shop);
    await drop(shop, 'more.csv', goodSales(4, 5));
    await runs(shop);
    const values = { DATASET: 'shop.sales', REPORT: 'shop.monthly_sales' };
    expect(await follow(shop, compact, values)).toMatch(/2 files[\s\S]*no row changed[\s\S]*2024-03 +5 +2 /);
    expect(await follow(shop, expire, values)).toContain('shop.sales has no snapshot that was not current');
    expect(await follow(shop, vacuum, values)).toMatch(/shop\.sales: 0 files would be removed.*too young/);
    expect(await follow(shop, ['npx assay audit'], {})).toContain('shop.sales: sound');
    await shop.dispose();
  });

  test('Another engine refuses a table', async () => {
    const [upgrade = []] = blocksOf('Another engine refuses a table');
    const old = await openOldLake();
    const printed = await follow(old, upgrade, {});
    expect(printed).toContain('shop.sales');
    expect(await follow(old, upgrade.slice(0, 1), {})).not.toBe(printed);
    const folder = path.join(old.cwd, 'lake/silver/shop/sales/_LATEST.json');
    const { tables } = JSON.parse(await readFile(folder, 'utf8'));
    expect(path.basename(tables.silver.metadata_key)).toMatch(/^\d{5}-[0-9a-f-]{36}\.metadata\.json$/);
    await old.dispose();
  });

  test('A lake was copied, moved or restored elsewhere', async () => {
    const [upgrade = []] = blocksOf('A lake was copied, moved or restored elsewhere');
    const shop = await openShop();
    await drop(shop, 'good.csv', goodSales(1, 3));
    await runs(shop);
    const cwd = `${shop.cwd}-restored`;
    await rename(shop.cwd, cwd);
    expect((await runMain(['health'], { cwd })).out).toContain('LAKE_MOVED');
    expect(await follow({ cwd }, upgrade, {})).toContain('new place');
    expect((await runMain(['health'], { cwd })).code).toBe(0);
    await rm(cwd, { recursive: true });
  });

  test('A pointer is lost', async () => {
    const [repair = []] = blocksOf('A pointer is lost');
    const shop = await openShop();
    await drop(shop, 'good.csv', goodSales(1, 3));
    await runs(shop);
    for (const folder of ['lake', 'lake/.versions'])
      await rm(path.join(shop.cwd, folder, 'silver/shop/sales/_LATEST.json'), {
        recursive: true,
        force: true,
      });
    const { out, err } = await runMain(['run'], shop);
    expect(out + err).toContain('assay repair shop.sales');
    expect(await follow(shop, repair, { DATASET: 'shop.sales' })).toContain('shop.sales: sound');
    expect((await runMain(['report', 'monthly_sales', '--format', 'csv'], shop)).out).toContain(
      '2024-03-01,3,3.75',
    );
    await shop.dispose();
  });

  test('Where does a figure come from?', async () => {
    const [look = []] = blocksOf('Where does a figure come from?');
    const shop = await openShop();
    await drop(shop, 'good.csv', goodSales(1, 3));
    await runs(shop);
    const printed = await follow(shop, look, { REPORT: 'shop.monthly_sales' });
    expect(printed).toMatch(/sales 3, amount 3\.75[\s\S]*3 rows; amount 3\.75[\s\S]*good\.csv +3 +2 /);
    await shop.dispose();
  });

  test('Can the figures be trusted?', async () => {
    const [audit = [], mend = []] = blocksOf('Can the figures be trusted?');
    const shop = await openShop();
    await drop(shop, 'good.csv', goodSales(1, 3));
    const [good] = await runs(shop);
    await drop(shop, 'more.csv', goodSales(4, 5));
    const [bad] = await runs(shop);
    expect(await follow(shop, audit, {})).toContain('shop.sales: sound');
    const folder = path.join(shop.cwd, 'lake/silver/shop/sales/schema_v=v1', `run_id=${bad?.runId}`);
    const part = (await readdir(folder, { recursive: true })).find((name) => name.endsWith('.parquet'));
    await truncate(path.join(folder, part ?? ''), 50);
    expect((await runMain(['audit'], shop)).out).toMatch(/shop\.sales: \d PROBLEM[\s\S]*TAMPERED_FILE/);
    const values = { DATASET: 'shop.sales', GOOD: String(good?.snapshotId), RUN: bad?.runId ?? '' };
    await follow(shop, mend, values);
    expect((await runMain(['report', 'monthly_sales', '--format', 'csv'], shop)).out).toContain(
      '2024-03-01,5,6.25',
    );
    await shop.dispose();
  });

  test('Does it survive on this machine?', async () => {
    const [drill = []] = blocksOf('Does it survive on this machine?');
    const shop = await openShop();
    expect(await follow(shop, drill, {})).toMatch(/Nothing was lost, doubled or half-published\.$/);
    await shop.dispose();
  });
});
