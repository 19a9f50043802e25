import { compatibilityPartitioner, type MessageToProduce, Producer } from '@platformatic/kafka';
import { ConfigError, TransientError } from '../../etl/errors.ts';
import { inTime } from './in-time.ts';
import { kafkaError, protocolErrors } from './kafka-error.ts';
import { clientOptions, type KafkaSettings } from './settings.ts';
import { trackConnections } from './tracked-connections.ts';

/** A record to send: bytes as they are. */
export type RecordToSend = MessageToProduce<Buffer, Buffer, Buffer, Buffer>;
type BytesProducer = Producer<Buffer, Buffer, Buffer, Buffer>;

/** How records are sent. */
export interface SenderOptions {
  readonly settings: KafkaSettings;
  /** So long the library tries by itself; then the caller is told. */
  readonly deliveryTimeoutMs?: number;
}

/** Bytes of records in one request: brokers take a megabyte a batch unless they are told otherwise. */
const MOST_BYTES = 512 << 10;
/** What a record takes beside its key and value. */
const RECORD_BYTES = 100;

/**
 * Sends records with acks=all by an idempotent producer, one request at a time, in order. The library numbers a batch
 * by what was acknowledged before, so that after a failure the broker could take other records for those that it has
 * already and drop them: a producer that failed once is thrown away. Records may arrive twice then, and none is lost.
 */
export class IdempotentSender {
  readonly #options: SenderOptions;
  #producer: OpenProducer | undefined;
  #last: Promise<void> = Promise.resolve();
  #turn = 0;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /** Returns when every in-sync replica has all records. Throws TransientError where some may be missing, and ConfigError where one is too large for its topic. */
  async send(records: readonly RecordToSend[]): Promise<void> {
    const sending = this.#last.then(async () => {
      for (const part of parts(records)) await this.#sendPart(part);
    });
    this.#last = sending.catch(() => undefined);
    await sending;
  }

  async #sendPart(messages: RecordToSend[]): Promise<void> {
    const { settings, deliveryTimeoutMs = 30_000 } = this.#options;
    this.#producer ??= openProducer(settings, deliveryTimeoutMs, () => this.#turn++);
    try {
      await inTime(this.#producer.client.send({ messages }), deliveryTimeoutMs);
    } catch (error) {
      await this.#discard();
      const [topic = ''] = messages.map((message) => message.topic);
      if (protocolErrors(error).has('MESSAGE_TOO_LARGE'))
        throw new ConfigError(
          'KAFKA_TOO_LARGE',
          `A record is too large for the topic ${topic}: raise its max.message.bytes.`,
          {
            cause: error,
          },
        );
      const found = kafkaError(error, `writing to the topic ${topic}`);
      throw new TransientError(found.code, found.message, { cause: error });
    }
  }

  async #discard(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    await producer?.close();
  }

  /** Waits for what is under way, then closes the connections. */
  async close(): Promise<void> {
    await this.#last;
    await this.#discard();
  }
}

/** A producer of the library's, and what ends it with all that it still tries. */
interface OpenProducer {
  readonly client: BytesProducer;
  close(): Promise<void>;
}

const RETRY_MS = 200;

function openProducer(
  settings: KafkaSettings,
  deliveryTimeoutMs: number,
  nextPartition: () => number,
): OpenProducer {
  let isClosed = false;
  const client: BytesProducer = new Producer({
    ...clientOptions(settings, Math.min(deliveryTimeoutMs, 30_000)),
    idempotent: true,
    // The library goes on trying what was under way when it was closed, and keeps the process alive: it runs out of tries at once.
    retries: Math.ceil(deliveryTimeoutMs / RETRY_MS),
    retryDelay: () => (isClosed ? 0 : RETRY_MS),
    timeout: Math.min(deliveryTimeoutMs, 10_000),
    // Where Kafka's own producers put a key, which the library's default doesn't; records without a key in turn.
    partitioner: (message: RecordToSend, key?: Buffer) =>
      key === undefined || key === null ? nextPartition() : compatibilityPartitioner(message, key),
  } as ConstructorParameters<typeof Producer<Buffer, Buffer, Buffer, Buffer>>[0]);
  const closeAll = trackConnections(client);
  const close = async (): Promise<void> => {
    isClosed = true;
    await closeAll();
  };
  return { client, close };
}

/** Records in pieces that brokers take; one that is larger is a piece by itself. */
function* parts(records: readonly RecordToSend[]): Generator<RecordToSend[]> {
  let part: RecordToSend[] = [];
  let bytes = 0;
  for (const record of records) {
    const size = RECORD_BYTES + (record.key?.length ?? 0) + (record.value?.length ?? 0);
    if (part.length > 0 && bytes + size > MOST_BYTES) {
      yield part;
      part = [];
      bytes = 0;
    }
    part.push(record);
    bytes += size;
  }
  if (part.length > 0) yield part;
}
