import { readdirSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { type Outcome, runCase } from './stages/golden-case.ts';

/**
 * Every folder here is a case. `GOLDEN_WRITE=1` writes what is found as what is expected: read the difference
 * before you commit it.
 */
const ROOT = fileURLToPath(new URL('golden', import.meta.url));
const CASES = readdirSync(ROOT, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)
  .sort();

describe('golden', () => {
  test.each(CASES)('%s', async (name) => {
    const { outcome, problems } = await runCase(path.join(ROOT, name));
    expect(problems).toEqual([]);
    if (process.env.GOLDEN_WRITE === '1') await writeExpected(name, outcome);
    for (const [file, found] of Object.entries(outcome)) {
      expect(found).toBe(await readFile(path.join(ROOT, name, 'expected', file), 'utf8'));
    }
  });
});

async function writeExpected(name: string, outcome: Outcome): Promise<void> {
  const folder = path.join(ROOT, name, 'expected');
  await mkdir(folder, { recursive: true });
  for (const [file, text] of Object.entries(outcome)) await writeFile(path.join(folder, file), text);
}
