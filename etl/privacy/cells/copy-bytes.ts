/** A stretch of memory. */
export interface Span {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** Stretches up to this length are copied sooner byte by byte than by a call that makes a view of them. */
export const SHORT_BYTES = 256;

/** Copies a stretch; returns where it ends. */
export function copyBytes({ bytes, start, end }: Span, out: Uint8Array, at: number): number {
  const length = end - start;
  if (length > SHORT_BYTES) out.set(bytes.subarray(start, end), at);
  else for (let n = 0; n < length; n++) out[at + n] = bytes[start + n] ?? 0;
  return at + length;
}
