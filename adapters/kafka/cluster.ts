import {
  type API,
  Base,
  type BaseOptions,
  type Broker,
  type Connection,
  kGetApi,
  type metadataV12,
} from '@platformatic/kafka';
import { ConfigError, TransientError } from '../../etl/errors.ts';
import { closeInTime, inTime } from './in-time.ts';
import { isAnswer, protocolErrors } from './kafka-error.ts';
import { bootstrapBrokers, clientOptions, type KafkaSettings } from './settings.ts';
import { trackConnections } from './tracked-connections.ts';

/** A topic as the cluster has it now. */
export interface Topic {
  readonly name: string;
  /** A UUID: another one when the topic is made anew. */
  readonly id: string;
  /** Leading brokers by partition; -1 where there is none at the moment. */
  readonly leaders: readonly number[];
}

/** What a cluster says of some topics. */
export interface ClusterState {
  readonly clusterId: string;
  /** Those that exist, by name. */
  readonly topics: ReadonlyMap<string, Topic>;
}

/** Beside its own time limit, a request waits for a connection and for those before it. */
const SLACK_MS = 5_000;
/** The error that a topic has which isn't there. */
const NO_TOPIC = 3;
const NO_ID = '00000000-0000-0000-0000-000000000000';

/**
 * Requests to a cluster over one set of connections. The library's connections are unusable after a timeout, so one
 * whose request got no answer is closed, and the next request opens another. Nothing is waited for without end: the
 * library's own limits begin when a request is sent, and not all of its waiting ends when a connection is lost.
 */
export class Cluster {
  readonly #settings: BaseOptions;
  #client: Base;
  #closeClient: () => Promise<void>;
  readonly #bootstrap: readonly Broker[];
  readonly #patienceMs: number;
  #brokers = new Map<number, Broker>();

  constructor(settings: KafkaSettings, requestTimeoutMs: number) {
    this.#bootstrap = bootstrapBrokers(settings);
    this.#patienceMs = requestTimeoutMs + SLACK_MS;
    this.#settings = clientOptions(settings, requestTimeoutMs);
    this.#client = new Base(this.#settings);
    this.#closeClient = trackConnections(this.#client);
  }

  /** What the cluster says of the topics now. Throws where a topic may not be seen. */
  async state(topics: readonly string[]): Promise<ClusterState> {
    const answer = await this.#metadata(topics);
    this.#brokers = new Map(answer.brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]));
    const found = answer.topics.filter(
      ({ errorCode, topicId }) => errorCode !== NO_TOPIC && topicId !== NO_ID,
    );
    return {
      clusterId: answer.clusterId ?? '',
      topics: new Map(found.map((topic) => [topic.name ?? '', topicOf(topic)])),
    };
  }

  async #metadata(topics: readonly string[]): Promise<metadataV12.MetadataResponse> {
    type Arguments = metadataV12.MetadataRequest;
    try {
      return await this.call<Arguments, metadataV12.MetadataResponse>('any', 'Metadata', [
        [...topics],
        false,
        false,
      ]);
    } catch (error) {
      const names = protocolErrors(error);
      const isPartial = names.size > 0 && [...names].every((name) => PARTIAL.has(name));
      const { response } = error as { response?: metadataV12.MetadataResponse };
      if (isPartial && response !== undefined) return response;
      throw error;
    }
  }

  /** Sends a request in the highest version that both sides know, to one broker by its id or to any. */
  async call<Request extends unknown[], Response>(
    to: number | 'any',
    name: string,
    request: Request,
  ): Promise<Response> {
    return await this.send(to, await this.api<Request, Response>(name), request);
  }

  /** Sends a request by an API of the library's. */
  async send<Request extends unknown[], Response>(
    to: number | 'any',
    api: API<Request, Response>,
    request: Request,
  ): Promise<Response> {
    const connection = await this.#connection(to);
    try {
      return await inTime(api.async(connection, ...request), this.#patienceMs);
    } catch (error) {
      if (!isAnswer(error)) await closeInTime(connection);
      throw error;
    }
  }

  /** An API in the highest version that both sides know. */
  async api<Request extends unknown[], Response>(name: string): Promise<API<Request, Response>> {
    const found = new Promise<API<Request, Response>>((resolve, reject) => {
      this.#client[kGetApi]<Request, Response>(name, (error, api) =>
        api === undefined ? reject(error) : resolve(api),
      );
    });
    try {
      return await inTime(found, this.#patienceMs);
    } catch (error) {
      // Whoever asks is told by one answer: where that never comes, this client is of no use any more.
      if (error instanceof TransientError) await this.#beginAnew();
      throw error;
    }
  }

  async #connection(to: number | 'any'): Promise<Connection> {
    if (to === 'any')
      return await inTime(
        this.#client.connections.getFirstAvailable([...this.#bootstrap, ...this.#brokers.values()]),
        this.#patienceMs,
      );
    if (!this.#brokers.has(to)) await this.state([]);
    const broker = this.#brokers.get(to);
    if (broker === undefined) throw new ConfigError('KAFKA_BROKER', `The cluster has no broker ${to}.`);
    return await inTime(this.#client.connections.get(broker), this.#patienceMs);
  }

  async #beginAnew(): Promise<void> {
    const close = this.#closeClient;
    this.#client = new Base(this.#settings);
    this.#closeClient = trackConnections(this.#client);
    await close();
  }

  /** Closes the connections; requests under way fail. */
  async close(): Promise<void> {
    await this.#closeClient();
  }
}

/** Errors of single topics or partitions, beside which the rest of an answer is good. */
const PARTIAL: ReadonlySet<string> = new Set([
  'UNKNOWN_TOPIC_OR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'REPLICA_NOT_AVAILABLE',
  'LISTENER_NOT_FOUND',
]);

function topicOf({ name, topicId, partitions }: metadataV12.MetadataResponseTopic): Topic {
  const leaders: number[] = [];
  for (const { partitionIndex, leaderId } of partitions) leaders[partitionIndex] = leaderId;
  return { name: name ?? '', id: topicId, leaders };
}
