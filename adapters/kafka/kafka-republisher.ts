import type { Header, ObservedEvent } from '../../stream/event.ts';
import type { Republisher } from '../../stream/ports.ts';
import type { IdempotentSender, RecordToSend } from './idempotent-sender.ts';

/** Sends events on to a topic, with their key, value and headers as they came, those that repeat included; keys go where Kafka's own producers put them. */
export class KafkaRepublisher implements Republisher {
  readonly #sender: IdempotentSender;

  constructor(sender: IdempotentSender) {
    this.#sender = sender;
  }

  async send(topic: string, events: readonly ObservedEvent[]): Promise<void> {
    await this.#sender.send(events.map((event) => recordOf(topic, event)));
  }
}

/** A record of an event. The library takes headers as a map by name: keyed by buffers, which are told apart by identity, names may repeat. */
function recordOf(topic: string, { key, value, headers, timestampMs }: ObservedEvent): RecordToSend {
  const record = {
    topic,
    key: bufferOf(key),
    value: bufferOf(value),
    headers: headerMap(headers),
    timestamp: BigInt(timestampMs),
  };
  // The library's types know no record without a value, which its protocol writes all the same.
  return record as RecordToSend;
}

const bufferOf = (bytes: Uint8Array | null): Buffer | null =>
  bytes === null ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const headerMap = (headers: readonly Header[]): Map<Buffer, Buffer | null> =>
  new Map(headers.map(({ name, value }) => [Buffer.from(name), bufferOf(value)]));
