import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startAssay } from '../cli/assay.ts';
import type { Shop } from '../cli/shop.ts';
import { until } from '../support/until.ts';
import { type AskedService, HOST } from './open-service.ts';
import { openShopService, type ShopService } from './shop-service.ts';

const CSV = 'sale_id,customer,amount,sold_on\n1,Ann,1.10,2024-01-02\n';

let shop: Shop;
let service: AskedService;
let dispose: ShopService['dispose'];
beforeAll(async () => {
  ({ shop, service, dispose } = await openShopService());
});
afterAll(() => dispose());

/** Every file below a folder of the lake, hidden ones too. */
const filesIn = async (folder: string): Promise<string[]> =>
  (
    await readdir(path.join(shop.cwd, 'lake', folder), { recursive: true, withFileTypes: true }).catch(
      () => [],
    )
  )
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .sort();
const bronze = (): Promise<string[]> => filesIn('bronze');

const send = (
  name: string | undefined,
  body: string | ReadableStream,
  dataset = 'shop.sales',
): Promise<Response> =>
  service.ask(
    `/v1/datasets/${dataset}/files${name === undefined ? '' : `?name=${encodeURIComponent(name)}`}`,
    {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/octet-stream' },
      duplex: 'half',
    } as RequestInit,
  );
const code = async (answer: Response): Promise<unknown> => [
  answer.status,
  ((await answer.json()) as { code: string }).code,
];

describe('a file that is sent', () => {
  test('is in Bronze, byte for byte, under its name, and known when it comes again', async () => {
    const answer = await send('Größe 2024 ✓.csv', CSV);
    expect(answer.status).toBe(200);
    const { files } = (await answer.json()) as { files: { key: string; digest: string; existed: boolean }[] };
    expect(await readFile(path.join(shop.cwd, 'lake', files[0]?.key ?? ''), 'utf8')).toBe(CSV);
    expect(files).toMatchObject([
      { existed: false, sizeBytes: CSV.length, digest: createHash('sha256').update(CSV).digest('hex') },
    ]);
    const again = (await (await send('Größe 2024 ✓.csv', CSV)).json()) as typeof answer;
    expect(again).toMatchObject({ files: [{ existed: true, key: files[0]?.key }] });
    expect(await bronze()).toEqual(['Größe 2024 ✓.csv']);
  });

  test.each([
    ['../../../etc/cron.d/x.csv', 400, 'FILE_NAME'],
    ['..', 400, 'FILE_NAME'],
    ['a/b.csv', 400, 'FILE_NAME'],
    ['a\\b.csv', 400, 'FILE_NAME'],
    ['C:\\x.csv', 400, 'FILE_NAME'],
    [`${'ä'.repeat(126)}.csv`, 400, 'FILE_NAME'],
    ['', 400, 'FILE_NAME'],
    [undefined, 400, 'FILE_NAME'],
    ['a\u0000.csv', 400, 'REQUEST'],
    ['a\r\nX-Evil: 1.csv', 400, 'FILE_NAME'],
    ['a\u0085.csv', 400, 'FILE_NAME'],
  ])('is refused under the name %j', async (name, status, expected) => {
    const before = await bronze();
    expect(await code(await send(name, CSV))).toEqual([status, expected]);
    expect(await bronze()).toEqual(before);
  });

  test('is refused for a dataset without a contract, and where it is no CSV, whatever it is called', async () => {
    const before = await bronze();
    expect(await code(await send('a.csv', CSV, 'shop.none'))).toEqual([404, 'NO_CONTRACT']);
    expect(await code(await send('a.csv', CSV, '..%2f..'))).toEqual([404, expect.any(String)]);
    expect(await code(await send('a.csv', '%PDF-1.7\n…'))).toEqual([415, 'NOT_CSV']);
    expect(await bronze()).toEqual(before);
  });

  test('is refused past the most that one may have, as soon as it has that', async () => {
    let sent = 0;
    const body = new ReadableStream({
      pull(controller) {
        sent += 10_000_000;
        controller.enqueue(new Uint8Array(10_000_000).fill(0x61));
        if (sent > 10_000_000_000) controller.close();
      },
    });
    const before = await bronze();
    expect(await code(await send('endless.csv', body))).toEqual([413, 'TOO_LARGE']);
    expect(sent).toBeLessThan(200_000_000);
    expect(await bronze()).toEqual(before);
  });
});

