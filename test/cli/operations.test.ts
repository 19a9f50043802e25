import { readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { runMain, runMainJson } from './run-main.ts';
import { RunsJson } from './shapes.ts';
import { badSales, goodSales, openShop, salesContract } from './shop.ts';

const page = await readFile('docs/operations.md', 'utf8');

/** The commands of a runbook in their order, by the blocks they stand in. */
function blocksOf(heading: string): string[][] {
  const section = page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  return [...section.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text.trim().split('\n'));
}

type Shop = Awaited<ReturnType<typeof openShop>>;

/** Runs the commands of a block as they stand, with `$NAME` filled in; each must end with 0, or with 1 before `|| true`. */
async function follow(shop: Shop, commands: readonly string[], values: Readonly<Record<string, string>>) {
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

describe('docs/operations.md, followed word by word', () => {
  test('A run is held', async () => {
    const [look = [], approve = [], refuse = [], readmit = []] = blocksOf('A run is held');
    for (const decide of ['approve', 'refuse'] as const) {
      const shop = await openShop('{ maxQuarantineRate: 0.1, smallBatchRecords: 2 }');
      await drop(shop, 'doubtful.csv', DOUBTFUL);
      const [run] = await runs(shop);
      const values = { RUN: run?.runId ?? '', DIGEST: run?.sealDigest ?? '' };
      expect(await follow(shop, look, values)).toContain(`Seal      ${values.DIGEST}`);
      if (decide === 'approve') {
        expect(await follow(shop, approve, values)).toContain('promoted in');
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
});
