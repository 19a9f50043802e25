import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { tempFolder } from '../../adapters/temp-folder.ts';
import { assay, startAssay } from '../../cli/assay.ts';
import { until } from '../../support/until.ts';
import { USER } from './broker.ts';
import type { Session } from './broker-control.ts';
import { asAdmin, newTopic, otherClient, type ReadRecord, readTopic } from './clients.ts';

/** A lake whose enforcer reads a topic, with the contract and a policy of examples/orders. */
export interface StreamLake {
  readonly cwd: string;
  readonly topic: string;
  readonly evidenceTopic: string;
  /** Starts `assay enforce` as a process of its own. */
  start(...more: readonly string[]): Enforcing;
  /** Lines of all files below a folder of the lake, parsed by JSON.parse. */
  lines(folder: string): Promise<Record<string, unknown>[]>;
  dispose(): Promise<void>;
}

/** An enforcer that runs. */
export interface Enforcing {
  readonly child: ChildProcessWithoutNullStreams;
  /** What it told so far. */
  err(): string;
  out(): string;
  /** Ends it: its exit code, null where it was killed. Throws what it told where it doesn't end. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null>;
}

const CONTRACTS = path.resolve('examples/orders/contracts');

/** How a lake's enforcer is set up. */
export interface StreamLakeOptions {
  readonly partitions: number;
  /** A line of the policy. */
  readonly policy?: string;
  /** Set where the enforcer signs in over TLS. */
  readonly isSecure?: true;
}

/** Makes a lake in a temporary folder, and two topics. */
export async function openStreamLake(
  session: Session,
  { partitions, policy = '', isSecure }: StreamLakeOptions,
): Promise<StreamLake> {
  const bootstrap = session.plain;
  const { folder: cwd, dispose } = await tempFolder();
  const [topic, evidenceTopic] = [await newTopic(bootstrap, partitions), await newTopic(bootstrap, 1)];
  await assay(['init', '--lake', 'lake'], { cwd });
  await mkdir(path.join(cwd, 'policies'));
  const rule = `{ source_type: TOPIC, source_value: ${topic}, dataset_urn: urn:dp:orders:created, resolution_confidence: HIGH }`;
  await writeFile(path.join(cwd, 'policies/resolution.yaml'), `rules: [${rule}]\n`);
  const lines = [
    'dataset_urn: urn:dp:orders:created',
    'contract_id: dc:orders.created:3',
    'owners: [orders-team]',
  ];
  const text = `${[...lines, 'tier: TIER_1', policy].join('\n')}\n`;
  await writeFile(path.join(cwd, 'policies/orders.created.yaml'), text);
  await writeFile(path.join(cwd, 'ca.pem'), session.certificate);
  const signedIn = ['--bootstrap', session.secure, '--sasl', 'scram-sha-256', '--tls-ca', 'ca.pem'];
  const connection = isSecure === undefined ? ['--bootstrap', bootstrap] : signedIn;
  const env = {
    ASSAY_CONTRACTS: CONTRACTS,
    ASSAY_KAFKA_USERNAME: USER.username,
    ASSAY_KAFKA_PASSWORD: USER.password,
  };
  const args = [
    ...['enforce', ...connection, '--topic', topic, '--group', `group-${topic}`, '--from-start'],
    ...['--evidence-topic', evidenceTopic, '--policies', 'policies', '--session-seconds', '1', '--no-run'],
  ];
  return {
    cwd,
    topic,
    evidenceTopic,
    start: (...more) => begin(startAssay([...args, ...more], { cwd, env })),
    lines: (folder) => linesUnder(path.join(cwd, 'lake', folder)),
    dispose,
  };
}

/** Follows an enforcer that was started. */
export function begin(child: ChildProcessWithoutNullStreams): Enforcing {
  const texts = { out: '', err: '' };
  for (const name of ['out', 'err'] as const)
    child[`std${name}`].setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text;
    });
  let code: number | null | undefined;
  child.on('close', (exit) => {
    code = exit;
  });
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> => {
    child.kill(signal);
    await until(
      `assay enforce ends by ${signal}`,
      () => code !== undefined,
      () => texts.err,
    );
    return code ?? null;
  };
  return { child, end, err: () => texts.err, out: () => texts.out };
}