describe('a form with files', () => {
  const form = (
    fields: Readonly<Record<string, string>>,
    files: Readonly<Record<string, string>>,
  ): FormData => {
    const data = new FormData();
    for (const [name, value] of Object.entries(fields)) data.append(name, value);
    for (const [name, text] of Object.entries(files)) data.append('file', new File([text], name));
    return data;
  };
  let cookie = '';
  const session = async (): Promise<{ cookie: string; csrf: string; page: string }> => {
    if (cookie === '') cookie = await service.signIn();
    const page = await (await service.send('/datasets/shop.sales', { headers: { cookie } })).text();
    return { cookie, page, csrf: /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? '' };
  };

  test('brings all of them, and leads back to what came of it', async () => {
    const { cookie, csrf, page } = await session();
    expect(page).toContain('enctype="multipart/form-data"');
    const answer = await service.send('/datasets/shop.sales/files', {
      method: 'POST',
      body: form({ csrf }, { 'form 1.csv': CSV, 'form "2".csv': `${CSV}2,Bob,2.00,2024-01-03\n` }),
      headers: { cookie, origin: `http://${HOST}` },
    });
    expect([answer.status, answer.headers.get('location')]).toEqual([
      303,
      '/datasets/shop.sales?brought=2-0',
    ]);
    expect(await bronze()).toEqual(expect.arrayContaining(['form 1.csv', 'form %222%22.csv']));
    const after = await service.send('/datasets/shop.sales?brought=2-0', { headers: { cookie } });
    expect(await after.text()).toContain('2 files received');
  });

  test('brings nothing without the secret of the page, or from another site', async () => {
    const { cookie, csrf } = await session();
    const before = await bronze();
    for (const [fields, origin] of [
      [{}, `http://${HOST}`],
      [{ csrf: 'x' }, `http://${HOST}`],
      [{ csrf }, 'http://evil.test'],
    ] as const) {
      const answer = await service.send('/datasets/shop.sales/files', {
        method: 'POST',
        body: form(fields, { 'forged.csv': CSV }),
        headers: { cookie, origin },
      });
      expect(await code(answer)).toEqual([403, 'OTHER_SITE']);
    }
    expect(await bronze()).toEqual(before);
  });

  test('is taken by the API, too, and one that ends early is refused', async () => {
    const answer = await service.ask('/v1/datasets/shop.sales/files', {
      method: 'POST',
      body: form({}, { 'api.csv': `${CSV}9,Zoe,9.00,2024-01-03\n` }),
    });
    expect([answer.status, await answer.json()]).toEqual([
      200,
      { files: [expect.objectContaining({ name: 'api.csv' })] },
    ]);
    const before = await bronze();
    const cut = '--x\r\nContent-Disposition: form-data; name="file"; filename="cut.csv"\r\n\r\nsale_id,cust';
    const headers = { 'content-type': 'multipart/form-data; boundary=x' };
    const early = await service.ask('/v1/datasets/shop.sales/files', { method: 'POST', body: cut, headers });
    expect(await code(early)).toEqual([400, 'REQUEST']);
    const none = await service.ask('/v1/datasets/shop.sales/files', {
      method: 'POST',
      body: form({ a: 'b' }, {}),
    });
    expect(await code(none)).toEqual([400, 'REQUEST']);
    expect(await bronze()).toEqual(before);
  });
});

test('an upload that is broken off leaves nothing, neither in Bronze nor in the scratch space', async () => {
  const child = startAssay(['serve', '--port', '0', '--json'], shop);
  const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
  const { url, token }: { url: string; token: string } = JSON.parse(String(line));
  const before = await bronze();
  const isThere = async (): Promise<boolean> => (await scratchFiles()).includes('half.csv');
  const { port, host } = new URL(url);
  for (const length of ['Content-Length: 9000000', 'Transfer-Encoding: chunked']) {
    const socket = connect(Number(port), '127.0.0.1');
    await once(socket, 'connect');
    const chunk = `${CSV.length.toString(16)}\r\n${CSV}\r\n`;
    socket.write(
      `POST /v1/datasets/shop.sales/files?name=half.csv HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\nContent-Type: text/csv\r\n${length}\r\n\r\n${length.startsWith('C') ? CSV : chunk}`,
    );
    // It has begun to be written.
    await until('half.csv is in the scratch space', isThere);
    socket.destroy();
    await until('half.csv is gone from the scratch space', async () => !(await isThere()));
  }
  expect(await bronze()).toEqual(before);
  child.kill('SIGTERM');
  await once(child, 'exit');
});

const scratchFiles = (): Promise<string[]> => filesIn('');
