import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';

/** What failed at a broker must not keep the process alive: each client is a process of its own, and has to end. */

let server: Server | undefined;
afterEach(() => {
  server?.close();
});

async function listen(onConnection: (socket: Socket, nth: number) => void): Promise<number> {
  let connections = 0;
  server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    onConnection(socket, ++connections);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** What it printed, once it ended; killed where it doesn't. */
async function endingClient(port: number, what: string): Promise<{ lines: string[]; code: number | null }> {
  const args = ['--import', 'tsx', 'test/adapters/kafka/ending-client.ts', String(port), what];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const limit = setTimeout(() => child.kill('SIGKILL'), 60_000);
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  const [code] = await once(child, 'close');
  clearTimeout(limit);
  return { lines: out.trim().split('\n'), code };
}

/** Answers to requests by their number: each has its size, the request's correlation id, and what it says. */
function answer(socket: Socket, contents: readonly Buffer[]): void {
  let nth = 0;
  socket.on('data', (request) => {
    const content = contents[nth++];
    if (content === undefined) return;
    const head = Buffer.alloc(8);
    head.writeInt32BE(content.length + 4);
    request.copy(head, 4, 8, 12);
    socket.write(Buffer.concat([head, content]));
  });
}

test('a broker that accepts and says nothing', async () => {
  const port = await listen((socket) => socket.resume());
  const { code, lines } = await endingClient(port, 'ask');
  expect({ code, lines: lines.length, last: lines.at(-1) }).toEqual({ code: 0, lines: 3, last: 'closed' });
});

test('a broker that says nothing to who sends', async () => {
  const port = await listen((socket) => socket.resume());
  expect(await endingClient(port, 'send')).toEqual({ code: 0, lines: ['failed: TransientError', 'closed'] });
});

test('a connection that is refused ends after the next was opened', async () => {
  // UNSUPPORTED_SASL_MECHANISM, and no other.
  const refusal = Buffer.from([0, 33, 0, 0, 0, 0]);
  // PLAIN is one of them; then the sign-in works, and lasts as long as the connection.
  const offer = Buffer.concat([Buffer.from([0, 0, 0, 0, 0, 1, 0, 5]), Buffer.from('PLAIN')]);
  const welcome = Buffer.from([0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  const port = await listen((socket, nth) => {
    answer(socket, nth === 1 ? [refusal] : [offer, welcome]);
    if (nth === 1) socket.on('end', () => setTimeout(() => socket.end(), 400));
  });
  const { code, lines } = await endingClient(port, 'sign in');
  expect({ code, lines: lines.length, last: lines.at(-1) }).toEqual({ code: 0, lines: 3, last: 'closed' });
});
