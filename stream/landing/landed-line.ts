import { Buffer, isUtf8 } from 'node:buffer';
import type { Header, ObservedEvent, Partition } from '../event.ts';
import { isoMoment } from '../moment.ts';
import { type Attributes, binaryCloudEvent, structuredCloudEvent, structuredText } from './cloud-event.ts';
import type { Payload } from './payload.ts';

/**
 * The line of JSON, without its end, under which an event lands in Bronze: where it stood, and its value as it came. The
 * same event gives the same bytes. A CloudEvent whose attributes stand in headers lands in the structured form.
 */
export function landedLine(partition: Partition, event: ObservedEvent, payload: Payload): Uint8Array {
  const { cluster, topicId, topic, partition: number } = partition;
  const { offset, timestampMs, key, headers } = event;
  const members = [
    `"cluster":${JSON.stringify(cluster)}`,
    `"topicId":${JSON.stringify(topicId)}`,
    `"topic":${JSON.stringify(topic)}`,
    `"partition":${number}`,
    `"offset":${offset}`,
    `"timestamp":${JSON.stringify(isoMoment(timestampMs))}`,
    `"key":${textOf(key)}`,
    `"headers":${headersText(headers)}`,
  ];
  return Buffer.concat([
    Buffer.from(`{${members.join(',')},`),
    valueMember(event, payload),
    Buffer.from('}'),
  ]);
}

function valueMember({ headers }: ObservedEvent, payload: Payload): Uint8Array {
  const attributes = binaryCloudEvent(headers);
  // A landed event that comes again carries itself in the structured form already.
  if (
    attributes !== undefined &&
    payload.kind !== 'none' &&
    !isSame(attributes, structuredCloudEvent(payload))
  )
    return Buffer.concat([Buffer.from('"value":'), structuredText(attributes, payload)]);
  if (payload.kind === 'none') return Buffer.from('"value":null');
  if (payload.kind === 'json') return Buffer.concat([Buffer.from('"value":'), payload.text]);
  return Buffer.from(`"valueBase64":"${Buffer.from(payload.bytes).toString('base64')}"`);
}

const isSame = (one: Attributes, other: Attributes | undefined): boolean =>
  one.id === other?.id && one.source === other?.source;

/** One member a name, in the order in which names first came; an array where a name came again. */
function headersText(headers: readonly Header[]): string {
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
  const buffer = Buffer.from(bytes);
  // A NUL can stand in no table.
  if (!isUtf8(buffer) || buffer.includes(0)) return `{"base64":"${buffer.toString('base64')}"}`;
  return JSON.stringify(buffer.toString('utf8'));
}
