import { enforce } from '../commands/enforce.ts';
import { redrive } from '../commands/redrive.ts';
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
  /** An event that was corrected goes to its topic again, and is judged anew. */
  sendAgain(again: SentAgain): readonly Step[];
  /** The same events come once more. */
  readonly comeAgain: readonly Step[];
  /** Removes what `prepare` made. */
  remove(): Promise<void>;
}

/** What is sent to its topic again. */
export interface SentAgain {
  readonly place: DemoPlace;
  /** Words of `assay redrive` that say which event, and why. */
  readonly words: () => Promise<readonly string[]>;
}

/** What is said before an event is sent again. */
export const SENT_AGAIN =
  'An event is healed where it came from: it goes to its topic again, as it came but for what was corrected. Its record in quarantine is closed.';

/** Their dataset. */
export const DATASET = 'orders.created';
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
    sendAgain({ place, words: which }) {
      const file = `${place.lake}-again.jsonl`;
      return [
        {
          what: `${SENT_AGAIN} Without a broker it goes into a file.`,
          command: redrive,
          words: async () => [...(await which()), '--to', file],
        },
        {
          what: 'The gates judge it anew, by the contract and the policy of now. It passes, and is published with the run that follows.',
          command: enforce,
          words: ['--from', file, '--topic', RAW_TOPIC],
        },
      ];
    },
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
