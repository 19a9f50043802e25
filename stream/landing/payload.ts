import { Buffer, isUtf8 } from 'node:buffer';

/** What an event carries. */
export type Payload =
  | { readonly kind: 'none' }
  /** JSON as it came, on one line; `value` is it as JavaScript reads it, whose numbers are not exact. */
  | { readonly kind: 'json'; readonly text: Uint8Array; readonly value: unknown }
  | { readonly kind: 'binary'; readonly bytes: Uint8Array };

/** The payload of an event's value: JSON where it is that and nothing else. */
export function readPayload(bytes: Uint8Array | null): Payload {
  if (bytes === null) return { kind: 'none' };
  if (!isUtf8(bytes)) return { kind: 'binary', bytes };
  try {
    const value: unknown = JSON.parse(bufferOf(bytes).toString('utf8'));
    return { kind: 'json', text: onOneLine(bytes), value };
  } catch {
    return { kind: 'binary', bytes };
  }
}

/** The same bytes, not copied. */
export const bufferOf = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);

/** JSON without line ends: they stand only between its tokens, where a blank says the same. */
function onOneLine(json: Uint8Array): Uint8Array {
  if (!json.includes(LF) && !json.includes(CR)) return json;
  return json.map((byte) => (byte === LF || byte === CR ? BLANK : byte));
}

const [LF, CR, BLANK] = [10, 13, 32];
