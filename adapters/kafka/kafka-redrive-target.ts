import { ConfigError } from '../../etl/errors.ts';
import type { ObservedEvent } from '../../stream/event.ts';
import { headerText } from '../../stream/gates/header-text.ts';
import { REDRIVE_HEADERS, type RedriveTarget, type TopicEnd } from '../../stream/redrive/run-redrive.ts';
import { keyOf } from './assignment.ts';
import { Cluster, type Topic } from './cluster.ts';
import { offsetsAt } from './group-offsets.ts';
import { IdempotentSender } from './idempotent-sender.ts';
import { kafkaError } from './kafka-error.ts';
import { KafkaRepublisher } from './kafka-republisher.ts';
import { readRange } from './read-range.ts';
import type { KafkaSettings } from './settings.ts';

/** Sends events to topics of a cluster again, by an idempotent producer with acks=all, and looks there for what was sent before. */
export class KafkaRedriveTarget implements RedriveTarget {
  readonly name: string;
  readonly #cluster: Cluster;
  readonly #sender: IdempotentSender;
  readonly #republisher: KafkaRepublisher;

  constructor(settings: KafkaSettings) {
    this.name = settings.bootstrap.join(',');
    this.#cluster = new Cluster(settings, 30_000);
    this.#sender = new IdempotentSender({ settings });
    this.#republisher = new KafkaRepublisher(this.#sender);
  }

  async ends(topics: readonly string[]): Promise<readonly TopicEnd[]> {
    const found = await this.#topics(topics);
    const ends = await this.#offsets('latest', [...found.values()]);
    return [...found.values()].flatMap((topic) =>
      topic.leaders.map((_, partition) => ({
        ...{ topic: topic.name, topicId: topic.id, partition },
        offset: ends.get(keyOf({ topic: topic.name, partition })) ?? 0,
      })),
    );
  }

  async sentSince(ends: readonly TopicEnd[], redriveId: string): Promise<ReadonlySet<string> | undefined> {
    const names = [...new Set(ends.map(({ topic }) => topic))];
    const topics = await this.#topics(names);
    const known = ends.filter(({ topic, topicId }) => topics.get(topic)?.id === topicId);
    const list = [...topics.values()];
    const [first, last] = [await this.#offsets('earliest', list), await this.#offsets('latest', list)];
    const sent = new Set<string>();
    for (const { topic, partition, offset: from } of known) {
      const key = keyOf({ topic, partition });
      if ((first.get(key) ?? 0) > from) return undefined;
      const { id: uuid, leaders } = topics.get(topic) as Topic;
      const range = {
        topic,
        uuid,
        partition,
        leader: leaders[partition] ?? -1,
        from,
        to: last.get(key) ?? from,
      };
      for await (const { events } of readRange(this.#cluster, range))
        for (const { headers } of events)
          if (headerText(headers, REDRIVE_HEADERS.redrive) === redriveId)
            sent.add(headerText(headers, REDRIVE_HEADERS.evidence) ?? '');
    }
    return sent;
  }

  send(topic: string, events: readonly ObservedEvent[]): Promise<void> {
    return this.#republisher.send(topic, events);
  }

  async #topics(names: readonly string[]): Promise<ReadonlyMap<string, Topic>> {
    const { topics } = await this.#cluster.state(names).catch((error: unknown) => {
      throw kafkaError(error, 'asking for its topics');
    });
    const missing = names.filter((name) => !topics.has(name));
    if (missing.length > 0)
      throw new ConfigError(
        'KAFKA_TOPIC',
        `The cluster has no topic ${missing.join(', ')}: events can't be sent back where they came from. Nothing of them was sent.`,
      );
    return topics;
  }

  async #offsets(end: 'earliest' | 'latest', list: readonly Topic[]): Promise<Map<string, number>> {
    const topics = new Map(list.map((topic) => [topic.name, topic]));
    const partitions = list.flatMap(({ name, leaders }) =>
      leaders.map((_, partition) => ({ topic: name, partition })),
    );
    return await offsetsAt(this.#cluster, end, { topics, partitions }).catch((error: unknown) => {
      throw kafkaError(error, 'asking where its topics end');
    });
  }

  /** Waits for what is under way, then closes the connections. */
  async close(): Promise<void> {
    await this.#sender.close();
    await this.#cluster.close();
  }
}
