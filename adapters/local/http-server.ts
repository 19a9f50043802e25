import { Buffer } from 'node:buffer';
import { STATUS_CODES } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
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
  /** The option by which people choose the port; `--port` unless said. */
  readonly option?: '--port' | '--metrics-port';
}

/**
 * Listens on a host and port; `answer` is made when the port is known. Throws ConfigError `PORT_IN_USE`, `PORT_REFUSED` or
 * `NO_HOST`.
 */
export async function startServer(
  { host, port, option = '--port' }: Listening,
  answer: (port: number) => Fetch,
): Promise<HttpServer> {
  let fetch: Fetch = () => new Response(null, { status: 503 });
  const server = createAdaptorServer({ fetch: (request) => fetch(request) });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenError(error, { host, port, option })));
    server.listen({ host, port }, () => resolve());
  });
  server.on('clientError', refuseUnread);
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

/** Answers what Node doesn't even read: a request whose address and headers are too long, or that is none. */
function refuseUnread(error: Error, socket: Duplex): void {
  if (!socket.writable) return;
  const [status, title, code] = hasCode(error, 'HPE_HEADER_OVERFLOW')
    ? [431, 'The address and the headers are too long', 'TOO_LARGE']
    : [400, 'The request is no HTTP', 'REQUEST'];
  const detail = `${title}.`;
  const body = JSON.stringify({
    type: `urn:assay:problem:${code}`,
    title,
    status,
    detail,
    code,
    context: {},
  });
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

function listenError(
  error: unknown,
  { host, port, option }: Omit<Listening, 'option'> & { readonly option: string },
): unknown {
  const context = { host, port };
  if (hasCode(error, 'EADDRINUSE'))
    return new ConfigError(
      'PORT_IN_USE',
      `Port ${port} is taken, maybe by another 'assay serve' or 'assay enforce': choose another by ${option}, or write ${option} 0 for a free one.`,
      { context, cause: error },
    );
  if (hasCode(error, 'EACCES'))
    return new ConfigError(
      'PORT_REFUSED',
      `This user may not listen on port ${port}: choose one from 1024 on by ${option}.`,
      {
        context,
        cause: error,
      },
    );
  if (hasCode(error, 'EADDRNOTAVAIL') || hasCode(error, 'ENOTFOUND'))
    return new ConfigError(
      'NO_HOST',
      `This machine has no address ${host}: leave ${option.replace('port', 'host')} out.`,
      {
        context,
        cause: error,
      },
    );
  return error;
}
