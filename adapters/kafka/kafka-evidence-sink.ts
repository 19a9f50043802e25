import type { Evidence } from '../../stream/evidence/evidence.ts';
import type { EvidenceSink } from '../../stream/ports.ts';
import type { IdempotentSender } from './idempotent-sender.ts';

/** Evidence to a topic, as JSON under the key of its source partition: what is known of one partition stays in order. */
export class KafkaEvidenceSink implements EvidenceSink {
  readonly #sender: IdempotentSender;
  readonly #topic: string;

  constructor(sender: IdempotentSender, topic: string) {
    this.#sender = sender;
    this.#topic = topic;
  }

  async emit(evidence: readonly Evidence[]): Promise<void> {
    await this.#sender.send(
      evidence.map((one) => ({
        topic: this.#topic,
        key: Buffer.from(`${one.source.topic_id}:${one.source.partition}`),
        value: Buffer.from(JSON.stringify(one)),
      })),
    );
  }
}
