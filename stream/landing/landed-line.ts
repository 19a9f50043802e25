import { Buffer, isUtf8 } from 'node:buffer';
import type { Header, ObservedEvent, Partition } from '../event.ts';
import { isoMoment } from '../moment.ts';
import { type Attributes, binaryCloudEvent, structuredCloudEvent, structuredText } from './cloud-event.ts';
import { bufferOf, type Payload } from './payload.ts';

/**
 * The line of JSON, without its end, under which an event lands in Bronze: where it stood, and its value as it came. The
 * same event gives the same bytes. A CloudEvent whose attributes stand in headers lands in the structured form.
 */
export function landedLine(partition: Partition, event: ObservedEvent, payload: Payload): Uint8Array {
  const { offset, timestampMs, key, headers } = event;
  const place = `${placeText(partition)},"offset":${offset},"timestamp":"${isoMoment(timestampMs)}"`;
  return Buffer.concat([
    Buffer.from(`${place},"key":${textOf(key)},"headers":${headersText(headers)},`),
    ...valueMember(event, payload),
    CLOSE,
  ]);
}

const CLOSE = Buffer.from('}');
const VALUE = Buffer.from('"value":');

/** How the lines of a partition begin, made once. */
const places = new WeakMap<Partition, string>();

function placeText(partition: Partition): string {
  const known = places.get(partition);
  if (known !== undefined) return known;
  const { cluster, topicId, topic, partition: number } = partition;
  const made = `{"cluster":${JSON.stringify(cluster)},"topicId":${JSON.stringify(topicId)},"topic":${JSON.stringify(topic)},"partition":${number}`;
  places.set(partition, made);
  return made;
}

function valueMember({ headers }: ObservedEvent, payload: Payload): readonly Uint8Array[] {
  const attributes = binaryCloudEvent(headers);
  // A landed event that comes again carries itself in the structured form already.
  if (
    attributes !== undefined &&
    payload.kind !== 'none' &&
    !isSame(attributes, structuredCloudEvent(payload))
  )
    return [VALUE, structuredText(attributes, payload)];
  if (payload.kind === 'none') return [Buffer.from('"value":null')];
  if (payload.kind === 'json') return [VALUE, payload.text];
  return [Buffer.from(`"valueBase64":"${bufferOf(payload.bytes).toString('base64')}"`)];
}

const isSame = (one: Attributes, other: Attributes | undefined): boolean =>
  one.id === other?.id && one.source === other?.source;

const PLAIN_NAME = /^[\w.-]+$/;

/** One member a name, in the order in which names first came; an array where a name came again. */
function headersText(headers: readonly Header[]): string {
  const [only] = headers;
  if (only === undefined) return '{}';
  if (headers.length === 1 && PLAIN_NAME.test(only.name)) return `{"${only.name}":${textOf(only.value)}}`;
  const byName = new Map<string, string[]>();
  for (const { name: raw, value } of headers) {
    // What no JSON of ours may hold: a NUL, half of a surrogate pair.
    const name = raw.replace(/[\0\ud800-\udfff]/gu, '\ufffd');
    const values = byName.get(name);
    if (values === undefined) byName.set(name, [textOf(value)]);
    else values.push(textOf(value));
  }
  // In the order that JavaScript gives members, numbers first, so that reading them back changes nothing.
  const members = Object.entries(Object.fromEntries(byName)).map(
    ([name, values]) =>
      `${JSON.stringify(name)}:${values.length === 1 ? values[0] : `[${values.join(',')}]`}`,
  );
  return `{${members.join(',')}}`;
}

/** Bytes as a text where they are one that every reader of JSON takes, else as `{"base64": …}`. */
function textOf(bytes: Uint8Array | null): string {
  if (bytes === null) return 'null';
  const buffer = bufferOf(bytes);
  // A NUL can stand in no table.
  if (!isUtf8(buffer) || buffer.includes(0)) return `{"base64":"${buffer.toString('base64')}"}`;
  return JSON.stringify(buffer.toString('utf8'));
}
