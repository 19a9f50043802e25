import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A proxy before a server. */
export interface HoldingProxy {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Hands requests on, and answers back. Before the first one that follows a POST whose text begins with `marker` it calls
 * `onHeld` and waits for it: what that text began is under way then, and nothing of its answer was given yet.
 */
export async function holdingProxy(
  target: string,
  marker: string,
  onHeld: () => Promise<void>,
): Promise<HoldingProxy> {
  const { hostname, port } = new URL(target);
  let isBegun = false;
  let isHeld = false;
  const answer = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part);
    const body = Buffer.concat(parts);
    if (isBegun && !isHeld) {
      isHeld = true;
      await onHeld();
    }
    if (incoming.method === 'POST' && body.toString().startsWith(marker)) isBegun = true;
    const { method, url: path, headers } = incoming;
    // With the proxy's own name as host, the server names it in what it says to ask next.
    const onward = request({ hostname, port, method, path, headers }, (found) => {
      outgoing.writeHead(found.statusCode ?? 502, found.headers);
      found.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    onward.end(body);
  };
  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
