import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A post as it came. */
export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly path: string;
}

/** A program that is told things by HTTP, on this machine. */
export interface Receiver {
  readonly url: string;
  /** What came, in order, refused ones included. */
  readonly received: Received[];
  /** What it answers from now on; 0 breaks the connection off. */
  answer(status: number): void;
  stop(): Promise<void>;
}

/** Starts a program that takes what is posted. */
export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  let status = 200;
  const server = createServer(async (incoming, outgoing) => {
    const pieces: Buffer[] = [];
    for await (const piece of incoming) pieces.push(piece as Buffer);
    const body = Buffer.concat(pieces).toString('utf8');
    received.push({ headers: incoming.headers, body, path: incoming.url ?? '' });
    if (status === 0) outgoing.destroy();
    else outgoing.writeHead(status, status === 307 ? { location: '/elsewhere' } : {}).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    answer: (next) => {
      status = next;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
