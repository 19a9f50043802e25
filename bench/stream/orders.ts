import { Buffer } from 'node:buffer';
import type { ObservedEvent, Partition } from '../../stream/event.ts';
import type { EventBatch } from '../../stream/ports.ts';

/** The topic that the events of the benchmark are of. */
export const TOPIC: Partition = {
  cluster: 'bench',
  topic: 'raw.orders.events',
  topicId: 'mZ5h2rUWQ3SdbXkPf1a9Vw',
  partition: 0,
};

/** How many events a batch has; a fetch of a consumer is about as large. */
export const BATCH_EVENTS = 1_000;

const START_MS = Date.UTC(2026, 0, 13, 12);

/** An order as examples/orders has them, 230 bytes; one in a hundred lacks its customer. */
export function orderAt(offset: number): ObservedEvent {
  const id = `o-${offset}`;
  const customer = offset % 100 === 99 ? '' : `"customer_id":"c-${offset % 5_000}",`;
  const time = new Date(START_MS + offset).toISOString();
  const cents = String(offset % 100).padStart(2, '0');
  const value = `{"specversion":"1.0","id":"ord-${offset}","source":"/orders-svc","type":"orders.order.created","time":"${time}","data":{"order_id":"${id}",${customer}"currency":"${offset % 3 === 0 ? 'GBP' : 'EUR'}","total":${offset % 997}.${cents},"note":"leave it at the door"}}`;
  return {
    offset,
    timestampMs: START_MS + offset + 5,
    key: Buffer.from(id),
    headers: [{ name: 'producer_id', value: Buffer.from('orders-svc') }],
    value: Buffer.from(value),
  };
}

/** Orders from an offset on. */
export function ordersFrom(startOffset: number, count: number): EventBatch {
  const events = Array.from({ length: count }, (_, n) => orderAt(startOffset + n));
  return { partition: TOPIC, events, startOffset, endOffset: startOffset + count };
}

/** What examples/orders' contract says of an event's payload, as a JSON Schema for ajv. */
export const ORDER_SCHEMA = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  type: 'object',
  required: ['specversion', 'id', 'source', 'type', 'time', 'data'],
  properties: {
    specversion: { const: '1.0' },
    id: { type: 'string' },
    source: { type: 'string' },
    type: { const: 'orders.order.created' },
    time: { type: 'string', format: 'date-time' },
    data: {
      type: 'object',
      required: ['order_id', 'customer_id', 'currency', 'total'],
      properties: {
        order_id: { type: 'string', pattern: '^o-[0-9]+$' },
        customer_id: { type: 'string' },
        currency: { enum: ['EUR', 'GBP'] },
        total: { type: 'number', minimum: 0, maximum: 9_999_999_999_999_998 },
        note: { type: 'string' },
      },
    },
  },
} as const;

/** The same of its data alone, as the policy's schema. */
export const DATA_SCHEMA = { $schema: ORDER_SCHEMA.$schema, ...ORDER_SCHEMA.properties.data } as const;
