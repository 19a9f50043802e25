import { Buffer } from 'node:buffer';
import { createHash, createHmac } from 'node:crypto';

const SHORT_BYTES = 6;

/** Of lines of events together, keyed: of an event with few possible values, a digest without a key says which it is. */
export function digestOfLines(lines: readonly Uint8Array[], secret: string): string {
  const hash = createHmac('sha256', secret);
  for (const line of lines) hash.update(createHash('sha256').update(identityOf(line)).digest());
  return hash.digest('hex');
}

/** Of one line, keyed and short: two events at one offset that share it by chance are one in 2^48. */
export const shortDigest = (line: Uint8Array, secret: string): string =>
  createHmac('sha256', secret).update(identityOf(line)).digest().toString('base64url', 0, SHORT_BYTES);

const MOMENT = ',"timestamp":"';

/** A line without its moment: where a source says none, it is when the file came. */
function identityOf(line: Uint8Array): Uint8Array {
  const text = Buffer.from(line.buffer, line.byteOffset, line.length);
  const at = text.indexOf(MOMENT);
  return at < 0 ? text : Buffer.concat([text.subarray(0, at), text.subarray(text.indexOf(',', at + 1))]);
}
