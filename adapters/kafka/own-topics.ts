import { Admin } from '@platformatic/kafka';
import { ConfigError } from '../../etl/errors.ts';
import { Cluster } from './cluster.ts';
import { kafkaError } from './kafka-error.ts';
import { clientOptions, type KafkaSettings } from './settings.ts';

const PATIENCE_MS = 30_000;
const LOOK_MS = 100;

/** Records have times of their own, which may be long past: a cluster lets go of those within minutes unless it is told to keep them. */
const KEPT = [{ name: 'retention.ms', value: '-1' }];

/**
 * Creates topics of one partition that keep all records, and returns once each has its leader. Throws ConfigError `TOPIC_EXISTS` where one is
 * there already, and touches none then.
 */
export async function createOwnTopics(settings: KafkaSettings, topics: readonly string[]): Promise<void> {
  const cluster = new Cluster(settings, PATIENCE_MS);
  const admin = new Admin(clientOptions(settings, PATIENCE_MS));
  try {
    const there = [...(await cluster.state(topics)).topics.keys()];
    if (there.length > 0)
      throw new ConfigError(
        'TOPIC_EXISTS',
        `The cluster has the topic ${there.join(', ')} already, and what is in it is not touched: delete it (kafka-topics.sh --delete) if it was left by a demo, or take another cluster.`,
      );
    await admin.createTopics({ topics: [...topics], partitions: 1, replicas: 1, configs: KEPT });
    for (const until = performance.now() + PATIENCE_MS; ; ) {
      const made = [...(await cluster.state(topics)).topics.values()];
      if (made.length === topics.length && made.every(({ leaders }) => (leaders[0] ?? -1) >= 0)) return;
      if (performance.now() > until)
        throw new Error(`of ${topics.join(', ')} only ${made.length} were there after ${PATIENCE_MS} ms`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  } catch (error) {
    throw kafkaError(error, 'creating topics');
  } finally {
    await admin.close();
    await cluster.close();
  }
}

/** Removes topics with all that is in them. */
export async function removeOwnTopics(settings: KafkaSettings, topics: readonly string[]): Promise<void> {
  const admin = new Admin(clientOptions(settings, PATIENCE_MS));
  try {
    await admin.deleteTopics({ topics: [...topics] });
  } catch (error) {
    throw kafkaError(error, 'removing topics');
  } finally {
    await admin.close();
  }
}
