import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { ConfigError } from '../../etl/errors.ts';
import { hasCode } from './file-errors.ts';

/** What answers requests: a request of web standards in, its answer out. */
export type Fetch = (request: Request) => Response | Promise<Response>;

/** A server that listens. */
export interface HttpServer {
  readonly port: number;
  /** Takes no more requests, and resolves when those under way are answered. */
  close(): Promise<void>;
}

/** Where to listen; port 0 is one that is free. */
export interface Listening {
  readonly host: string;
  readonly port: number;
}

/**
 * Listens on a host and port; `answer` is made when the port is known. Throws ConfigError `PORT_IN_USE`, `PORT_REFUSED` or
 * `NO_HOST`.
 */
export async function startServer(
  { host, port }: Listening,
  answer: (port: number) => Fetch,
): Promise<HttpServer> {
  let fetch: Fetch = () => new Response(null, { status: 503 });
  const server = createAdaptorServer({ fetch: (request) => fetch(request) });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenError(error, { host, port })));
    server.listen({ host, port }, () => resolve());
  });
  const { port: bound } = server.address() as AddressInfo;
  fetch = answer(bound);
  return {
    port: bound,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        if ('closeIdleConnections' in server) server.closeIdleConnections();
      }),
  };
}

function listenError(error: unknown, { host, port }: Listening): unknown {
  const context = { host, port };
  if (hasCode(error, 'EADDRINUSE'))
    return new ConfigError(
      'PORT_IN_USE',
      `Port ${port} is taken, maybe by another 'assay serve': choose another by --port, or write --port 0 for a free one.`,
      { context, cause: error },
    );
  if (hasCode(error, 'EACCES'))
    return new ConfigError(
      'PORT_REFUSED',
      `This user may not listen on port ${port}: choose one from 1024 on by --port.`,
      {
        context,
        cause: error,
      },
    );
  if (hasCode(error, 'EADDRNOTAVAIL') || hasCode(error, 'ENOTFOUND'))
    return new ConfigError('NO_HOST', `This machine has no address ${host}: leave --host out.`, {
      context,
      cause: error,
    });
  return error;
}
