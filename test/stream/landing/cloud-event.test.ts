import { Buffer } from 'node:buffer';
import { expect, test } from '@jest/globals';
import { CloudEvent, Kafka } from 'cloudevents';
import type { ObservedEvent } from '../../../stream/event.ts';
import { landedLine } from '../../../stream/landing/landed-line.ts';
import { readPayload } from '../../../stream/landing/payload.ts';
import { PARTITION } from './arbitrary-event.ts';

const ATTRIBUTES = {
  specversion: '1.0',
  id: 'ord-1',
  source: '/orders-svc',
  type: 'orders.order.created',
  time: '2026-01-13T12:01:01.900Z',
  traceparent: '00-2f1c3f00000000000000000000000001-c301000000000001-01',
};

function binary(
  type: string | undefined,
  data: Buffer | null,
  attributes: Record<string, string> = ATTRIBUTES,
): ObservedEvent {
  const headers = Object.entries(attributes).map(([name, value]) => ({
    name: `ce_${name}`,
    value: Buffer.from(value),
  }));
  const typed = type === undefined ? [] : [{ name: 'content-type', value: Buffer.from(type) }];
  return { offset: 1, timestampMs: 1, key: null, headers: [...typed, ...headers], value: data };
}

/** The value under which an event lands. */
const landed = (event: ObservedEvent): unknown =>
  (
    JSON.parse(Buffer.from(landedLine(PARTITION, event, readPayload(event.value))).toString()) as {
      value?: unknown;
    }
  ).value;

/** The event as the SDK of CloudEvents reads it. */
function asSdk(headers: Record<string, string>, value: string | Buffer): Record<string, unknown> {
  const message = { headers, value, body: value };
  return JSON.parse(JSON.stringify(Kafka.toEvent(message as never))) as Record<string, unknown>;
}

test('a CloudEvent in the binary form lands as the structured one that its SDK takes for the same', () => {
  const data = Buffer.from('{"order_id": "o-1", "total": 49.90}');
  const event = binary('application/json', data);
  const headers = Object.fromEntries(
    event.headers.map(({ name, value }) => [name, Buffer.from(value ?? '').toString()]),
  );
  const want = asSdk(headers, data.toString());
  const got = asSdk({ 'content-type': 'application/cloudevents+json' }, JSON.stringify(landed(event)));
  expect(got).toEqual(want);
  const made = new CloudEvent({
    ...ATTRIBUTES,
    datacontenttype: 'application/json',
    data: JSON.parse(data.toString()) as object,
  });
  expect(got).toEqual(JSON.parse(JSON.stringify(made)));
});

test('numbers of its data stay as they were written', () => {
  const event = binary(undefined, Buffer.from('{"total": 0.1234567890123456789}'));
  const line = Buffer.from(landedLine(PARTITION, event, readPayload(event.value))).toString();
  expect(line).toContain('"data":{"total": 0.1234567890123456789}}');
});

test('data that is no JSON stays a text where it is one, and base64 where not', () => {
  expect(landed(binary('text/plain; charset=utf-8', Buffer.from('12.50 é')))).toMatchObject({
    data: '12.50 é',
  });
  const avro = Buffer.from([0, 1, 2, 255]);
  expect(landed(binary('application/avro', avro))).toMatchObject({ data_base64: avro.toString('base64') });
  // Said to be JSON, and none: kept as it came, for the gate to tell.
  expect(landed(binary('application/json', Buffer.from('{')))).toMatchObject({ data_base64: 'ew==' });
});

test('a tombstone stays one, and a structured event is not wrapped again', () => {
  expect(landed(binary('application/json', null))).toBeNull();
  const structured = { ...ATTRIBUTES, data: { a: 1 } };
  expect(landed(binary('application/json', Buffer.from(JSON.stringify(structured))))).toEqual(structured);
});

test('headers name no data and no attribute that could not be one', () => {
  const event = binary(undefined, Buffer.from('1'), {
    ...ATTRIBUTES,
    data: 'x',
    'a-b': 'y',
    __proto__x: 'z',
  });
  expect(Object.keys(landed(event) as object).sort()).toEqual([...Object.keys(ATTRIBUTES), 'data'].sort());
  expect(landed(event)).toMatchObject({ data: 1 });
});
