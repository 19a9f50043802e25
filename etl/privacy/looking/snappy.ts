import { Buffer } from 'node:buffer';

/** The bytes that a Snappy block unpacks to (https://github.com/google/snappy/blob/main/format_description.txt). Throws RangeError where it is damaged. */
export function unsnappy(packed: Uint8Array): Buffer {
  let at = 0;
  const byte = (): number => {
    const value = packed[at++];
    if (value === undefined) throw new RangeError('a block of it ends too early');
    return value;
  };
  const little = (bytes: number): number => {
    let value = 0;
    for (let n = 0; n < bytes; n++) value += byte() * 2 ** (8 * n);
    return value;
  };
  let length = 0;
  for (let factor = 1, more = true; more; factor *= 128) {
    const next = byte();
    length += (next & 127) * factor;
    more = next >= 128;
  }
  const out = Buffer.alloc(length);
  let end = 0;
  while (at < packed.length) {
    const tag = byte();
    if ((tag & 3) === 0) {
      const short = tag >>> 2;
      const size = 1 + (short < 60 ? short : little(short - 59));
      out.set(packed.subarray(at, at + size), end);
      at += size;
      end += size;
      continue;
    }
    const isShort = (tag & 3) === 1;
    const size = isShort ? ((tag >>> 2) & 7) + 4 : (tag >>> 2) + 1;
    const back = isShort ? ((tag >>> 5) << 8) + byte() : little((tag & 3) === 2 ? 2 : 4);
    if (back === 0 || back > end || end + size > length) throw new RangeError('a block of it is damaged');
    // A copy may reach into what it makes.
    for (let n = 0; n < size; n++) out[end + n] = out[end + n - back] as number;
    end += size;
  }
  if (end !== length) throw new RangeError('a block of it ends too early');
  return out;
}
