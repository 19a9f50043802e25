import { Buffer } from 'node:buffer';
import type { Header, ObservedEvent } from '../event.ts';

/** An event out of the line under which it landed; what the line doesn't say is absent. */
export interface LandedEvent {
  readonly cluster?: string;
  readonly topic: string;
  readonly topicId?: string;
  readonly partition: number;
  readonly event: ObservedEvent;
}

/** Whether a line has the form in which events land: an object with `topic`, `partition`, `offset` and a value. */
export function isLandedForm(line: Uint8Array): boolean {
  try {
    const value: unknown = JSON.parse(Buffer.from(line).toString('utf8'));
    return (
      isObject(value) && ['topic', 'partition', 'offset'].every((name) => name in value) && hasValue(value)
    );
  } catch {
    return false;
  }
}

/** The event of a line in the form in which events land, its value byte by byte as it stands there; or what is wrong with the line. */
export function readLanded(line: Uint8Array, arrivedMs: number): LandedEvent | { readonly problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(line).toString('utf8'));
  } catch {
    return { problem: 'it is no JSON' };
  }
  if (!isObject(value)) return { problem: 'it is no JSON object' };
  const { cluster, topic, topicId, partition, offset } = value;
  if (typeof topic !== 'string' || topic === '') return { problem: "'topic' is no text" };
  if (!isCount(partition)) return { problem: "'partition' is no whole number from 0 on" };
  if (!isCount(offset)) return { problem: "'offset' is no whole number from 0 on" };
  if (!hasValue(value)) return { problem: "it has neither 'value' nor 'valueBase64'" };
  const headers = headersOf(value.headers);
  if (headers === undefined) return { problem: "'headers' is no object of texts" };
  const key = bytesOf(value.key);
  if (key === undefined) return { problem: '\'key\' is neither a text nor null nor {"base64": …}' };
  return {
    ...(typeof cluster === 'string' ? { cluster } : {}),
    ...(typeof topicId === 'string' ? { topicId } : {}),
    topic,
    partition,
    event: {
      offset,
      timestampMs: momentOf(value.timestamp) ?? arrivedMs,
      key,
      headers,
      value: eventValue(value, line),
    },
  };
}

type Members = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

const hasValue = (members: Members): boolean => 'value' in members || typeof members.valueBase64 === 'string';

function momentOf(said: unknown): number | undefined {
  const ms = typeof said === 'number' ? said : typeof said === 'string' ? Date.parse(said) : Number.NaN;
  return Number.isFinite(ms) ? ms : undefined;
}

/** Undefined for what is no text, null or base64. */
function bytesOf(said: unknown): Uint8Array | null | undefined {
  if (said === null || said === undefined) return null;
  if (typeof said === 'string') return Buffer.from(said);
  return isObject(said) && typeof said.base64 === 'string' ? Buffer.from(said.base64, 'base64') : undefined;
}

function headersOf(said: unknown): Header[] | undefined {
  if (said === null || said === undefined) return [];
  if (!isObject(said)) return undefined;
  const headers: Header[] = [];
  for (const [name, values] of Object.entries(said)) {
    for (const one of Array.isArray(values) ? values : [values]) {
      const value = bytesOf(one);
      if (value === undefined) return undefined;
      headers.push({ name, value });
    }
  }
  return headers;
}

function eventValue(members: Members, line: Uint8Array): Uint8Array | null {
  if (typeof members.valueBase64 === 'string') return Buffer.from(members.valueBase64, 'base64');
  return members.value === null ? null : memberText(line, 'value');
}

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const OPENING = new Set([0x7b, 0x5b]);
const CLOSING = new Set([0x7d, 0x5d]);

/** The bytes of a member's value in a line that is known to be a JSON object which has it; of one that came twice, the last. */
function memberText(line: Uint8Array, name: string): Uint8Array {
  let found: Uint8Array = new Uint8Array();
  let [depth, start, isWanted] = [0, 0, false];
  for (let at = 0; at < line.length; at++) {
    const byte = line[at] ?? 0;
    if (byte === QUOTE) {
      const end = textEnd(line, at);
      if (depth === 1 && start === 0) isWanted = isNamed(line.subarray(at, end), name);
      at = end - 1;
    } else if (OPENING.has(byte)) depth++;
    else if (depth === 1 && byte === COLON && start === 0) start = at + 1;
    else if (CLOSING.has(byte) || byte === COMMA) {
      if (depth === 1 && start > 0) {
        if (isWanted) found = Uint8Array.from(line.subarray(start, at));
        start = 0;
      }
      if (byte !== COMMA) depth--;
    }
  }
  return found;
}

/** Where a text that begins at a quote ends, its closing quote included. */
function textEnd(line: Uint8Array, start: number): number {
  let at = start + 1;
  while (at < line.length && line[at] !== QUOTE) at += line[at] === BACKSLASH ? 2 : 1;
  return at + 1;
}

const isNamed = (quoted: Uint8Array, name: string): boolean =>
  JSON.parse(Buffer.from(quoted).toString('utf8')) === name;
