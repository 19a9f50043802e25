import { isIP } from 'node:net';
import { readConsoleFiles } from '../../adapters/local/console-files.ts';
import { engineProcesses } from '../../adapters/local/engine-process/engine-process.ts';
import { type HttpServer, startServer } from '../../adapters/local/http-server.ts';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import type { Effects } from '../../etl/ports.ts';
import { createApp } from '../../service/app.ts';
import { localAccess } from '../../service/identity/local-access.ts';
import { newSecret } from '../../service/identity/same-secret.ts';
import { memorySessions } from '../../service/identity/sessions.ts';
import { openDesk, type QueryDesk } from '../../service/queries/desk.ts';
import type { Args, Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { identity } from '../identity.ts';
import type { Io } from '../io.ts';
import { shownPath } from '../locations.ts';
import { openBrowser } from '../open-browser.ts';
import { type CommandLake, openLakeOf } from '../open-lake.ts';
import { messageText, stackOf } from '../print/error.ts';
import { printable } from '../print/printable.ts';
import { usageError } from '../usage-error.ts';
import { version } from '../version.ts';

const DEFAULT_PORT = '4180';
const DEFAULT_HOST = '127.0.0.1';

/** `assay serve`: the console and the API of a lake, on this machine. */
export const serve: Command = {
  name: 'serve',
  usage: '[--port N] [--host H] [--open] [--read-only] [--lake DIR]',
  description: `Serves a console for people and a REST API for programs: what is in the lake, how its runs went, and what waits for a
decision. It prints an address whose token works once and becomes a session of the browser; programs send the token as
'Authorization: Bearer TOKEN'. Only this machine is answered. What is decided there is decided under your name ($ASSAY_USER,
then the name you logged in with). Ctrl-C ends it when what is under way is done. With --json, the first line is
{"url", "token", "pid"}.`,
  options: {
    port: {
      type: 'string',
      value: 'N',
      help: `the port to listen on (default: ${DEFAULT_PORT}); 0 for any that is free`,
    },
    host: {
      type: 'string',
      value: 'H',
      help: `an address of this machine to listen on (default: ${DEFAULT_HOST})`,
    },
    open: { type: 'boolean', help: 'open the address in the browser' },
    'read-only': { type: 'boolean', help: 'change nothing, whoever asks' },
  },
  examples: ['assay serve --lake lake/demo', 'assay serve --open --read-only', 'assay serve --port 0 --json'],
  positionals: { min: 0, max: 0, name: '' },
  localOnly: 'it serves a lake in a folder.',
  async run(args, io) {
    const { host, port } = listeningOf(args);
    const lake = await openLakeOf(args, io);
    // Contracts that can't be read at all are told now, and not on the first page.
    await loadContracts(lake.effects.contracts);
    const token = newSecret();
    const queries = deskOf(lake.effects);
    const server = await start({ lake, queries, token, host, port }, args, io);
    const url = `http://${bracketed(host)}:${server.port}`;
    const address = `${url}/?token=${token}`;
    if (args.has('json')) io.out(JSON.stringify({ url, token, pid: process.pid }));
    else
      io.out(
        printable(
          `Serving ${shownPath(lake.root, io)} at ${address}\nThe address works once; Ctrl-C ends it.`,
        ),
      );
    if (args.has('open') && !(await openBrowser(address)))
      io.err('warning: no browser was found to open the address with.');
    await interrupted(io);
    if (!args.has('json')) io.err('Ending when what is under way is done; Ctrl-C again ends at once.');
    await server.close();
    await queries.close();
    return EXIT.ok;
  },
};

interface Serving {
  readonly lake: CommandLake;
  readonly queries: QueryDesk;
  readonly token: string;
  readonly host: string;
  readonly port: number;
}

async function start({ lake, queries, token, host, port }: Serving, args: Args, io: Io): Promise<HttpServer> {
  const { clock } = lake.effects;
  const known = {
    lake,
    queries,
    lakeName: shownPath(lake.root, io),
    version: await version(),
    access: localAccess(token, { name: identity(args, io), roles: ['admin'] }),
    sessions: memorySessions(clock),
    isReadOnly: args.has('read-only'),
    assets: await readConsoleFiles(),
    onError: (error: unknown) =>
      io.err(printable(args.has('debug') ? stackOf(error) : messageText(error, false))),
  };
  return await startServer({ host, port }, (bound) => {
    const names = new Set([bracketed(host), '127.0.0.1', 'localhost', '[::1]']);
    const hosts = new Set([...names].map((name) => (bound === 80 ? name : `${name}:${bound}`)));
    const app = createApp({ ...known, hosts, cookieName: `assay-${bound}` });
    return (request) => app.fetch(request);
  });
}

/** What SQL of people may take: that a few of them ask at once keeps nobody's machine. */
const QUERY_MEMORY_MB = 512;
const QUERY_SPILL_MB = 4096;

function deskOf(effects: Effects): QueryDesk {
  const engine = { ...effects.engine, memoryLimitMb: QUERY_MEMORY_MB, spillLimitMb: QUERY_SPILL_MB };
  return openDesk({
    effects,
    openEngine: engineProcesses(engine, effects.openScratch),
    atOnce: 4,
    deadlineMs: 300_000,
    keptMs: 600_000,
  });
}

const bracketed = (host: string): string => (isIP(host) === 6 ? `[${host}]` : host);

function listeningOf(args: Args): { host: string; port: number } {
  const text = args.text('port') ?? DEFAULT_PORT;
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw usageError(`--port ${text} is no port: write a number from 1 to 65535, or 0 for one that is free.`);
  const host = args.text('host') ?? DEFAULT_HOST;
  if (!isLoopback(host))
    throw usageError(
      `--host ${host} would answer other machines, and the token is for one person at this one: leave --host out. To look from elsewhere, forward the port: ssh -L ${text}:127.0.0.1:${text} HOST.`,
    );
  return { host, port: Number(text) };
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));

/** Resolves at the first Ctrl-C or SIGTERM; a second one ends the process as usual. */
function interrupted(io: Io): Promise<void> {
  return new Promise((resolve) => {
    const ignore = io.onInterrupt(() => {
      ignore();
      resolve();
    });
  });
}
