import { bronzeKeeper } from '../../adapters/local/bronze-keeper.ts';
import { systemClock } from '../../adapters/local/clock.ts';
import { readConsoleFiles } from '../../adapters/local/console-files.ts';
import { engineProcesses } from '../../adapters/local/engine-process/engine-process.ts';
import { everyFile } from '../../adapters/local/every-file.ts';
import { type HttpServer, startServer } from '../../adapters/local/http-server.ts';
import { uploadIntake } from '../../adapters/local/upload-intake.ts';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import type { Effects } from '../../etl/ports.ts';
import { createApp } from '../../service/app.ts';
import { openKeptHealth } from '../../service/health/kept-health.ts';
import { localAccess } from '../../service/identity/local-access.ts';
import { memoryTickets } from '../../service/identity/memory-tickets.ts';
import type { Oidc } from '../../service/identity/oidc/oidc.ts';
import { newSecret } from '../../service/identity/same-secret.ts';
import { openSessions, SESSION_HOURS } from '../../service/identity/sessions.ts';
import { type AdoptionDesk, openAdoptionDesk } from '../../service/privacy/adoption-desk.ts';
import { type LookingDesk, openLookingDesk } from '../../service/privacy/looking-desk.ts';
import { openProjectionChanges } from '../../service/projections/projection-changes.ts';
import { openRecordDesk, type RecordDesk } from '../../service/quarantine/record-desk.ts';
import { openDesk, type QueryDesk } from '../../service/queries/desk.ts';
import { openRunDesk, type RunDesk } from '../../service/runs/run-desk.ts';
import { watchRuns } from '../../service/runs/run-watch.ts';
import { watchedLake } from '../../service/runs/watched-lake.ts';
import { documentsPolicyStore } from '../../stream/policy/documents-policy-store.ts';
import type { Args, Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { identity } from '../identity.ts';
import type { Io } from '../io.ts';
import { shownPath } from '../locations.ts';
import { openBrowser } from '../open-browser.ts';
import { type CommandLake, openLakeOf } from '../open-lake.ts';
import { messageText, stackOf } from '../print/error.ts';
import { printable } from '../print/printable.ts';
import { REGISTRY_OPTION, registryOf } from '../schema-registry.ts';
import { bracketed, LISTENING_OPTIONS, type Listening, listeningOf } from '../serve/listening.ts';
import { OIDC_OPTIONS, type OidcPlan, oidcOf } from '../serve/oidc.ts';
import { usageError } from '../usage-error.ts';
import { version } from '../version.ts';

/** `assay serve`: the console and the API of a lake, on this machine. */
export const serve: Command = {
  name: 'serve',
  usage:
    '[--port N] [--host H] [--open] [--read-only] [--oidc-issuer URL --oidc-audience A [--public-url URL]]',
  description: `Serves a console for people and a REST API for programs: what is in the lake, how its runs went, and what waits for a
decision. It prints an address whose token works once and becomes a session of the browser; programs send the token as
'Authorization: Bearer TOKEN'. Only this machine is answered. What is decided there is decided under your name ($ASSAY_USER,
then the name you logged in with). Ctrl-C ends it when what is under way is done. With --json, the first line is
{"url", "token", "pid"}.

With --oidc-issuer, several people use it: each signs in at the issuer's, has the roles that a claim of their token names,
and decides under a name of their own; programs send the issuer's access tokens, and there is no token of the service
(null in the JSON). Only then may --host be another than this machine's own, with a proxy before it that has a certificate
and whose address --public-url names; headers as X-Forwarded-For are not believed. The client's secret, where it has one, is
$ASSAY_OIDC_CLIENT_SECRET; its redirect address is that of the service with /sign-in/callback.`,
  options: {
    ...LISTENING_OPTIONS,
    open: { type: 'boolean', help: 'open the address in the browser' },
    'read-only': { type: 'boolean', help: 'change nothing, whoever asks' },
    'session-hours': {
      type: 'string',
      value: 'N',
      help: `hours after which people sign in again (default: ${SESSION_HOURS})`,
    },
    ...REGISTRY_OPTION,
    ...OIDC_OPTIONS,
  },
  examples: [
    'assay serve --lake lake/demo',
    'assay serve --open --read-only',
    'assay serve --port 0 --json',
    'assay serve --host 0.0.0.0 --public-url https://assay.example.org --oidc-issuer https://login.example.org --oidc-audience assay',
  ],
  positionals: { min: 0, max: 0, name: '' },
  localOnly: 'it serves a lake in a folder.',
  async run(args, io) {
    const plan = await oidcOf(args, io);
    const listening = listeningOf(args, { hasIssuer: plan !== undefined });
    const sessionHours = sessionHoursOf(args);
    const watch = watchRuns(systemClock);
    const opened = await openLakeOf(args, io, watch.told);
    const lake = { ...opened, ...watchedLake(opened, watch) };
    // Contracts that can't be read at all are told now, and not on the first page.
    await loadContracts(lake.effects.contracts);
    const token = plan === undefined ? newSecret() : undefined;
    const queries = deskOf(lake.effects);
    const runs = openRunDesk(lake, watch);
    const records = openRecordDesk(lake.effects);
    const adoptions = openAdoptionDesk(lake, bronzeKeeper(lake));
    const looking = openLookingDesk(() => everyFile(lake.root, shownPath(lake.root, io)), lake.effects.clock);
    const { server, url, oidc } = await start(
      { lake, queries, runs, records, adoptions, looking, token, plan, listening, sessionHours },
      args,
      io,
    );
    const address = token === undefined ? url : `${url}/?token=${token}`;
    if (args.has('json')) io.out(JSON.stringify({ url, token: token ?? null, pid: process.pid }));
    else {
      const how =
        token === undefined ? `People sign in at ${args.text('oidc-issuer')}.` : 'The address works once.';
      io.out(printable(`Serving ${shownPath(lake.root, io)} at ${address}`));
      io.out(printable(`${how} Ctrl-C ends it.`));
    }
    await oidc?.ready().catch((error: unknown) => io.err(printable(`warning: ${messageText(error, false)}`)));
    if (args.has('open') && !(await openBrowser(address)))
      io.err('warning: no browser was found to open the address with.');
    await interrupted(io);
    if (!args.has('json')) io.err('Ending when what is under way is done; Ctrl-C again ends at once.');
    runs.end();
    await server.close();
    await queries.close();
    await runs.close();
    await records.close();
    await adoptions.close();
    await looking.close();
    return EXIT.ok;
  },
};

interface Serving {
  readonly lake: CommandLake;
  readonly queries: QueryDesk;
  readonly runs: RunDesk;
  readonly records: RecordDesk;
  readonly adoptions: AdoptionDesk;
  readonly looking: LookingDesk;
  /** Undefined where an issuer says who people are. */
  readonly token: string | undefined;
  readonly plan: OidcPlan | undefined;
  readonly listening: Listening;
  readonly sessionHours: number;
}

interface Served {
  readonly server: HttpServer;
  /** Where it is reached. */
  readonly url: string;
  readonly oidc: Oidc | undefined;
}

async function start(
  { lake, queries, runs, records, adoptions, looking, token, plan, listening, sessionHours }: Serving,
  args: Args,
  io: Io,
): Promise<Served> {
  const { clock } = lake.effects;
  const schemas = await registryOf(args, io, clock);
  const tickets = memoryTickets(clock);
  const known = {
    lake,
    queries,
    runs,
    records,
    adoptions,
    looking,
    changes: openProjectionChanges(lake.effects),
    health: openKeptHealth(lake.effects),
    policies: documentsPolicyStore(lake.effects.objects),
    ...(schemas === undefined ? {} : { schemas }),
    intake: uploadIntake(lake, MOST_UPLOAD_BYTES),
    lakeName: shownPath(lake.root, io),
    version: await version(),
    sessions: openSessions({ tickets, clock, hours: sessionHours }),
    isReadOnly: args.has('read-only'),
    assets: await readConsoleFiles(),
    onError: (error: unknown) =>
      io.err(printable(args.has('debug') ? stackOf(error) : messageText(error, false))),
  };
  const { host, publicUrl } = listening;
  let oidc: Oidc | undefined;
  const urlAt = (port: number): URL => publicUrl ?? new URL(`http://${bracketed(host)}:${port}`);
  const server = await startServer(listening, (port) => {
    const url = urlAt(port);
    oidc = plan?.({ publicUrl: url, tickets, clock });
    const app = createApp({
      ...known,
      ...(oidc === undefined ? {} : { oidc }),
      access:
        oidc?.access ?? localAccess(token ?? newSecret(), { name: identity(args, io), roles: ['admin'] }),
      hosts: oidc === undefined ? ownHosts(host, port) : new Set([url.host]),
      isSecure: url.protocol === 'https:',
      cookieName: url.protocol === 'https:' ? '__Host-assay' : `assay-${port}`,
    });
    return (request) => app.fetch(request);
  });
  return { server, url: urlAt(server.port).origin, oidc };
}

/** The names by which this machine asks itself. */
function ownHosts(host: string, port: number): ReadonlySet<string> {
  const names = new Set([bracketed(host), '127.0.0.1', 'localhost', '[::1]']);
  return new Set([...names].map((name) => (port === 80 ? name : `${name}:${port}`)));
}

const MOST_HOURS = 24 * 7;

function sessionHoursOf(args: Args): number {
  const text = args.text('session-hours') ?? String(SESSION_HOURS);
  const hours = Number(text);
  if (/^\d+$/.test(text) && hours >= 1 && hours <= MOST_HOURS) return hours;
  throw usageError(`--session-hours ${text}: write a whole number of hours, from 1 to ${MOST_HOURS}.`);
}

/** One file that is sent: it is written twice, and larger ones are better ingested where they lie. */
const MOST_UPLOAD_BYTES = 10_000_000_000;

/** What SQL of people may take: that a few of them ask at once keeps nobody's machine. */
const QUERY_MEMORY_MB = 512;
const QUERY_SPILL_MB = 4096;

function deskOf(effects: Effects): QueryDesk {
  const engine = {
    ...{ ...effects.engine, memoryLimitMb: QUERY_MEMORY_MB, spillLimitMb: QUERY_SPILL_MB },
    // An answer may have values that were revealed.
    isSpillSealed: true as const,
  };
  return openDesk({
    effects,
    openEngine: engineProcesses(engine, effects.openScratch),
    atOnce: 4,
    deadlineMs: 300_000,
    keptMs: 600_000,
  });
}

/** Resolves at the first Ctrl-C or SIGTERM; a second one ends the process as usual. */
function interrupted(io: Io): Promise<void> {
  return new Promise((resolve) => {
    const ignore = io.onInterrupt(() => {
      ignore();
      resolve();
    });
  });
}
