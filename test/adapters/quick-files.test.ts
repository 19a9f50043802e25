import { describe, expect, test } from '@jest/globals';
import { quick } from '../../adapters/local/quick-files.ts';

const waiting = new Int32Array(new SharedArrayBuffer(4));

describe('calls of the file system', () => {
  test('are made at once after one that was kept waiting for long', async () => {
    const call = quick(
      (ms: number) => {
        Atomics.wait(waiting, 0, 0, ms);
        return 'at once';
      },
      async () => 'on a thread',
    );
    expect(await call(200)).toBe('at once');
    expect(await call(0)).toBe('at once');
  });

  test('are made at once until they turn out to be slow, and then on another thread', async () => {
    const made: string[] = [];
    const call = quick(
      (what: string) => {
        Atomics.wait(waiting, 0, 0, 2);
        made.push(`${what} at once`);
        return what;
      },
      async (what) => {
        made.push(`${what} on a thread`);
        return what;
      },
    );
    for (let n = 0; n < 200 && made.at(-1) !== 'a on a thread'; n++) expect(await call('a')).toBe('a');
    expect(made[0]).toBe('a at once');
    expect(made.at(-1)).toBe('a on a thread');
  });

  test('fail as the call does', async () => {
    const fails = (): never => {
      throw new RangeError('no such file');
    };
    await expect(quick(fails, async () => fails())()).rejects.toThrow('no such file');
  });
});
