import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { messageOf } from '../../etl/errors.ts';
import type { Events } from '../../etl/ports.ts';

/** What events are put with. */
export interface EventBridgeOptions {
  readonly client: EventBridgeClient;
  /** `assay.staging`: by which rules tell this platform's events from others. */
  readonly source: string;
  /** Called with the reason when an event could not be put; it is kept. */
  readonly onFailure?: (reason: string) => void;
}

/** Puts events on the account's default bus, one event each, in `detail`. Retries only as the SDK does. */
export function eventBridge({ client, source, onFailure }: EventBridgeOptions): Events {
  return {
    async publish(event) {
      const { type: DetailType, dataset, at, id } = event;
      const entry = { Source: source, DetailType, Detail: JSON.stringify(event), Time: new Date(at) };
      try {
        const { Entries = [] } = await client.send(new PutEventsCommand({ Entries: [entry] }));
        const refused = Entries.find(({ ErrorCode }) => ErrorCode !== undefined);
        if (refused === undefined) return 'told';
        onFailure?.(whyKept(id, dataset, `${refused.ErrorCode}: ${refused.ErrorMessage ?? ''}`));
      } catch (error) {
        onFailure?.(whyKept(id, dataset, messageOf(error)));
      }
      return 'later';
    },
  };
}

const whyKept = (id: string, dataset: string, reason: string): string =>
  `EventBridge did not take event ${id} of ${dataset} (${reason}). It is kept, and sent by the next run or the upkeep.`;
