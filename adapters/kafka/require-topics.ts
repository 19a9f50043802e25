import { ConfigError } from '../../etl/errors.ts';
import { Cluster } from './cluster.ts';
import { kafkaError } from './kafka-error.ts';
import type { KafkaSettings } from './settings.ts';

/** Returns where the cluster has all of some topics. Throws ConfigError where one is missing or may not be seen, TransientError where the cluster can't be reached. */
export async function requireTopics(settings: KafkaSettings, topics: readonly string[]): Promise<void> {
  const cluster = new Cluster(settings, 30_000);
  try {
    const found = (await cluster.state(topics)).topics;
    const missing = topics.filter((topic) => !found.has(topic));
    if (missing.length > 0)
      throw new ConfigError(
        'KAFKA_TOPIC',
        `The cluster has no topic ${missing.join(', ')}. Create it (kafka-topics.sh --create), or name another.`,
      );
  } catch (error) {
    throw kafkaError(error, 'asking for its topics');
  } finally {
    await cluster.close();
  }
}
