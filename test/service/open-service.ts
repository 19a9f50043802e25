import path from 'node:path';
import { engineProcesses } from '../../adapters/local/engine-process/engine-process.ts';
import { openLake } from '../../adapters/local/lake.ts';
import { runDataset, runOnce } from '../../adapters/local/run-dataset.ts';
import type { Runs } from '../../etl/operations/runs.ts';
import type { Effects } from '../../etl/ports.ts';
import { createApp } from '../../service/app.ts';
import { localAccess } from '../../service/identity/local-access.ts';
import type { Role } from '../../service/identity/permissions.ts';
import { memorySessions } from '../../service/identity/sessions.ts';
import { openDesk } from '../../service/queries/desk.ts';

/** The host by which the tests ask. */
export const HOST = 'assay.test:1';
const TOKEN = 'the-token-of-the-tests';

/** A service over a lake, asked without a socket. */
export interface AskedService {
  /** Sends a request as it is, but for the Host header. */
  send(at: string, init?: RequestInit): Promise<Response>;
  /** Sends a request with the token. */
  ask(at: string, init?: RequestInit): Promise<Response>;
  /** The JSON of an answer to a GET with the token; throws where its status is another than 200. */
  json(at: string): Promise<unknown>;
  /** POSTs JSON with the token. */
  post(at: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Response>;
  /** Signs in by the address and returns the Cookie header of the session. */
  signIn(): Promise<string>;
  /** Ends the queries that were asked. */
  close(): Promise<void>;
}

/** How a service is opened. */
export interface Opening {
  readonly roles?: readonly Role[];
  readonly isReadOnly?: boolean;
}

/** Opens the service of the lake in a shop's folder. */
export async function openService(
  cwd: string,
  { roles = ['admin'], isReadOnly = false }: Opening = {},
): Promise<AskedService> {
  const { effects } = await openLake(path.join(cwd, 'lake'), {
    contractsDir: path.join(cwd, 'contracts'),
    sqlDir: path.join(cwd, 'sql/gold'),
    threads: 2,
  });
  const engine = { ...effects.engine, memoryLimitMb: 128, threads: 1 };
  const queries = openDesk({
    effects,
    openEngine: engineProcesses(engine, effects.openScratch),
    atOnce: 4,
    deadlineMs: 60_000,
    keptMs: 60_000,
  });
  const app = createApp({
    lake: { effects, runs: runsOn(effects) },
    lakeName: 'lake',
    version: '0.0.0',
    access: localAccess(TOKEN, { name: 'ann', roles }),
    sessions: memorySessions(effects.clock),
    queries,
    cookieName: 'assay-1',
    hosts: new Set([HOST]),
    isReadOnly,
    assets: new Map([['style.css', { type: 'text/css', body: 'body{}' }]]),
    onError: (error) => console.error(error),
  });
  const send: AskedService['send'] = async (at, init = {}) => {
    const headers = new Headers(init.headers);
    if (!headers.has('host')) headers.set('host', HOST);
    return await app.request(`http://${HOST}${at}`, { ...init, headers });
  };
  const ask: AskedService['ask'] = (at, init = {}) => {
    const headers = new Headers(init.headers);
    headers.set('authorization', `Bearer ${TOKEN}`);
    return send(at, { ...init, headers });
  };
  return {
    send,
    ask,
    async json(at) {
      const answer = await ask(at);
      if (answer.status !== 200) throw new Error(`${at}: ${answer.status} ${await answer.text()}`);
      return await answer.json();
    },
    post: (at, body, headers = {}) =>
      ask(at, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json', ...headers },
      }),
    async signIn() {
      const { headers } = await send(`/?token=${TOKEN}`, { headers: { accept: 'text/html' } });
      return (headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    },
    close: () => queries.close(),
  };
}

function runsOn(effects: Effects): Runs {
  return {
    dataset: (dataset) => runDataset(dataset, effects),
    backfill: ({ dataset, runId }) => runOnce(dataset, effects, { runId }),
    approved: (dataset, approval) => runOnce(dataset, effects, approval),
    resealed: ({ dataset, runId }) => runOnce(dataset, effects, { runId, start: 'reseal' }),
  };
}
