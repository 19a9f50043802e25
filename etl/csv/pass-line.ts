import type { ByteWindow } from './window.ts';

const [LF, CR] = [10, 13];

/**
 * Passes the line at a window's start, however long, in no more memory than a piece takes; `take` is given its bytes
 * without the line's end, good only during the call. Where only a line feed ends one, a carriage return is part of it.
 */
export async function passLine(
  window: ByteWindow,
  take: (bytes: Uint8Array) => void = () => undefined,
  { isJson }: { readonly isJson: boolean } = { isJson: false },
): Promise<void> {
  for (;;) {
    const { bytes, start, limit, final } = window;
    const at = firstEnd(bytes, start, limit, isJson);
    if (at > start) take(bytes.subarray(start, at));
    window.start = at;
    if (at < limit && (bytes[at] === LF || at + 1 < limit || final)) {
      window.start = bytes[at] === CR && at + 1 < limit && bytes[at + 1] === LF ? at + 2 : at + 1;
      return;
    }
    if (final) return;
    await window.fill();
  }
}

function firstEnd(bytes: Uint8Array, start: number, limit: number, isJson: boolean): number {
  const unread = bytes.subarray(start, limit);
  const [lf, cr] = [unread.indexOf(LF), isJson ? -1 : unread.indexOf(CR)];
  if (lf === -1 && cr === -1) return limit;
  return start + (lf === -1 ? cr : cr === -1 ? lf : Math.min(lf, cr));
}
