import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startTelemetry } from '../../adapters/local/telemetry.ts';
import { avroOf } from '../support/outside-table.ts';
import { runMain } from './run-main.ts';
import { openShop, salesContract } from './shop.ts';

/** A value of a person that DuckDB quotes when it fails on it. It lies in Bronze and Silver, and may be nowhere else. */
const SECRET = 'ZZSECRET';
const FILE = `sale_id,customer,amount,sold_on\n1,${SECRET},10.00,2024-01-02\n`;

/** Right for an empty table, and wrong for a name. */
const CASTING_SQL = `SELECT CAST(date_trunc('month', sold_on) AS DATE) AS as_of_month, SUM(CAST(customer AS INTEGER)) AS sales,
  CAST(SUM(amount) AS DECIMAL(38, 2)) AS amount FROM silver.shop_sales
  WHERE sold_on >= {{from_month}} AND sold_on < {{to_month}} + INTERVAL '1' MONTH GROUP BY 1`;

let shop: Awaited<ReturnType<typeof openShop>>;
let server: Server;
let received: string;
beforeEach(async () => {
  shop = await openShop();
  received = '';
  server = createServer((request, response) => {
    request.on('data', (piece) => {
      received += String(piece);
    });
    request.on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  server.close();
  await shop.dispose();
});

/** What a lake keeps beside source files and rows: records, alerts, decisions, staging, pointers, and tables' metadata. */
async function documents(): Promise<string> {
  const root = path.join(shop.cwd, 'lake');
  const found = await readdir(root, { recursive: true, withFileTypes: true });
  const files = found
    .filter((one) => one.isFile() && !one.parentPath.startsWith(path.join(root, 'bronze')))
    .map((one) => path.join(one.parentPath, one.name))
    .filter((file) => !file.endsWith('.parquet'));
  return (await Promise.all(files.map(textOf))).join('\n');
}

/** A document's text; Avro is packed, and has its texts and bounds as bytes. */
async function textOf(file: string): Promise<string> {
  if (!file.endsWith('.avro')) return readFile(file, 'latin1');
  return JSON.stringify(await avroOf(file), (_, value) => {
    if (typeof value === 'bigint') return String(value);
    return value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value;
  });
}

/** Drops the file and runs, with a webhook and a collector that keep what they are sent; all that left the process. */
async function run(...options: string[]): Promise<{ said: string; kept: string; sent: string; err: string }> {
  await shop.write('a.csv', FILE);
  await runMain(['ingest', 'a.csv', '--dataset', 'shop.sales'], shop);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = url;
  const stop = await startTelemetry(process.env);
  const ran = await runMain(['run', ...options], {
    cwd: shop.cwd,
    env: { ASSAY_WEBHOOK_URL: `${url}/hook` },
  });
  await stop();
  delete process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
  return { said: `${ran.out}${ran.err}`, kept: await documents(), sent: received, err: ran.err };
}

describe('what an engine says of a value', () => {
  test('is in no run record, alert, webhook, span or output; what kind of value it is, and whose statement it was, are', async () => {
    await shop.write('sql/gold/shop/monthly_sales.sql', CASTING_SQL);
    const { said, kept, sent } = await run();
    for (const text of [said, kept, sent]) {
      expect(text).toContain("monthly_sales.sql can't be computed: a value does not go into the type");
      expect(text).not.toContain(SECRET);
    }
    const json = await runMain(['run', '--json'], shop);
    const runs = await runMain(['query', 'SELECT why FROM ops.runs', '--format', 'csv'], shop);
    const alerts = await runMain(['query', 'FROM ops.alerts', '--format', 'csv'], shop);
    expect(alerts.out).toContain('a value does not go into the type');
    expect([json.out, runs.out, alerts.out].join()).not.toContain(SECRET);
  });

  test('is on the terminal of whoever asks for it with --debug, and still kept nowhere', async () => {
    await shop.write('sql/gold/shop/monthly_sales.sql', CASTING_SQL);
    const { err, kept, sent } = await run('--debug');
    expect(err).toContain(`Could not convert string '${SECRET}' to INT32`);
    expect(kept).not.toContain(SECRET);
    expect(sent).not.toContain(SECRET);
  });

  test('is in no log of a function on AWS, and not in what the state machine is given', async () => {
    const script = `
      import { observed } from '${path.resolve('lambdas/telemetry.ts')}';
      import { openEngine } from '${path.resolve('etl/engine/engine.ts')}';
      const engine = await openEngine({ memoryLimitMb: 100, threads: 1 });
      const context = { functionName: 'f', awsRequestId: '1', invokedFunctionArn: '', memoryLimitInMB: '1', functionVersion: '1' };
      const works = [
        () => engine.run("SELECT CAST('${SECRET}' AS INTEGER)"),
        async () => JSON.parse('${SECRET}'),
        async () => { throw new Error('of ${SECRET}', { cause: new Error('${SECRET}') }); },
      ];
      for (const work of works) {
        try { await observed('refine', work)({ dataset: 'a.b', runId: 'r' }, context); }
        catch (error) { console.log(JSON.stringify({ errorType: error.name, errorMessage: error.message, stack: error.stack, cause: String(error.cause), ...error })); }
      }`;
    const args = ['--no-warnings', '--import', 'tsx', '--input-type=module', '-e', script];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args);
    expect(stdout).toContain(
      '"errorType":"DataError","errorMessage":"DuckDB refused a statement of Assay (Conversion error',
    );
    expect(stdout).toContain('"errorType":"SyntaxError"');
    expect(stdout.match(/"level":"ERROR"/g) ?? stderr.match(/"level":"ERROR"/g)).toHaveLength(3);
    expect(stdout + stderr).not.toContain(SECRET);
  });
});

describe("a person's value", () => {
  const LINES = [
    `1,${SECRET},10.00,2024-01-02,${SECRET}`,
    `2,${SECRET},x,2024-01-03,`,
    `3,${SECRET},1.00,2024-01-03,,`,
    '4,Zoe,1.00,2024-02-03,',
  ];

  test('is in no document, manifest or other metadata of a lake that published, quarantined, condemned and joined it', async () => {
    const text = salesContract().replace(
      '    customProperties:',
      '    customProperties:\n      - property: assay.unknownColumns\n        value: rescue',
    );
    await shop.write('contracts/shop/sales.yaml', text);
    const ok = async (...args: string[]) => expect(await runMain(args, shop)).toMatchObject({ code: 0 });
    for (const run of [1, 2]) {
      const lines = LINES.map((line) => `${run}${line}`);
      await shop.write(`${run}.csv`, `sale_id,customer,amount,sold_on,extra\n${lines.join('\n')}\n`);
      await ok('ingest', `${run}.csv`, '--dataset', 'shop.sales');
      await ok('run');
    }
    const word = ['--by', 'ann', '--reason', 'asked by finance'];
    await ok('quarantine', 'condemn', '--dataset', 'shop.sales', '--code', 'TYPE_ERROR', ...word);
    await ok('compact', 'shop.sales', ...word);
    const rows = await runMain(['query', 'SELECT customer, rescued FROM silver.shop_sales'], shop);
    expect(rows.out).toContain(SECRET);
    const kept = await documents();
    // Its neighbours' values are there: it is looked for where it could be.
    for (const known of ['dataFiles', 'lower_bounds', '2024-02-03', '10.00']) expect(kept).toContain(known);
    expect(kept).not.toContain(SECRET);
  });
});
