import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { tempFolder } from '../adapters/temp-folder.ts';
import { runMain } from './run-main.ts';

/** docs/events.md, followed word by word from an empty folder. */

let cwd: string;
let dispose: () => Promise<void>;
beforeAll(async () => {
  ({ folder: cwd, dispose } = await tempFolder());
});
afterAll(() => dispose());

/** The words of a command line, without `npx assay`; quotes keep words together. */
const wordsOf = (line: string): string[] =>
  [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '').slice(2);

/** Writes a file that the page shows, under the name on its first line. */
async function writeShown(text: string): Promise<void> {
  const [, name = '', body = ''] = /^(?:#|\/\/) (\S+)\n([\s\S]*)$/.exec(text) ?? [];
  expect(name).toMatch(/^(contracts|projections)\/|\.jsonl$/);
  await mkdir(path.dirname(path.join(cwd, name)), { recursive: true });
  await writeFile(path.join(cwd, name), body);
}

test('a newcomer comes to a projection, and asks it at a moment and as of a moment', async () => {
  const page = await readFile('docs/events.md', 'utf8');
  const walk = page.slice(0, page.indexOf('\n## Two times, exactly'));
  const said: string[] = [];
  let snapshot = '';
  for (const [, kind, text = ''] of walk.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)) {
    if (kind !== 'sh') {
      await writeShown(text);
      continue;
    }
    for (const line of text.trim().split('\n')) {
      const words = wordsOf(line).map((word) => (word === 'SNAPSHOT' ? snapshot : word));
      const { code, out, err } = await runMain(words, { cwd });
      expect({ line, code, err }).toEqual({ line, code: 0, err: '' });
      // The first that is published is the one that the page asks for later.
      if (snapshot === '') snapshot = /^Snapshot +(\d+)$/m.exec(out)?.[1] ?? '';
      said.push(out);
    }
  }
  const saying = (part: RegExp): string[] => said.filter((out) => part.test(out));
  expect(saying(/1 missing in 1 stream: b-1/)).toHaveLength(1);
  expect(saying(/^Projection +projection\.shop_baskets: .* 1 from the start; 2 published/m)).toHaveLength(1);
  // The basket as it stood first; then with its trace, at Monday's minute, and as it was believed.
  const states = saying(/^shop\.baskets of b-1/).map((out) => /"prices": (\{[^}]*\})/.exec(out)?.[1] ?? '');
  expect(states.map((text) => JSON.parse(text))).toEqual([
    { tea: '4.50' },
    { tea: '4.50', sugar: '1.10' },
    { tea: '4.50', cup: '7.20' },
    { tea: '4.50' },
  ]);
  const [atMonday = ''] = saying(/^ *basket +items +total *$/m);
  expect(atMonday).toMatch(/b-1 +1 +4\.50\n *b-2 +1 +4\.50/);
  const [published = ''] = saying(/^ *basket +items +total +ordered_at *$[\s\S]*b-2/m);
  expect(published).toMatch(/b-1 +1 +4\.50 +2024-05-07 10:00:00\S*\n *b-2 +1 +4\.50/);
  const [restated = ''] = saying(/^ *key +old_value +new_value/m);
  expect(restated).toMatch(/b-1"\} +1 +2\n.*b-1"\} +4\.50 +5\.60/);
});
