import type { Command } from '../command.ts';
import { KAFKA_OPTIONS } from '../enforce/kafka-options.ts';
import { usageError } from '../usage-error.ts';

/** `assay demo`: the whole way on real files, or on events, as a newcomer would type it. All that it does is a printed command. */
export const demo: Command = {
  name: 'demo',
  usage: '[--stream [--bootstrap HOST:PORT] | --events] [--lake DIR]',
  description: `Shows the whole way, from dropped CSV files to finance figures, on files that come with Assay: what a city council
published about its spending, and made-up transactions of a bank, two in a hundred of them broken. Each step is a command
that is printed before it runs. The lake is lake/demo unless --lake names another, and is made anew by every demo.

With --stream, from events of a shop to its orders: an event that breaks its contract, its evidence, quarantine, a
correction, its topic again, and Silver, in lake/demo-stream. The events come out of a file; with --bootstrap, through the topics
raw.orders.events and signal_factory.evidence of that Kafka cluster, which it creates and removes, and which must not be
there yet.

With --events, from what happened to customers of a bank to what they hold, what they held, and what was known of that
before a late event came, in lake/demo-events.`,
  options: {
    stream: { type: 'boolean', help: 'show it on events instead of files' },
    events: { type: 'boolean', help: 'show how events become what is, what was, and what was known' },
    ...KAFKA_OPTIONS,
  },
  examples: [
    'assay demo',
    'assay demo --events',
    'assay demo --stream',
    'assay demo --stream --bootstrap localhost:9092',
  ],
  positionals: { min: 0, max: 0, name: '' },
  localOnly: 'it works on files of this machine.',
  async run(args, io) {
    if (args.has('json')) throw usageError('demo is for people: leave --json out.');
    if (args.has('stream') && args.has('events'))
      throw usageError('--stream and --events are two demos: choose one.');
    if (args.has('stream')) return await (await import('../demo/stream-demo.ts')).playStreamDemo(args, io);
    if (args.has('events')) return await (await import('../demo/events-demo.ts')).playEventsDemo(args, io);
    const [kafka] = Object.keys(KAFKA_OPTIONS).filter((name) => args.has(name));
    if (kafka !== undefined) throw usageError(`--${kafka} is for events: add --stream.`);
    return await (await import('../demo/file-demo.ts')).playFileDemo(args, io);
  },
};