/** Lines of all files of JSON Lines below a folder, parsed by JSON.parse. */
export async function linesUnder(folder: string): Promise<Record<string, unknown>[]> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const files = names.filter((name) => name.endsWith('.jsonl'));
  const texts = await Promise.all(files.map((name) => readFile(path.join(folder, name), 'utf8')));
  return texts.flatMap((text) => text.split('\n').filter(Boolean)).map((line) => JSON.parse(line));
}

/** An order as an event; wrong where `total` is negative. */
export const order = (id: string, total: string): string =>
  `{"specversion":"1.0","id":"${id}","source":"/orders-svc","type":"orders.order.created","time":"2026-01-13T12:01:01Z","data":{"order_id":"${id}","customer_id":"c-1","currency":"EUR","total":${total}}}`;

/** `topicId partition offset` of what a lake has, or of what kafkajs read. */
export const placesOf = (records: readonly ReadRecord[]): string[] =>
  records.map(({ partition, offset }) => `${partition} ${offset}`).sort();

/** Evidence, as kafkajs read it: places by id. Throws where one id has two places. */
export async function evidencePlaces(bootstrap: string, topic: string): Promise<Map<string, string>> {
  const places = new Map<string, string>();
  for (const { value } of await readTopic(bootstrap, topic)) {
    const { evidence_id: id, source } = JSON.parse(String(value));
    const place = `${source.partition} ${source.offset}`;
    if ((places.get(id) ?? place) !== place)
      throw new Error(`${id} is of ${place} and of ${places.get(id)}.`);
    places.set(id, place);
  }
  return places;
}

/** Waits until the group has kept the ends of all partitions but for markers of transactions, of which there are at most `markers`. */
export async function untilDone(
  bootstrap: string,
  { topic }: Pick<StreamLake, 'topic'>,
  markers = 0,
): Promise<void> {
  let seen: unknown;
  const isDone = async (): Promise<boolean> => {
    const [kept, ends] = await asAdmin(bootstrap, async (admin) => [
      (await admin.fetchOffsets({ groupId: `group-${topic}`, topics: [topic] }))[0]?.partitions ?? [],
      await admin.fetchTopicOffsets(topic),
    ]);
    seen = { kept, ends };
    return ends.every(({ partition, high }) => {
      const offset = Number(kept.find((one) => one.partition === partition)?.offset ?? -1);
      return Number(high) - offset <= (Number(high) === 0 ? 1 : markers);
    });
  };
  await until(`the group of ${topic} has kept all ends`, isDone, () => JSON.stringify(seen));
}

/** Writes orders as committed records, one in thirty wrong, and others in a transaction that is aborted. */
export async function writeOrders(
  bootstrap: string,
  topic: string,
  { from, count, aborted }: { from: number; count: number; aborted: number },
): Promise<void> {
  const messages = (prefix: string, many: number) =>
    Array.from({ length: many }, (_, n) => ({
      key: `k${n}`,
      value: order(`${prefix}${from + n}`, n % 30 === 0 ? '-1' : '12.50'),
    }));
  const producer = otherClient(bootstrap).producer({
    transactionalId: `tx-${topic}-${from}`,
    maxInFlightRequests: 1,
    idempotent: true,
  });
  await producer.connect();
  if (aborted > 0) {
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: messages('o-9999', aborted) });
    await transaction.abort();
  }
  const transaction = await producer.transaction();
  await transaction.send({ topic, messages: messages('o-', count) });
  await transaction.commit();
  await producer.disconnect();
}
