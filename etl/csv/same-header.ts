import type { Opened, Unopened } from './opened.ts';
import type { ByteWindow } from './window.ts';

/** What is known of a file once its header is passed. */
export type Passed = Omit<Opened, 'window'> | Unopened;

const NEWLINE = 10;

/**
 * Passes headers of files that are read one after another: where one begins with the very bytes that the last header took,
 * they are passed over without being read again. All these files are of one contract.
 */
export class SameHeader {
  #last: { readonly dialect: string; readonly bytes: Uint8Array; readonly passed: Passed } | undefined;

  /** What `read` finds, which passes the window's header; `dialect` names all that it reads by. */
  async pass(window: ByteWindow, dialect: string, read: () => Promise<Passed>): Promise<Passed> {
    const last = this.#last;
    if (last?.dialect === dialect && (await beginsWith(window, last.bytes))) {
      window.start += last.bytes.length;
      return last.passed;
    }
    const from = window.position;
    const passed = await read();
    const bytes = bytesSince(window, from);
    if (passed.kind === 'open' && bytes !== undefined) this.#last = { dialect, bytes, passed };
    return passed;
  }
}

async function beginsWith(window: ByteWindow, bytes: Uint8Array): Promise<boolean> {
  while (window.limit - window.start < bytes.length && !window.final) await window.fill();
  const { start } = window;
  return (
    Buffer.compare(window.bytes.subarray(start, Math.min(start + bytes.length, window.limit)), bytes) === 0
  );
}

/** A copy of the bytes that were passed since a position, if they end a line: then nothing behind them had a say in how they were read. */
function bytesSince(window: ByteWindow, from: number): Uint8Array | undefined {
  const { bytes, start } = window;
  const length = window.position - from;
  if (length === 0 || length > start || bytes[start - 1] !== NEWLINE) return undefined;
  return Uint8Array.from(bytes.subarray(start - length, start));
}
