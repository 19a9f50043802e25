import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { openText } from '../../etl/csv/text.ts';
import type { Scratch } from '../../etl/ports.ts';

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

describe('text of a file', () => {
  test('a truncated gzip file is unreadable, whenever its damage is found', async () => {
    const whole = gzipSync(Buffer.from('a,b\n1,2\n'.repeat(1000)));
    for (let i = 0; i < 30; i++) {
      const pieces = async function* (): AsyncGenerator<Uint8Array> {
        yield whole.subarray(0, 10);
        if (i % 2 === 1) await wait(1);
        yield whole.subarray(10, whole.length - 20);
      };
      const result = await openText(pieces(), slowScratch((i % 3) * 3), 'file');
      expect(result).toEqual({ kind: 'unreadable', why: 'its gzip data is damaged: unexpected end of file' });
    }
  });
});
