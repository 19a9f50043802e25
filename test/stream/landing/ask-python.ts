import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from '@jest/globals';

const JUDGE = fileURLToPath(new URL('judge.py', import.meta.url));

/** What another reader of JSON, in Python, says. */
export function askPython(asked: object): {
  readonly lines: readonly (string | null)[];
  readonly ids: readonly string[];
} {
  const { stdout, stderr } = spawnSync('python3', [JUDGE], {
    input: JSON.stringify(asked),
    encoding: 'utf8',
    maxBuffer: 1 << 30,
  });
  expect(stderr).toBe('');
  return JSON.parse(stdout) as ReturnType<typeof askPython>;
}
