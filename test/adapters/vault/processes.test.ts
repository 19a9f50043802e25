import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openVault } from '../../../adapters/local/vault/folder-vault.ts';
import { rootKeysOf } from '../../../adapters/local/vault/root-keys.ts';
import { tempFolder } from '../temp-folder.ts';
import { placeOf } from './support.ts';

let folder: string;
let dispose: () => Promise<void>;
beforeEach(async () => {
  ({ folder, dispose } = await tempFolder());
});
afterEach(() => dispose());

/** Starts a process that asks; what it was given, by id, once it has ended. `killAt` kills it after so many lines. */
function start(vault: string, key: string, killAt = Number.POSITIVE_INFINITY): Promise<Map<string, string>> {
  const worker = path.join(import.meta.dirname, 'asking-worker.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', worker, vault, key, '6'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.on('data', (piece) => {
    out += piece;
    if (out.split('\n').length > killAt) child.kill('SIGKILL');
  });
  return new Promise((resolve) => {
    child.on('close', () => {
      const lines = out.split('\n').slice(0, -1);
      resolve(new Map(lines.map((line) => [line.slice(0, line.indexOf(' ')), line])));
    });
  });
}

test('processes that ask one vault at once, of which one is killed, are all given the same', async () => {
  const [vault, key] = [path.join(folder, 'vault'), randomBytes(32).toString('hex')];
  const [one, other, killed] = await Promise.all([
    start(vault, key),
    start(vault, key),
    start(vault, key, 15),
  ]);
  expect(one.size).toBe(60);
  expect(other).toEqual(one);
  expect(killed.size).toBeGreaterThan(9);
  for (const [id, line] of killed) expect(one.get(id)).toBe(line);
  expect(new Set(one.values()).size).toBe(60);

  const later = openVault(placeOf({ folder: vault, root: rootKeysOf(key, 'a test') }));
  const [found] = await later.subjects([{ kind: 'customer', id: '7', dated: new Date() }], ['contact']);
  expect(found?.kind === 'known' && one.get('7')?.split(' ')[1] === found.reference).toBe(true);
});
