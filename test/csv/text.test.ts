import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { openText } from '../../etl/csv/text.ts';
import type { Scratch } from '../../etl/ports.ts';
import { memoryScratch } from './memory-scratch.ts';

/** Scratch space that takes its time, as a busy disk does, and keeps nothing. */
function slowScratch(delayMs: number): Scratch {
  return {
    directory: '/nowhere',
    create: async () => {
      await wait(delayMs);
      return { path: 'x', write: () => wait(delayMs), close: async () => undefined };
    },
    read: async function* () {},
    remove: async () => undefined,
    dispose: async () => undefined,
  };
}

const FILE = { name: 'file', maxUnpackedBytes: 1e6, encodings: ['utf-8'] } as const;

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

describe('text of a file', () => {
  test.each([
    ['gzip', gzipSync(Buffer.alloc(200_000_000, 'a,b\n1,2\n'))],
    ['gzip in gzip', gzipSync(gzipSync(Buffer.alloc(200_000_000, 'a,b\n1,2\n')))],
    ['UTF-16', Buffer.from(`\ufeff${'a,b\n'.repeat(300_000)}`, 'utf16le')],
  ])('%s that becomes more than the limit is given up there, and takes no more room', async (_, bytes) => {
    const scratch = memoryScratch();
    const result = await openText(once(bytes), { ...FILE, scratch });
    const why = 'it unpacks to more than 1000000 bytes, the limit that the contract sets (maxUnpackedBytes)';
    expect(result).toEqual({ kind: 'unreadable', why });
    for (const written of scratch.files.values()) expect(written.length).toBeLessThanOrEqual(1e6);
  });

  test('gzip that becomes just the limit is read', async () => {
    const { kind } = await openText(once(gzipSync(Buffer.alloc(1e6))), { ...FILE, scratch: memoryScratch() });
    expect(kind).toBe('text');
  });

  test('a truncated gzip file is unreadable, whenever its damage is found', async () => {
    const whole = gzipSync(Buffer.from('a,b\n1,2\n'.repeat(1000)));
    for (let i = 0; i < 30; i++) {
      const pieces = async function* (): AsyncGenerator<Uint8Array> {
        yield whole.subarray(0, 10);
        if (i % 2 === 1) await wait(1);
        yield whole.subarray(10, whole.length - 20);
      };
      const result = await openText(pieces(), { ...FILE, scratch: slowScratch((i % 3) * 3) });
      expect(result).toEqual({ kind: 'unreadable', why: 'its gzip data is damaged: unexpected end of file' });
    }
  });
});
