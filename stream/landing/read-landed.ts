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
  const members = membersOf(line);
  const twice = twiceIn(members) ?? twiceIn(membersOf(members.find(({ name }) => name === 'headers')?.text));
  if (twice !== undefined) return { problem: `it has the member '${twice}' twice` };
  if (!isTextOrAbsent(cluster)) return { problem: "'cluster' is no text" };
  if (!isTextOrAbsent(topicId)) return { problem: "'topicId' is no text" };
  if (typeof topic !== 'string' || topic === '') return { problem: "'topic' is no text" };
  if (!isCount(partition)) return { problem: "'partition' is no whole number from 0 on" };
  if (!isCount(offset)) return { problem: "'offset' is no whole number from 0 on" };
  if (!hasValue(value)) return { problem: "it has neither 'value' nor 'valueBase64'" };
  if ('value' in value && 'valueBase64' in value)
    return { problem: "it has 'value' beside 'valueBase64': one event has one value" };
  const payload = eventValue(value, members);
  if (payload === undefined) return { problem: "'valueBase64' is no Base64" };
  const headers = headersOf(value.headers);
  if (headers === undefined)
    return { problem: '\'headers\' is no object of texts, null and {"base64": …}, or arrays of them' };
  const key = bytesOf(value.key);
  if (key === undefined) return { problem: '\'key\' is neither a text nor null nor {"base64": …}' };
  const timestampMs = momentOf(value.timestamp, arrivedMs);
  if (timestampMs === undefined)
    return {
      problem: "'timestamp' is neither a time as 2026-01-13T12:01:01.950Z nor milliseconds since 1970",
    };
  return {
    ...(typeof cluster === 'string' ? { cluster } : {}),
    ...(typeof topicId === 'string' ? { topicId } : {}),
    topic,
    partition,
    event: {
      offset,
      timestampMs,
      key,
      headers,
      value: payload,
    },
  };
}

type Members = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

const hasValue = (members: Members): boolean => 'value' in members || typeof members.valueBase64 === 'string';

const isTextOrAbsent = (value: unknown): value is string | null | undefined =>
  value === undefined || value === null || typeof value === 'string';

/** With its zone: without one, each machine would take it for another moment. */
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/i;

/** Milliseconds from the year 0 to the year 9999. */
const [FIRST_MS, LAST_MS] = [-62_167_219_200_000, 253_402_300_799_999];

/** Undefined for what is there and no moment. */
function momentOf(said: unknown, absentMs: number): number | undefined {
  if (said === undefined || said === null) return absentMs;
  const ms = typeof said === 'string' && MOMENT.test(said) ? Date.parse(said) : said;
  return typeof ms === 'number' && Number.isInteger(ms) && ms >= FIRST_MS && ms <= LAST_MS ? ms : undefined;
}

/** Undefined for what is no text, null or base64. */
function bytesOf(said: unknown): Uint8Array | null | undefined {
  if (said === null || said === undefined) return null;
  // Half of a surrogate pair has no bytes: it would become another sign.
  if (typeof said === 'string') return /\p{Surrogate}/u.test(said) ? undefined : Buffer.from(said);
  return isObject(said) && typeof said.base64 === 'string' ? fromBase64(said.base64) : undefined;
}

/** Undefined where some of the text is no Base64, which Node's decoder passes over. */
function fromBase64(said: string): Uint8Array | undefined {
  const bytes = Buffer.from(said, 'base64');
  return bare(bytes.toString('base64')) === bare(said) ? bytes : undefined;
}

/** Base64 in one spelling: without padding, in the alphabet that isn't for addresses. */
const bare = (base64: string): string =>
  base64
    .replace(/={1,2}$/, '')
    .replaceAll('-', '+')
    .replaceAll('_', '/');

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

function eventValue(said: Members, members: readonly Member[]): Uint8Array | null | undefined {
  if (typeof said.valueBase64 === 'string') return fromBase64(said.valueBase64);
  return said.value === null ? null : members.find(({ name }) => name === 'value')?.text;
}

/** A member of an object: its name, and the bytes of its value as they stand there. */
interface Member {
  readonly name: string;
  readonly text: Uint8Array;
}

function twiceIn(members: readonly Member[]): string | undefined {
  const names = new Set<string>();
  return members.find(({ name }) => names.size === names.add(name).size)?.name;
}

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const OPENING = new Set([0x7b, 0x5b]);
const CLOSING = new Set([0x7d, 0x5d]);

/** The members of what is known to be valid JSON, in order; none of what is no object. */
function membersOf(json: Uint8Array = new Uint8Array()): Member[] {
  const members: Member[] = [];
  let [depth, start, name] = [0, 0, ''];
  for (let at = 0; at < json.length; at++) {
    const byte = json[at] ?? 0;
    if (byte === QUOTE) {
      const end = textEnd(json, at);
      if (depth === 1 && start === 0) name = textOf(json.subarray(at, end));
      at = end - 1;
    } else if (OPENING.has(byte)) depth++;
    else if (depth === 1 && byte === COLON && start === 0) start = at + 1;
    else if (CLOSING.has(byte) || byte === COMMA) {
      if (depth === 1 && start > 0) {
        members.push({ name, text: Uint8Array.from(json.subarray(start, at)) });
        start = 0;
      }
      if (byte !== COMMA) depth--;
    }
  }
  return members;
}

/** Where a text that begins at a quote ends, its closing quote included. */
function textEnd(line: Uint8Array, start: number): number {
  let at = start + 1;
  while (at < line.length && line[at] !== QUOTE) at += line[at] === BACKSLASH ? 2 : 1;
  return at + 1;
}

const textOf = (quoted: Uint8Array): string => String(JSON.parse(Buffer.from(quoted).toString('utf8')));
