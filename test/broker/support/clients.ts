import { randomUUID } from 'node:crypto';
import {
  type Admin,
  type EachMessagePayload,
  type IHeaders,
  Kafka,
  KafkaJSAggregateError,
  KafkaJSError,
  KafkaJSProtocolError,
  logLevel,
  type Producer,
} from 'kafkajs';
import { until } from '../../support/until.ts';
import { USER } from './broker.ts';

/** A record as another client read it. */
export interface ReadRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: IHeaders;
}

/** kafkajs, which shares no code with the client that Assay uses. */
export const otherClient = (bootstrap: string): Kafka =>
  new Kafka({ clientId: 'other', brokers: [bootstrap], logLevel: logLevel.NOTHING });

/**
 * Does some work as an administrator: again, for two minutes, where a broker that was started a moment ago, or that is slow,
 * doesn't know yet which partitions are its own.
 */
export async function asAdmin<T>(bootstrap: string, work: (admin: Admin) => Promise<T>): Promise<T> {
  const endMs = Date.now() + 120_000;
  for (;;) {
    const admin = otherClient(bootstrap).admin();
    try {
      await admin.connect();
      return await work(admin);
    } catch (error) {
      if (Date.now() > endMs || !isPassing(error)) throw error;
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

/** Kafka's names of what a broker says while it gets ready: it hosts nothing yet, or isn't counted as there. */
const NOT_YET = [
  'INVALID_REPLICATION_FACTOR',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
  'UNKNOWN_TOPIC_OR_PARTITION',
];

/** Whether an error is of a broker that isn't ready, or can't be reached. */
function isPassing(error: unknown): boolean {
  if (error instanceof KafkaJSAggregateError) return error.errors.every(isPassing);
  if (error instanceof KafkaJSProtocolError) return error.retriable || NOT_YET.includes(error.type);
  return error instanceof KafkaJSError && error.name !== 'KafkaJSNonRetriableError';
}

/** Creates a topic of a new name. */
export async function newTopic(
  bootstrap: string,
  partitions = 1,
  config: Readonly<Record<string, string>> = {},
): Promise<string> {
  const topic = `topic-${randomUUID().slice(0, 8)}`;
  await createTopic(bootstrap, topic, { partitions, config });
  return topic;
}

/** Creates a topic, again where it was deleted a moment ago. */
export async function createTopic(
  bootstrap: string,
  topic: string,
  { partitions, config }: { partitions: number; config: Readonly<Record<string, string>> },
): Promise<void> {
  const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
  // False where it is there: then it was made by a try that heard no answer. Whether its leaders are there is asked below.
  await asAdmin(bootstrap, (admin) =>
    admin.createTopics({
      topics: [{ topic, numPartitions: partitions, replicationFactor: 1, configEntries }],
      waitForLeaders: false,
    }),
  );
  // A partition whose leader isn't ready fails, and kafkajs sends all of a request again: others would have it twice.
  // Each try is a client's own, since one keeps what it first heard of a topic.
  let ready = 0;
  await until(
    `${topic} has ${partitions} partitions`,
    async () => {
      const ends = await asAdmin(bootstrap, (admin) => admin.fetchTopicOffsets(topic)).catch(() => []);
      ready = ends.length;
      return ready === partitions;
    },
    () => `${ready} are ready.`,
  );
}

/** Does some work with a producer. */
export async function withProducer<T>(
  bootstrap: string,
  work: (producer: Producer) => Promise<T>,
  transactionalId?: string,
): Promise<T> {
  const producer = otherClient(bootstrap).producer(
    transactionalId === undefined
      ? { allowAutoTopicCreation: false }
      : { transactionalId, maxInFlightRequests: 1, idempotent: true },
  );
  await producer.connect();
  try {
    return await work(producer);
  } finally {
    await producer.disconnect();
  }
}

/** The broker answered so many times in a row that there is nothing more: that was all. */
const EMPTY_ANSWERS = 3;

/** All committed records of a topic up to its end now, read by kafkajs; in the order of offsets by partition. */
export async function readTopic(bootstrap: string, topic: string): Promise<ReadRecord[]> {
  const ends = await asAdmin(bootstrap, (admin) => admin.fetchTopicOffsets(topic));
  const open = new Map(
    ends.filter(({ high, low }) => high !== low).map((end) => [end.partition, Number(end.high)]),
  );
  const records: ReadRecord[] = [];
  if (open.size === 0) return records;
  const consumer = otherClient(bootstrap).consumer({
    groupId: `reader-${randomUUID()}`,
    readUncommitted: false,
    maxWaitTimeInMs: 300,
  });
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      // What ends a partition may be a marker, of which this client tells nothing. Answers are counted, and not the time:
      // a busy machine may take long to bring the first.
      let empty = 0;
      const reached = (partition: number, next: number): void => {
        if (next >= (open.get(partition) ?? 0)) open.delete(partition);
        if (open.size === 0) resolve();
      };
      consumer.on('consumer.fetch', () => {
        if (++empty > EMPTY_ANSWERS) resolve();
      });
      consumer.on('consumer.end_batch_process', ({ payload }) => {
        empty = 0;
        reached(payload.partition, Number(payload.lastOffset) + 1);
      });
      consumer.on('consumer.crash', ({ payload }) => reject(payload.error));
      const eachMessage = async ({ partition, message }: EachMessagePayload): Promise<void> => {
        empty = 0;
        const { offset, key, value, headers = {} } = message;
        records.push({ topic, partition, offset: Number(offset), key, value, headers });
      };
      consumer.run({ eachMessage }).catch(reject);
    });
  } finally {
    await consumer.disconnect();
  }
  return records.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
}

/** Operations of access lists, by Kafka's numbers. */
const OPERATIONS = { all: 2, write: 4, describe: 8 } as const;

/** Grants the user of the secure listener an operation on a topic, or takes it back; the right to be in any group goes with it. */
export async function setRight(
  bootstrap: string,
  action: 'grant' | 'revoke',
  { topic, operation }: { topic: string; operation: keyof typeof OPERATIONS },
): Promise<void> {
  const common = { principal: `User:${USER.username}`, host: '*', permissionType: 3, resourcePatternType: 3 };
  const right = { ...common, resourceType: 2, resourceName: topic, operation: OPERATIONS[operation] };
  const groups = { ...common, resourceType: 3, resourceName: '*', operation: OPERATIONS.all };
  await asAdmin(bootstrap, async (admin) => {
    if (action === 'grant') await admin.createAcls({ acl: [right, groups] });
    else await admin.deleteAcls({ filters: [right] });
  });
}
