import { cp, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { initLake } from '../../adapters/local/lake.ts';
import { tempFolder } from '../adapters/temp-folder.ts';
import { type AskedService, openService } from './open-service.ts';

let service: AskedService;
let dispose: () => Promise<void>;
beforeAll(async () => {
  const made = await tempFolder();
  dispose = made.dispose;
  await mkdir(path.join(made.folder, 'sql'));
  await cp('contracts', path.join(made.folder, 'contracts'), { recursive: true });
  await cp('sql/gold', path.join(made.folder, 'sql/gold'), { recursive: true });
  await initLake(path.join(made.folder, 'lake'), { now: () => new Date() });
  service = await openService(made.folder);
});
afterAll(async () => {
  await service.close();
  await dispose();
});

/** The examples are of the lake that the demo makes; this one has its contracts, and no rows yet. */
test('docs/console.md: the examples of /v1/data and /graphql are answered', async () => {
  const text = await readFile('docs/console.md', 'utf8');
  const addresses = [...text.matchAll(/curl -s "http:\/\/127\.0\.0\.1:4180(\/v1\/data\/[^"]+)"/g)];
  expect(addresses).toHaveLength(2);
  for (const [, at = ''] of addresses) expect([at, (await service.ask(at)).status]).toEqual([at, 200]);
  const [, body = ''] = /\/graphql [\s\S]*?-d '(\{.*\})'\n/.exec(text) ?? [];
  const answer = await service.ask('/graphql', {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json' },
  });
  expect(await answer.json()).toEqual({
    data: { spend__monthly_totals: { nodes: [], pageInfo: { hasNextPage: false, endCursor: null } } },
  });
});
