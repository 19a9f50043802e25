import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { lineageRunId } from '../../../etl/openlineage/event.ts';
import { LineageEvent } from '../../openlineage/spec-faults.ts';
import { until } from './until.ts';

const Received = z.array(z.object({ authorization: z.string().optional(), event: LineageEvent }));

/**
 * Starts a lineage server on this machine that lives as long as the session: runs of all tests are told to it. `GET` gives
 * what it was told, `PUT /500` has it answer 500 from then on.
 */
export async function startLineageServer(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const received: z.infer<typeof Received> = [];
  let status = 200;
  const server = createServer(async (incoming, outgoing) => {
    const pieces: Buffer[] = [];
    for await (const piece of incoming) pieces.push(piece as Buffer);
    const { method, url = '', headers } = incoming;
    if (method === 'GET') return void outgoing.end(JSON.stringify(received));
    if (method === 'PUT') status = Number(url.slice(1));
    else if (status === 200 && url === '/api/v1/lineage') {
      const event = LineageEvent.parse(JSON.parse(Buffer.concat(pieces).toString('utf8')));
      received.push({ authorization: headers.authorization, event });
    }
    outgoing.writeHead(method === 'PUT' ? 200 : status).end();
  });
  // Tests come back after minutes, over the connection that they have.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** What the lineage server at an address was told so far. */
export async function lineageTold(url: string): Promise<z.infer<typeof Received>> {
  return Received.parse(await (await fetch(url)).json());
}

/** Has the lineage server answer otherwise from now on. */
export async function lineageAnswers(url: string, status: number): Promise<void> {
  await fetch(`${url}/${status}`, { method: 'PUT' });
}

/** Waits until the lineage server was told of the end of a run, and returns all events of it. */
export async function lineageOf(url: string, dataset: string, runId: string): Promise<LineageEvent[]> {
  const id = lineageRunId(dataset, runId);
  return await until(`the lineage server hearing of the end of ${runId}`, async () => {
    const events = (await lineageTold(url)).map(({ event }) => event).filter(({ run }) => run.runId === id);
    return events.some(({ eventType }) => eventType !== 'START') && events;
  });
}
