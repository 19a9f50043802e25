import {
  Agent,
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ErrorAnswer, errorBody, Fault, type FaultState, strikes } from './faults.ts';
import { operationOf } from './operation.ts';

/** A running proxy. */
export interface Proxy {
  readonly url: string;
  stop(): Promise<void>;
}

const CONTROL = '/_proxy/';

/**
 * Starts an HTTP proxy before the emulator: it forwards everything as it came, says that the caller used TLS (which
 * ends here, as at a load balancer), counts the operations, and strikes requests with the faults it was told.
 *
 * Control: POST /_proxy/faults adds one and answers its id; GET lists them; DELETE removes all (and lets go of what
 * hangs); GET /_proxy/requests answers the counts.
 */
export async function startProxy(emulatorPort: number): Promise<Proxy> {
  const state: State = {
    emulatorPort,
    agent: new Agent({ keepAlive: true, maxSockets: 256 }),
    faults: [],
    counts: new Map(),
    hanging: new Set(),
    nextId: 1,
  };
  const server = createServer((incoming, outgoing) => {
    const handle = incoming.url?.startsWith(CONTROL) ? control : pass;
    handle(incoming, outgoing, state).catch((error: unknown) => outgoing.destroy(error as Error));
  });
  server.keepAliveTimeout = 75_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, stop: () => stop(server, state) };
}

interface State {
  readonly emulatorPort: number;
  readonly agent: Agent;
  faults: FaultState[];
  readonly counts: Map<string, number>;
  readonly hanging: Set<ServerResponse>;
  nextId: number;
}

async function control(incoming: IncomingMessage, outgoing: ServerResponse, state: State): Promise<void> {
  const answer = (value: unknown): void => {
    outgoing.writeHead(200, { 'content-type': 'application/json' });
    outgoing.end(JSON.stringify(value));
  };
  if (incoming.url === `${CONTROL}requests`) return answer(Object.fromEntries(state.counts));
  if (incoming.method === 'POST') {
    const fault = Fault.parse(JSON.parse(Buffer.from(await bytesOf(incoming)).toString('utf8')));
    const id = String(state.nextId++);
    state.faults.push({ ...fault, id, struck: 0 });
    return answer({ id });
  }
  if (incoming.method === 'DELETE') {
    state.faults = [];
    for (const response of state.hanging) response.destroy();
    state.hanging.clear();
  }
  answer(state.faults);
}

async function pass(incoming: IncomingMessage, outgoing: ServerResponse, state: State): Promise<void> {
  const { method = 'GET', url = '/', headers } = incoming;
  const target = String(headers['x-amz-target'] ?? '');
  const operation = operationOf(method, url, headers);
  state.counts.set(operation, (state.counts.get(operation) ?? 0) + 1);
  const found = state.faults.findIndex((fault) => strikes(fault, { method, path: url, target }));
  const fault = state.faults[found];
  if (fault === undefined) return forward(incoming, outgoing, state);
  state.faults[found] = { ...fault, struck: fault.struck + 1 };
  const { action } = fault;
  switch (action.kind) {
    case 'drop':
      incoming.destroy();
      return;
    case 'hang':
      state.hanging.add(outgoing);
      incoming.resume();
      return;
    case 'answer-after':
      await carryOut(incoming, state);
      return refuse(outgoing, action, target);
    case 'answer':
      await bytesOf(incoming);
      return refuse(outgoing, action, target);
  }
}

function refuse(outgoing: ServerResponse, { status, code, message }: ErrorAnswer, target: string): void {
  const { type, text } = errorBody(code, message, target);
  outgoing.writeHead(status, { 'content-type': type, 'x-amzn-errortype': code });
  outgoing.end(text);
}

/** Streams the request on and the answer back; a connection that breaks on either side breaks on the other. */
function forward(incoming: IncomingMessage, outgoing: ServerResponse, state: State): Promise<void> {
  return new Promise((resolve) => {
    const onward = open(incoming, state, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(outgoing);
      answer.on('error', () => outgoing.destroy());
    });
    onward.on('error', () => outgoing.destroy());
    outgoing.on('close', () => {
      if (!outgoing.writableFinished) onward.destroy();
      resolve();
    });
    incoming.pipe(onward);
  });
}

async function carryOut(incoming: IncomingMessage, state: State): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const onward = open(incoming, state, (answer) => {
      answer.resume();
      answer.on('end', resolve);
    });
    onward.on('error', reject);
    incoming.pipe(onward);
  });
}

function open(incoming: IncomingMessage, state: State, onAnswer: (answer: IncomingMessage) => void) {
  const { method, url, rawHeaders } = incoming;
  const headers = [...rawHeaders, 'x-forwarded-proto', 'https'];
  const { agent, emulatorPort: port } = state;
  return request({ host: '127.0.0.1', port, method, path: url, headers, agent }, onAnswer);
}

async function bytesOf(incoming: IncomingMessage): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of incoming) pieces.push(piece as Uint8Array);
  return Buffer.concat(pieces);
}

async function stop(server: Server, { agent, hanging }: State): Promise<void> {
  for (const response of hanging) response.destroy();
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  agent.destroy();
}
