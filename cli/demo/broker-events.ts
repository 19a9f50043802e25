import path from 'node:path';
import { IdempotentSender } from '../../adapters/kafka/idempotent-sender.ts';
import { KafkaRepublisher } from '../../adapters/kafka/kafka-republisher.ts';
import { createOwnTopics, removeOwnTopics } from '../../adapters/kafka/own-topics.ts';
import type { KafkaSettings } from '../../adapters/kafka/settings.ts';
import { fileLines } from '../../adapters/local/stream/file-lines.ts';
import { ConfigError } from '../../etl/errors.ts';
import type { ObservedEvent } from '../../stream/event.ts';
import { readLanded } from '../../stream/landing/read-landed.ts';
import type { Args } from '../command.ts';
import { enforce } from '../commands/enforce.ts';
import { evidenceList } from '../commands/evidence-list.ts';
import { redrive } from '../commands/redrive.ts';
import { run } from '../commands/run.ts';
import { KAFKA_OPTIONS, kafkaSettings } from '../enforce/kafka-options.ts';
import { EVIDENCE_TOPIC } from '../enforce/topics-options.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { type DemoPlace, examplePath } from './demo-place.ts';
import { askCommand } from './play-steps.ts';
import { DATASET, RAW_EVENTS, RAW_TOPIC, SENT_AGAIN, type StreamEvents } from './stream-events.ts';

const OWN_TOPICS = [RAW_TOPIC, EVIDENCE_TOPIC];
const [PATIENCE_MS, LOOK_MS] = [300_000, 300];

/** The example's events through a Kafka cluster: topics of the demo's own, which it removes again. */
export async function brokerEvents(args: Args, io: Io): Promise<StreamEvents> {
  const settings = await kafkaSettings(args, io);
  const events = await exampleEvents(io);
  const broker = Object.keys(KAFKA_OPTIONS).flatMap((name) => optionWords(name, args));
  const words = [...broker, ...['--topic', RAW_TOPIC, '--group', 'assay-demo', '--from-start', '--no-run']];
  return {
    where: `through the topic ${RAW_TOPIC} of ${settings.bootstrap.join(', ')}`,
    async prepare() {
      await createOwnTopics(settings, OWN_TOPICS);
      await publish(settings, events);
    },
    comeIn: (place) => [
      {
        what: `Thirteen events wait in the topic. Each goes through the gates, gets its evidence (in ${EVIDENCE_TOPIC}, too) and lands in Bronze. It reads until Ctrl-C, which the demo sends once all thirteen have their evidence.`,
        command: enforce,
        words,
        play: (work) => untilJudged(work, events.length, { place, io }),
      },
    ],
    sendAgain: ({ place, words: which }) => [
      { what: SENT_AGAIN, command: redrive, words: async () => [...(await which()), ...broker] },
      {
        what: 'The enforcer goes on behind what it has read: the gates judge the event anew, by the contract and the policy of now, and it passes.',
        command: enforce,
        words,
        play: (work) => untilJudged(work, events.length + 1, { place, io }),
      },
      { what: 'It is published as any other.', command: run, words: ['--dataset', DATASET] },
    ],
    comeAgain: [],
    remove: () => removeOwnTopics(settings, OWN_TOPICS),
  };
}

function optionWords(name: string, args: Args): string[] {
  if (KAFKA_OPTIONS[name]?.type === 'boolean') return args.has(name) ? [`--${name}`] : [];
  return args.texts(name).flatMap((text) => [`--${name}`, text]);
}

async function exampleEvents(io: Io): Promise<ObservedEvent[]> {
  const events: ObservedEvent[] = [];
  for await (const { bytes } of fileLines(path.resolve(io.cwd, examplePath(RAW_EVENTS, io)))) {
    const read = readLanded(bytes, 0);
    if ('problem' in read) throw new ConfigError('EXAMPLE', `An example event is none: ${read.problem}.`);
    events.push(read.event);
  }
  return events;
}

/** Sends the events as the orders service would. */
async function publish(settings: KafkaSettings, events: readonly ObservedEvent[]): Promise<void> {
  const sender = new IdempotentSender({ settings });
  try {
    await new KafkaRepublisher(sender).send(RAW_TOPIC, events);
  } finally {
    await sender.close();
  }
}

/** Runs an enforcer until so many events have their evidence in the lake; then ends it as Ctrl-C does. */
async function untilJudged(
  work: (io: Io) => Promise<ExitCode>,
  events: number,
  { place, io }: { readonly place: DemoPlace; readonly io: Io },
): Promise<ExitCode> {
  const interrupts = new Set<() => void>();
  let isOver = false;
  const ended = work({
    ...io,
    onInterrupt(callback) {
      interrupts.add(callback);
      const off = io.onInterrupt(callback);
      return () => {
        interrupts.delete(callback);
        off();
      };
    },
  }).finally(() => {
    isOver = true;
  });
  let seen = 0;
  for (const until = performance.now() + PATIENCE_MS; !isOver && seen < events; ) {
    const found = await askCommand(evidenceList, ['--limit', String(events)], { place, io });
    seen = Array.isArray(found) ? found.length : 0;
    if (performance.now() > until) break;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  for (const interrupt of interrupts) interrupt();
  const code = await ended;
  if (seen < events)
    throw new ConfigError(
      'DEMO',
      `Of ${events} events only ${seen} had their evidence after ${PATIENCE_MS / 1000} s.`,
    );
  return code;
}
