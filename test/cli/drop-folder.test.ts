import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, jest, test } from '@jest/globals';
import * as chokidar from 'chokidar';
import { tempFolder } from '../adapters/temp-folder.ts';
import { until } from '../support/until.ts';

// The real watcher, deaf to one name: as it is to what comes into a folder after it was read and before it is watched.
jest.unstable_mockModule('chokidar', () => ({
  ...chokidar,
  watch: (...args: Parameters<typeof chokidar.watch>) => {
    const watcher = chokidar.watch(...args);
    const on = watcher.on.bind(watcher);
    const deaf = (listener: (file: string) => void) => (file: string) =>
      path.basename(file) === 'missed.csv' ? undefined : listener(file);
    return Object.assign(watcher, {
      on: (event: 'add', listener: (file: string) => void) =>
        on(event, event === 'add' ? deaf(listener) : listener),
    });
  },
}));
const { watchDrops } = await import('../../cli/drop-folder.ts');

test('a file of which the system told nothing is found by looking again, the others once', async () => {
  const { folder, dispose } = await tempFolder();
  const told: string[] = [];
  const drops = watchDrops(
    folder,
    { settleMs: 50, links: 'refuse', exclude: path.join(folder, 'lake') },
    {
      onFile: (file) => told.push(path.basename(file)),
      onError: (error) => {
        throw error;
      },
    },
  );
  try {
    await mkdir(path.join(folder, 'shop', 'sales'), { recursive: true });
    for (const name of ['missed.csv', 'seen.csv', 'unfinished.csv.part'])
      await writeFile(path.join(folder, 'shop', 'sales', name), 'a\n1\n');
    await until(
      'two files are told of',
      () => told.length >= 2,
      () => `Told: ${told.join(', ')}`,
    );
    expect(told.sort()).toEqual(['missed.csv', 'seen.csv']);
  } finally {
    await drops.close();
    await dispose();
  }
});
