import { z } from 'zod';
import { messageOf } from '../../etl/errors.ts';
import { messageText } from './message-text.ts';

/** A batch as SQS hands it over. */
const Batch = z.looseObject({
  Records: z.array(z.looseObject({ messageId: z.string(), body: z.string() })),
});

/** Which messages SQS shall hand over again. */
export interface BatchResult {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/** Where texts go, and how to report those that couldn't be sent. */
export interface Relay {
  send(text: string): Promise<void>;
  /** Given each message once it was sent; never throws. */
  told(body: string): Promise<void>;
  onFailure(messageId: string, reason: string): void;
}

/** Relays every message of a batch; those that failed, and only those, are handed over again. */
export async function relayBatch(event: unknown, relay: Relay): Promise<BatchResult> {
  const { Records } = Batch.parse(event);
  const failures = await Promise.all(
    Records.map(async ({ messageId, body }) => {
      try {
        await relay.send(messageText(body));
        await relay.told(body);
        return [];
      } catch (error) {
        relay.onFailure(messageId, messageOf(error));
        return [{ itemIdentifier: messageId }];
      }
    }),
  );
  return { batchItemFailures: failures.flat() };
}
