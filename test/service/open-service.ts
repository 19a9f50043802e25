import path from 'node:path';
import { bronzeKeeper } from '../../adapters/local/bronze-keeper.ts';
import { systemClock } from '../../adapters/local/clock.ts';
import { engineProcesses } from '../../adapters/local/engine-process/engine-process.ts';
import { everyFile } from '../../adapters/local/every-file.ts';
import { openLake } from '../../adapters/local/lake.ts';
import { runDataset, runOnce } from '../../adapters/local/run-dataset.ts';
import { uploadIntake } from '../../adapters/local/upload-intake.ts';
import type { Runs } from '../../etl/operations/runs.ts';
import type { Clock, Effects } from '../../etl/ports.ts';
import { createApp } from '../../service/app.ts';
import { openKeptHealth } from '../../service/health/kept-health.ts';
import { localAccess } from '../../service/identity/local-access.ts';
import { memoryTickets } from '../../service/identity/memory-tickets.ts';
import { type Oidc, openOidc } from '../../service/identity/oidc/oidc.ts';
import type { Role } from '../../service/identity/permissions.ts';
import { memorySessions } from '../../service/identity/sessions.ts';
import { openAdoptionDesk } from '../../service/privacy/adoption-desk.ts';
import { openLookingDesk } from '../../service/privacy/looking-desk.ts';
import { openProjectionChanges } from '../../service/projections/projection-changes.ts';
import { openRecordDesk } from '../../service/quarantine/record-desk.ts';
import { openDesk } from '../../service/queries/desk.ts';
import { openRunDesk } from '../../service/runs/run-desk.ts';
import { watchRuns } from '../../service/runs/run-watch.ts';
import { watchedLake } from '../../service/runs/watched-lake.ts';
import { documentsPolicyStore } from '../../stream/policy/documents-policy-store.ts';
import type { PolicyStore } from '../../stream/policy/policy-store.ts';
import type { SchemaRegistry } from '../../stream/registry/registry.ts';
import type { AskedService } from './asked-service.ts';
import { describedAnswers } from './described-answers.ts';

export type { AskedService } from './asked-service.ts';

import { AUDIENCE, CLIENT_ID } from './oidc-client.ts';

/** The host by which the tests ask. */
export const HOST = 'assay.test:1';
/** The token that the tests send. */
export const TOKEN = 'the-token-of-the-tests';

/** How a service is opened. */
export interface Opening {
  /** The hosts by which it is asked, where it is not HOST alone. */
  readonly hosts?: ReadonlySet<string>;
  /** Who asks; ann unless said. */
  readonly name?: string;
  readonly roles?: readonly Role[];
  readonly groups?: readonly string[];
  readonly teams?: readonly string[];
  readonly isReadOnly?: boolean;
  /** Where policies are kept, instead of in the lake. */
  readonly policies?: PolicyStore;
  readonly schemas?: SchemaRegistry;
  /** Where people sign in, instead of by the token. */
  readonly issuer?: string;
}

/** Opens the service of the lake in a shop's folder. */
export async function openService(
  cwd: string,
  {
    name = 'ann',
    roles = ['admin'],
    groups = [],
    teams = [],
    isReadOnly = false,
    issuer,
    hosts,
    policies,
    schemas,
  }: Opening = {},
): Promise<AskedService> {
  const watch = watchRuns(systemClock);
  const local = await openLake(path.join(cwd, 'lake'), {
    ...watch.told,
    contractsDir: path.join(cwd, 'contracts'),
    sqlDir: path.join(cwd, 'sql/gold'),
    threads: 2,
  });
  const { effects } = local;
  const engine = { ...effects.engine, memoryLimitMb: 128, threads: 1 };
  const queries = openDesk({
    effects,
    openEngine: engineProcesses(engine, effects.openScratch),
    atOnce: 4,
    // On a machine that is busy with everything else.
    deadlineMs: 300_000,
    keptMs: 60_000,
  });
  const lake = watchedLake({ effects, runs: runsOn(effects) }, watch);
  const runs = openRunDesk(lake, watch);
  const { clock } = effects;
  const oidc = issuer === undefined ? undefined : openOidcOf(issuer, clock);
  const records = openRecordDesk(effects);
  const adoptions = openAdoptionDesk(lake, bronzeKeeper(local));
  const looking = openLookingDesk(() => everyFile(path.join(cwd, 'lake'), 'lake'), clock);
  const app = createApp({
    lake,
    runs,
    records,
    adoptions,
    looking,
    changes: openProjectionChanges(effects),
    health: openKeptHealth(effects),
    policies: policies ?? documentsPolicyStore(effects.objects),
    ...(schemas === undefined ? {} : { schemas }),
    intake: uploadIntake(local, 100_000_000),
    lakeName: 'lake',
    version: '0.0.0',
    access: oidc?.access ?? localAccess(TOKEN, { name, roles, groups, teams }),
    ...(oidc === undefined ? {} : { oidc }),
    sessions: memorySessions(clock),
    queries,
    cookieName: 'assay-1',
    hosts: hosts ?? new Set([HOST]),
    isSecure: false,
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
  return describedAnswers({
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
    fetch: async (request) => await app.fetch(request),
    async close() {
      runs.end();
      await queries.close();
      await runs.close();
      await records.close();
      await adoptions.close();
      await looking.close();
    },
  });
}

/** Signing in to the service of the tests by an issuer. */
export function openOidcOf(issuer: string, clock: Clock = systemClock): Oidc {
  const settings = {
    ...{
      issuer,
      audience: AUDIENCE,
      clientId: CLIENT_ID,
      rolesClaim: 'roles',
      nameClaims: ['sub'],
      scopes: [],
    },
    ...{ publicUrl: new URL(`http://${HOST}`), clock, fetch, isPlain: true },
  };
  return openOidc(settings, memoryTickets(clock), { cooldownMs: 0 });
}

function runsOn(effects: Effects): Runs {
  return {
    dataset: (dataset, options) => runDataset(dataset, effects, options),
    backfill: ({ dataset, runId }) => runOnce(dataset, effects, { runId }),
    approved: (dataset, approval) => runOnce(dataset, effects, approval),
    resealed: ({ dataset, runId }) => runOnce(dataset, effects, { runId, start: 'reseal' }),
  };
}
