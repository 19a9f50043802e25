import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { confluentRegistry } from '../../../adapters/http/confluent-registry.ts';
import { schemaFolder } from '../../../adapters/local/schema-folder.ts';
import { tempFolder } from '../../adapters/temp-folder.ts';

describe('a folder of schemas', () => {
  let folder: string;
  let dispose: () => Promise<void>;
  beforeAll(async () => {
    ({ folder, dispose } = await tempFolder());
    const write = async (name: string, text: string): Promise<void> => {
      await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
      await writeFile(path.join(folder, name), text);
    };
    await write('orders.created/1.json', '{}');
    await write('orders.created/2.json', '{"type":"object"}');
    await write('orders.created/10.avsc', '"string"');
    await write('orders.created/README.md', 'no schema');
    await write('orders.paid/1.proto', 'syntax = "proto3"; message A {}');
    await write('secret.json', '{}');
    await write(
      'registry.yaml',
      'compatibility: FORWARD\nsubjects: {orders.paid: FULL}\nids: {"7": "orders.created:2"}\n',
    );
  });
  afterAll(() => dispose());

  test('has them by their ids, by ids of payloads, and the newest', async () => {
    const registry = schemaFolder(folder);
    expect(await registry.schema('folder:orders.created:2')).toEqual({
      ...{ id: 'folder:orders.created:2', subject: 'orders.created', version: 2, format: 'json' },
      ...{ text: '{"type":"object"}', compatibility: 'FORWARD' },
    });
    expect(await registry.schema('7')).toMatchObject({ id: 'folder:orders.created:2' });
    expect(await registry.latest('orders.created')).toMatchObject({ version: 10, format: 'avro' });
    expect(await registry.latest('orders.paid')).toMatchObject({ format: 'protobuf', compatibility: 'FULL' });
  });

  test.each([
    'folder:orders.created:3',
    'folder:orders.created:01',
    'glue:orders.created:1',
    '8',
    'toString',
    'folder:..:1',
    'folder:../secret:1',
    'folder:orders.created/../orders.paid:1',
    'folder:none:1',
  ])('knows no %s', async (id) => {
    expect(await schemaFolder(folder).schema(id)).toBeUndefined();
    expect(await schemaFolder(path.join(folder, 'none')).latest('orders')).toBeUndefined();
  });
});

describe("a registry by Confluent's HTTP interface that is in trouble", () => {
  let url: URL;
  let answer: (request: IncomingMessage) => [number, string] | undefined;
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    const said = answer(request);
    if (said === undefined) return;
    response.writeHead(said[0], { location: 'http://127.0.0.1:1/' });
    response.end(said[1]);
  });
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = new URL(`http://ann:p%40ss@127.0.0.1:${(server.address() as AddressInfo).port}/base`);
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  test.each([
    ['fails', 500, '{}', 'TransientError', 'SCHEMA_REGISTRY_UNAVAILABLE'],
    ['leads elsewhere', 302, '', 'TransientError', 'SCHEMA_REGISTRY_UNAVAILABLE'],
    ['is asked too often', 429, '', 'TransientError', 'SCHEMA_REGISTRY_UNAVAILABLE'],
    ['knows nobody', 401, '{}', 'ConfigError', 'SCHEMA_REGISTRY_DENIED'],
    ['is another page', 200, '<html>', 'DataError', 'SCHEMA_REGISTRY_ANSWER'],
    ['says something else', 200, '{"schema":7}', 'DataError', 'SCHEMA_REGISTRY_ANSWER'],
  ])('that %s says so', async (_, status, text, name, code) => {
    answer = () => [status, text];
    const asked = confluentRegistry({ url }).schema('7');
    await expect(asked).rejects.toMatchObject({ name, code });
    const error = await asked.catch((one: unknown) => one);
    expect(String(error)).not.toContain('p@ss');
  });

  test('that never answers is given up, and one that is not there is unavailable', async () => {
    answer = () => undefined;
    const slow = confluentRegistry({ url, timeoutMs: 50 }).schema('7');
    await expect(slow).rejects.toMatchObject({ code: 'SCHEMA_REGISTRY_UNAVAILABLE' });
    const gone = confluentRegistry({ url: new URL('http://127.0.0.1:1') }).latest('a');
    await expect(gone).rejects.toMatchObject({ code: 'SCHEMA_REGISTRY_UNAVAILABLE' });
  });

  test('is asked below its address, by name and password or by token, and subjects with slashes are one', async () => {
    answer = () => [404, '{"error_code":40401}'];
    seen.length = 0;
    expect(await confluentRegistry({ url }).latest('a/../b c')).toBeUndefined();
    expect(await confluentRegistry({ url, token: 't' }).schema('7')).toBeUndefined();
    expect(seen.map((request) => [request.url, request.headers.authorization])).toEqual([
      ['/base/subjects/a%2F..%2Fb%20c/versions/latest', `Basic ${btoa('ann:p@ss')}`],
      ['/base/schemas/ids/7', 'Bearer t'],
    ]);
  });

  test('an id that several subjects share is the one of the subject that is asked for', async () => {
    answer = ({ url: at = '' }) => {
      if (at.endsWith('/versions')) return [200, '[{"subject":"a","version":1},{"subject":"b","version":3}]'];
      return at.includes('/config')
        ? [200, '{"compatibilityLevel":"FULL"}']
        : [200, '{"schema":"\\"long\\""}'];
    };
    const registry = confluentRegistry({ url });
    expect(await registry.schema('7', 'b')).toEqual({
      ...{ id: 'confluent:b:3', subject: 'b', version: 3, format: 'avro', text: '"long"' },
      compatibility: 'FULL',
    });
    expect(await registry.schema('7', 'c')).toMatchObject({ id: 'confluent:a:1' });
  });
});
