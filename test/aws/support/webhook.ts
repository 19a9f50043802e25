import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A webhook as Slack has them, on this machine. */
export interface Webhook {
  readonly url: string;
  /** The texts that it took, in order. */
  readonly texts: readonly string[];
  /** How many posts came, refused ones included. */
  readonly posts: () => number;
  /** What it answers from now on: 200 takes a post, anything else refuses it. */
  answer(status: number): void;
  stop(): Promise<void>;
}

/** Starts a webhook that takes what is posted. */
export async function startWebhook(): Promise<Webhook> {
  const texts: string[] = [];
  let posts = 0;
  let status = 200;
  const server = createServer(async (incoming, outgoing) => {
    const pieces: Buffer[] = [];
    for await (const piece of incoming) pieces.push(piece as Buffer);
    posts += 1;
    if (status === 200) {
      const { text } = JSON.parse(Buffer.concat(pieces).toString('utf8')) as { text: string };
      texts.push(text);
    }
    outgoing.writeHead(status).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/services/secret-path`,
    texts,
    posts: () => posts,
    answer: (next) => {
      status = next;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
