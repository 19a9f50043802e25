import { enforce } from '../commands/enforce.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { type DemoPlace, examplePath } from './demo-place.ts';
import type { Step } from './play-steps.ts';

/** Where a demo's events come from. */
export interface StreamEvents {
  /** Ends the sentence that the demo begins with. */
  readonly where: string;
  /** Makes what the steps need outside the lake. */
  prepare(): Promise<void>;
  /** The events come in and are judged. */
  comeIn(place: DemoPlace): readonly Step[];
  /** The same events come once more. */
  readonly comeAgain: readonly Step[];
  /** Removes what `prepare` made. */
  remove(): Promise<void>;
}

/** The topic of the example's events. */
export const RAW_TOPIC = 'raw.orders.events';
/** The example's events, as the topic has them, beneath examples/. */
export const RAW_EVENTS = 'orders/raw.orders.events.jsonl';

/** The example's file instead of a broker. */
export function fileEvents(io: Io): StreamEvents {
  const words = ['--from', examplePath(RAW_EVENTS, io), '--topic', RAW_TOPIC, '--no-run'];
  return {
    where: 'out of a file, since no broker is named (--bootstrap HOST:PORT)',
    prepare: async () => undefined,
    comeIn: () => [
      {
        what: 'Thirteen events come in. Each goes through the gates, gets its evidence and lands in Bronze. The exit code is 1, since some failed.',
        command: enforce,
        words,
        ends: EXIT.data,
      },
    ],
    comeAgain: [
      {
        what: 'The same events again land nothing, and change no figure.',
        command: enforce,
        words,
        ends: EXIT.data,
      },
    ],
    remove: async () => undefined,
  };
}
