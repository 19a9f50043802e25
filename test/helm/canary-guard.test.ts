import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { CHART } from './charts.ts';

/** The guard of the canary, with a Prometheus and a Kubernetes that say what the test wants. */

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly body: string;
  readonly authorization: string | undefined;
}

let folder = '';
let server: Server;
let at = '';
let asked: Asked[] = [];
let replicas = 1;
let prometheus: (query: string) => readonly [number, unknown] = () => [200, []];

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'assay-guard-'));
  await writeFile(path.join(folder, 'token'), 'a-token\n');
  await writeFile(
    path.join(folder, 'rules.json'),
    JSON.stringify({ 'events wait': 'lag > 1', 'it is slow': 'p95 > 1' }),
  );
  server = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(Buffer.from(piece));
    const { method = '', url = '' } = request;
    const body = Buffer.concat(pieces).toString();
    asked.push({ method, url, body, authorization: request.headers.authorization });
    const query = new URL(url, at).searchParams.get('query');
    const [status, result] = query === null ? [200, undefined] : prometheus(query);
    response.writeHead(status, { 'content-type': 'application/json' });
    const answer = query === null ? { spec: { replicas } } : { status: 'success', data: { result } };
    response.end(JSON.stringify(answer));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  at = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
});
afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  [asked, replicas, prometheus] = [[], 1, () => [200, []]];
});

async function guard(): Promise<{ readonly code: number | null; readonly out: string }> {
  const env = {
    PATH: process.env.PATH,
    ...{ PROMETHEUS_URL: `${at}/`, KUBERNETES_API: at, NAMESPACE: 'prod', DEPLOYMENT: 'assay-canary' },
    ...{ RULES: path.join(folder, 'rules.json'), TOKEN_FILE: path.join(folder, 'token') },
  };
  const child = spawn(process.execPath, [path.join(CHART, 'files/canary-guard.mjs')], { env });
  let out = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (piece) => {
      out += String(piece);
    });
  const [code] = await once(child, 'close');
  return { code, out };
}

const patches = (): Asked[] => asked.filter(({ method }) => method === 'PATCH');

test('a canary that is well stays', async () => {
  expect(await guard()).toEqual({ code: 0, out: 'assay-canary is well.\n' });
  expect(patches()).toEqual([]);
});

test('one that breaks a rule is scaled to nothing, and why is said', async () => {
  prometheus = (query) => [200, query === 'lag > 1' ? [{ value: [0, '7'] }] : []];
  expect(await guard()).toEqual({ code: 0, out: 'assay-canary was taken back: events wait.\n' });
  expect(patches()).toEqual([
    {
      method: 'PATCH',
      url: '/apis/apps/v1/namespaces/prod/deployments/assay-canary/scale',
      body: '{"spec":{"replicas":0}}',
      authorization: 'Bearer a-token',
    },
  ]);
});

test('where Prometheus can not say, nothing is changed and the job fails', async () => {
  prometheus = () => [503, []];
  const { code, out } = await guard();
  expect(code).not.toBe(0);
  expect(out).toContain('Prometheus answered 503');
  expect(patches()).toEqual([]);
});

test('one that was taken back is not asked about again', async () => {
  replicas = 0;
  expect(await guard()).toEqual({ code: 0, out: 'assay-canary is taken back already.\n' });
  expect(asked).toHaveLength(1);
});
