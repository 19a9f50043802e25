import { Buffer, isUtf8 } from 'node:buffer';
import type { Header } from '../event.ts';
import type { Payload } from './payload.ts';

/** Attributes of a CloudEvent by name (CloudEvents 1.0). */
export type Attributes = Readonly<Record<string, string>>;

/** What Kafka's binding puts before an attribute's name in the binary form. */
const PREFIX = 'ce_';

/**
 * The attributes of a CloudEvent in the binary form of Kafka's binding, whose payload is the data: headers `ce_…`, and
 * `content-type` as `datacontenttype`. Undefined where no header `ce_specversion` makes it one. Of a name that came twice
 * the first holds.
 */
export function binaryCloudEvent(headers: readonly Header[]): Attributes | undefined {
  if (!headers.some(({ name }) => name.toLowerCase() === `${PREFIX}specversion`)) return undefined;
  const attributes = new Map<string, string>();
  for (const { name, value } of headers) {
    const attribute = attributeOf(name.toLowerCase());
    if (attribute === undefined || value === null || attributes.has(attribute)) continue;
    attributes.set(attribute, Buffer.from(value).toString('utf8'));
  }
  return Object.fromEntries(attributes);
}

function attributeOf(header: string): string | undefined {
  if (header === 'content-type') return 'datacontenttype';
  const name = header.startsWith(PREFIX) ? header.slice(PREFIX.length) : '';
  // Names of members that carry the data, which a header must not give.
  return /^[a-z0-9]+$/.test(name) && name !== 'data' && name !== 'datacontenttype' ? name : undefined;
}

/** Whether data of this media type is JSON; absent, it is (CloudEvents' JSON format, 3.1.1). */
export const isJsonType = (type: string | undefined): boolean =>
  type === undefined || /^[^;]*[/+]json\s*(;|$)/i.test(type);

/** A CloudEvent in the structured form: JSON data as it came, other texts as a text, other bytes as base64. */
export function structuredText(
  attributes: Attributes,
  payload: Exclude<Payload, { kind: 'none' }>,
): Uint8Array {
  const members = Object.entries(attributes).map(
    ([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`,
  );
  return Buffer.concat([
    Buffer.from(`{${members.join(',')},`),
    dataMember(attributes.datacontenttype, payload),
    Buffer.from('}'),
  ]);
}

function dataMember(type: string | undefined, payload: Exclude<Payload, { kind: 'none' }>): Uint8Array {
  const bytes = payload.kind === 'json' ? payload.text : payload.bytes;
  if (payload.kind === 'json' && isJsonType(type)) return Buffer.concat([Buffer.from('"data":'), bytes]);
  const isText = /^\s*text\//i.test(type ?? '') && isUtf8(bytes) && !bytes.includes(0);
  const text = Buffer.from(bytes);
  return Buffer.from(
    isText ? `"data":${JSON.stringify(text.toString('utf8'))}` : `"data_base64":"${text.toString('base64')}"`,
  );
}

/** The attributes of a CloudEvent in the structured form; undefined where the payload is none. */
export function structuredCloudEvent(payload: Payload): Attributes | undefined {
  if (payload.kind !== 'json') return undefined;
  const { value } = payload;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  if (!('specversion' in value)) return undefined;
  const attributes = Object.entries(value).flatMap(([name, one]): [string, string][] => {
    if (name === 'data' || name === 'data_base64') return [];
    return typeof one === 'string' ? [[name, one]] : isPlain(one) ? [[name, String(one)]] : [];
  });
  return Object.fromEntries(attributes);
}

const isPlain = (value: unknown): boolean => typeof value === 'number' || typeof value === 'boolean';
