import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { z } from 'zod';
import type { TestBroker } from './broker.ts';

/** Names the file that says where the broker and its control are. */
export const SESSION_VARIABLE = 'ASSAY_BROKER_SESSION';

/** What the tests are told by `npm run test:stream`. */
export const Session = z.object({
  plain: z.string(),
  secure: z.string(),
  certificate: z.string(),
  /** Where the broker is ended and started: POST /stop, /kill, /start. */
  control: z.string(),
  /** To start Kafka's own command line tools with. */
  java: z.string(),
  classpath: z.string(),
  /** PostgreSQL's programs, where they are. */
  postgres: z.string().exactOptional(),
});
export type Session = z.infer<typeof Session>;

/** The session of the tests under way. Throws where they weren't started by `npm run test:stream`. */
export function readSession(): Session {
  const file = process.env[SESSION_VARIABLE];
  if (file === undefined) throw new Error('These tests need a broker: npm run test:stream.');
  return Session.parse(JSON.parse(readFileSync(file, 'utf8')));
}

/** Lets the tests, which run in other processes, end and start the broker. */
export async function serveControl(broker: TestBroker): Promise<{ url: string; stop: () => Promise<void> }> {
  const actions: Readonly<Record<string, () => Promise<void>>> = {
    '/stop': () => broker.stop(),
    '/kill': () => broker.kill(),
    '/start': () => broker.start(),
  };
  const server = createServer(async (request, response) => {
    try {
      await actions[request.url ?? '']?.();
      response.end('done');
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('No port.');
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${address.port}`, stop };
}

/** Has the broker stopped, killed or started; returns when that is done. */
export async function control(session: Session, action: 'stop' | 'kill' | 'start'): Promise<void> {
  const response = await fetch(`${session.control}/${action}`, { method: 'POST' });
  if (!response.ok) throw new Error(await response.text());
}
