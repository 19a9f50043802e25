import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { ObservedEvent } from '../event.ts';
import { binaryCloudEvent, isJsonType, structuredCloudEvent } from '../landing/cloud-event.ts';
import { readPayload } from '../landing/payload.ts';
import { textAtPlace } from './json-place.ts';

/**
 * The event as it stood on its topic, of what landed: a CloudEvent in the binary form landed in the structured one, beside
 * its headers, and has its data alone as its value again.
 */
export function inOwnForm(event: ObservedEvent): ObservedEvent {
  const attributes = binaryCloudEvent(event.headers);
  const structured = structuredCloudEvent(readPayload(event.value));
  if (attributes === undefined || structured === undefined || event.value === null) return event;
  if (attributes.id !== structured.id || attributes.source !== structured.source) return event;
  const json = Buffer.from(event.value).toString('utf8');
  const base64 = textAtPlace(json, ['data_base64']);
  if (base64 !== undefined) return { ...event, value: Buffer.from(String(JSON.parse(base64)), 'base64') };
  const data = textAtPlace(json, ['data']) ?? 'null';
  const isText = !isJsonType(attributes.datacontenttype) && data.startsWith('"');
  return { ...event, value: Buffer.from(isText ? String(JSON.parse(data)) : data) };
}

/** Whether evidence's digest is of this value, as far as that can be told: one by a vault's key can't. */
export function isSameValue(value: Uint8Array | null, payloadHash: string | null, secret: string): boolean {
  if (value === null || payloadHash === null) return value === null && payloadHash === null;
  const keyed = sha256(Buffer.concat([Buffer.from(`${secret}\0`), value])).slice(0, 32);
  return payloadHash === `sha256:${sha256(value)}` || payloadHash === `digest:${keyed}`;
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
