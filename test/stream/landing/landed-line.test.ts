import { Buffer } from 'node:buffer';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ObservedEvent } from '../../../stream/event.ts';
import { evidenceId } from '../../../stream/evidence/evidence-id.ts';
import { landedLine } from '../../../stream/landing/landed-line.ts';
import { readPayload } from '../../../stream/landing/payload.ts';
import { readLanded } from '../../../stream/landing/read-landed.ts';
import { arbitraryEvent, PARTITION } from './arbitrary-event.ts';
import { askPython } from './ask-python.ts';

const lineOf = (event: ObservedEvent): Uint8Array => landedLine(PARTITION, event, readPayload(event.value));

const base64 = (bytes: Uint8Array | null): string | null =>
  bytes === null ? null : Buffer.from(bytes).toString('base64');

const EVENTS = fc.sample(arbitraryEvent, { numRuns: 1000, seed: 20261129 });

test('a landed line holds the event, value byte by byte, for another reader of JSON', () => {
  const lines = EVENTS.map((event) => [
    {
      ...PARTITION,
      offset: event.offset,
      timestampMs: event.timestampMs,
      key: base64(event.key),
      // A NUL in a name can stand in no table: it is told as the sign for what can't be told.
      headers: event.headers.map(({ name, value }) => [name.replaceAll('\0', '\ufffd'), base64(value)]),
      value: base64(event.value),
    },
    base64(lineOf(event)),
  ]);
  expect(askPython({ lines }).lines.filter((problem) => problem !== null)).toEqual([]);
});

test('a landed line that comes again is the same event, and lands as the same line', () => {
  for (const event of EVENTS) {
    const line = lineOf(event);
    const read = readLanded(line, 0);
    if ('problem' in read) throw new Error(read.problem);
    expect(Buffer.from(lineOf(read.event)).toString()).toBe(Buffer.from(line).toString());
  }
});

test('lines that are no events say what is wrong', () => {
  const problem = (text: string): unknown => {
    const read = readLanded(Buffer.from(text), 0);
    return 'problem' in read ? read.problem : 'none';
  };
  const rest = '"topic":"t","partition":0,"offset":1';
  expect(problem('{')).toBe('it is no JSON');
  expect(problem('[]')).toBe('it is no JSON object');
  expect(problem(`{${rest}}`)).toBe("it has neither 'value' nor 'valueBase64'");
  expect(problem('{"topic":"t","partition":0,"offset":1.5,"value":1}')).toBe(
    "'offset' is no whole number from 0 on",
  );
  expect(problem('{"topic":"t","partition":-1,"offset":1,"value":1}')).toBe(
    "'partition' is no whole number from 0 on",
  );
  expect(problem(`{${rest},"value":1,"headers":["a"]}`)).toMatch(/^'headers' is no object of texts/);
  // What JSON.parse and Base64 of Node pass over, and would land as another event.
  const values = { value: ['1', '"x"'], timestamp: ['1', '2'], headers: ['{}', '{}'] };
  for (const [name, [one, other]] of Object.entries(values))
    expect(problem(`{${rest},"value":1,"${name}":${one},"${name}":${other}}`)).toBe(
      `it has the member '${name}' twice`,
    );
  expect(problem(`{${rest},"value":1,"headers":{"a":"1","\\u0061":"2"}}`)).toBe(
    "it has the member 'a' twice",
  );
  expect(problem(`{${rest},"value":1,"valueBase64":"QQ=="}`)).toMatch(/beside/);
  for (const wrong of ['!!', 'QQ!=', 'Q', 'QQ==QQ=='])
    expect([wrong, problem(`{${rest},"valueBase64":"${wrong}"}`)]).toEqual([
      wrong,
      "'valueBase64' is no Base64",
    ]);
  for (const wrong of [
    '"yesterday"',
    '"99999-01-01T00:00:00Z"',
    '"2026-01-13T12:00:00"',
    '1e18',
    '1.5',
    'true',
  ])
    expect([wrong, problem(`{${rest},"value":1,"timestamp":${wrong}}`)]).toEqual([
      wrong,
      expect.stringMatching(/^'timestamp' is neither/),
    ]);
  expect(problem(`{${rest},"value":1,"topicId":5}`)).toBe("'topicId' is no text");
  expect(problem(`{${rest},"value":1,"key":"\\ud800"}`)).toMatch(/^'key'/);
  expect(problem(`{${rest},"value":1,"headers":{"a":{"base64":"!"}}}`)).toMatch(/^'headers'/);
  expect(problem(`{${rest},"value":1,"key":7}`)).toBe('\'key\' is neither a text nor null nor {"base64": …}');
  expect(problem(`{${rest},"value":1}`)).toBe('none');
});

test("an event's id is that of its place, as another program hashes it", () => {
  const places = EVENTS.slice(0, 50).map(({ offset }, n) => ({
    cluster: `c${n % 3}`,
    topicId: 'mZ5h2rUW',
    partition: n,
    offset,
    stage: 'OBSERVED_RAW' as const,
  }));
  const ids = places.map(({ cluster, topicId, partition, offset, stage }) => [
    cluster,
    topicId,
    partition,
    offset,
    stage,
  ]);
  expect(askPython({ ids }).ids).toEqual(places.map(evidenceId));
  expect(new Set(places.map(evidenceId)).size).toBe(50);
});

test('what is odd in a line and no fault of it is read as it stands', () => {
  const read = (text: string) => {
    const landed = readLanded(Buffer.from(`{"topic":"t","partition":0,"offset":1,${text}}`), 7);
    if ('problem' in landed) throw new Error(landed.problem);
    return landed.event;
  };
  const value = (text: string): string => Buffer.from(read(text).value ?? []).toString();
  expect(value('"value":{"a":1,"a":2,"value":3},"headers":{"value":"v"}')).toBe('{"a":1,"a":2,"value":3}');
  expect(value('"x":{"value":1},"value":"}\\",{"')).toBe('"}\\",{"');
  expect(value('"valueBase64":"QQ"')).toBe('A');
  expect(read('"value":1').timestampMs).toBe(7);
  expect(read('"value":1,"timestamp":"2026-01-13T13:00:00.5+01:00"').timestampMs).toBe(1768305600500);
  expect(read('"value":1,"headers":{"__proto__":["a","b"]}').headers.map(({ name }) => name)).toEqual([
    '__proto__',
    '__proto__',
  ]);
});
