import { Cluster } from '../../../adapters/kafka/cluster.ts';
import { IdempotentSender } from '../../../adapters/kafka/idempotent-sender.ts';
import type { KafkaSettings } from '../../../adapters/kafka/settings.ts';

/** A process that fails at a broker, closes what it opened, and then has to end by itself: `PORT WHAT`. */
const [port = '', what = ''] = process.argv.slice(2);
const settings: KafkaSettings = { bootstrap: [`127.0.0.1:${port}`], clientId: 'ending' };
const signedIn: KafkaSettings = { ...settings, sasl: { mechanism: 'PLAIN', username: 'u', password: 'p' } };

const failing = async (work: Promise<unknown>): Promise<void> =>
  await work.then(
    () => console.log('worked'),
    (error: Error) => console.log(`failed: ${error.name}`),
  );

async function askTwice(cluster: Cluster): Promise<void> {
  await failing(cluster.state([]));
  await failing(cluster.state([]));
  await new Promise((resolve) => setTimeout(resolve, 600));
  await cluster.close();
}

async function send(): Promise<void> {
  const sender = new IdempotentSender({ settings, deliveryTimeoutMs: 500 });
  await failing(sender.send([{ topic: 't', value: Buffer.from('v') }]));
  await sender.close();
}

if (what === 'ask') await askTwice(new Cluster(settings, 300));
if (what === 'sign in') await askTwice(new Cluster(signedIn, 300));
if (what === 'send') await send();
console.log('closed');
