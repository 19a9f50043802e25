import type { ObservedEvent } from '../event.ts';
import { binaryCloudEvent, structuredCloudEvent } from '../landing/cloud-event.ts';
import type { Payload } from '../landing/payload.ts';
import type { DatasetPolicy } from '../policy/dataset-policy.ts';
import { changedAt } from './debezium.ts';
import type { Envelope } from './gate.ts';
import { headerText, headerTexts } from './header-text.ts';
import { textAt } from './value-at.ts';

/** Headers in which a producer names itself. */
const PRODUCER_HEADERS = ['producer_id', 'producer-id', 'x-producer-id'];

/** Headers in which an event names its type, where it is no CloudEvent. */
const TYPE_HEADERS = ['event_type', 'event-type'];

/**
 * What an event says of itself: as the policy's mapping has it, or its known form of changes, else as a CloudEvent, else in headers of usual names and
 * the members `event_type` and `event_time`.
 */
export function readEnvelope(
  event: ObservedEvent,
  payload: Payload,
  said: DatasetPolicy['envelope'] | undefined,
): Envelope {
  const attributes = binaryCloudEvent(event.headers) ?? structuredCloudEvent(payload);
  const mapping = typeof said === 'object' ? said : undefined;
  const mapped = (pointer: string | undefined): string | undefined =>
    pointer === undefined ? undefined : textAt(payload, pointer);
  const first = (names: readonly string[]): string | undefined =>
    names.map((name) => headerText(event.headers, name)).find((text) => text !== undefined);
  const mappedProducer = mapped(mapping?.producer);
  return {
    attributes,
    type:
      mapped(mapping?.type) ??
      attributes?.type ??
      first(TYPE_HEADERS) ??
      textAt(payload, '/event_type') ??
      null,
    time:
      mapped(mapping?.time) ??
      (said === 'debezium' ? changedAt(payload) : undefined) ??
      attributes?.time ??
      textAt(payload, '/event_time') ??
      null,
    producers: mappedProducer === undefined ? headerTexts(event.headers, PRODUCER_HEADERS) : [mappedProducer],
  };
}
