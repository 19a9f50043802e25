import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { selectContenders } from '../../bench/contenders.ts';
import { isInstalled, openPython } from '../../bench/python.ts';
import { requireSameWork } from '../../bench/same-work.ts';

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'bench-python-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test('where Python is missing, it is said which command did not start', () => {
  const venv = join(directory, 'venv');
  expect(openPython(venv, 'no-such-python')).toEqual({
    kind: 'absent',
    why: expect.stringMatching(/^no-such-python doesn't start/),
  });
  expect(isInstalled(venv)).toBe(false);
});

test('an environment that could not be made is no environment, however often it is asked for', () => {
  const venv = join(directory, 'broken');
  for (let i = 0; i < 2; i++) {
    expect(openPython(venv, 'false')).toEqual({ kind: 'absent', why: `false -m venv ${venv} failed: ` });
  }
  expect(existsSync(venv)).toBe(false);
});

test('who counts or writes otherwise than the loop is not measured', async () => {
  await requireSameWork(selectContenders(['row-by-row']), '');
  await expect(requireSameWork(selectContenders(['bare-copy']), '')).rejects.toThrow(
    /^bare-copy doesn't do the loop's work/,
  );
});
