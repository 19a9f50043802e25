import { cp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { tempFolder } from '../adapters/temp-folder.ts';
import { runMain } from './run-main.ts';

/** The walk-through of docs/privacy.md, followed word by word, in a folder with nothing but the example that it names. */

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

let cwd: string;
let dispose: () => Promise<void>;
let page: string;
beforeAll(async () => {
  ({ folder: cwd, dispose } = await tempFolder());
  await cp(path.join(ROOT, 'examples/shop'), path.join(cwd, 'examples/shop'), { recursive: true });
  page = await readFile(path.join(ROOT, 'docs/privacy.md'), 'utf8');
});
afterAll(() => dispose());

/** The words of a command line, without `npx assay`; quotes keep words together. */
const wordsOf = (line: string): string[] =>
  [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '').slice(2);

test('protects, reveals, answers a person, forgets, and finds nothing any more', async () => {
  // The same on AWS is test/aws/69-privacy.test.ts, and 91-adopt.test.ts for the lines that say so.
  const walk = page.slice(0, page.indexOf('\n## On AWS'));
  const blocks = [...walk.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)];
  const lines = blocks.flatMap(([, kind, text = '']) => (kind === 'sh' ? text.trim().split('\n') : []));
  const here = lines.filter((line) => !line.includes('--target aws'));
  const planted = blocks.find(([, kind]) => kind === 'text')?.[2] ?? '';
  await writeFile(path.join(cwd, 'planted.txt'), planted);
  const told = new Map<string, string[]>();
  let request = '';
  for (const line of here) {
    const words = wordsOf(line).map((word) => (word === 'REQUEST' ? request : word));
    const { code, out, err } = await runMain(words, { cwd });
    expect({ line, code, err }).toMatchObject({ line, code: 0 });
    request = /Asked, as (\S+):/.exec(out)?.[1] ?? request;
    told.set(line, [...(told.get(line) ?? []), out]);
  }
  const saying = (part: string): string[] =>
    [...told].filter(([line]) => line.includes(part)).flatMap(([, outs]) => outs);
  // Nobody sees a value but who asked for the group.
  expect(saying('SELECT customer_no')[0]).toMatch(/[a-z2-7]{26} +~1\./);
  const [revealed = ''] = saying('--reveal contact');
  expect(revealed.match(/@example\.com/g)).toHaveLength(3);
  expect(revealed).toMatch(/07700 900\d{3} +~1\./);
  expect(saying('ops.reveals')[0]).toMatch(/ann +case 991 .*shop\.customers +mail +3/);
  expect(saying('privacy access C-1007')[0]).toMatch(/silver: 1 record[\s\S]*condemned: 1 record/);
  expect(saying('privacy access C-1046')[0]).toMatch(/quarantine: 1 record/);
  expect(saying('--approve')[0]).toMatch(/figures +unchanged/);
  const [before, after] = saying('report shop.monthly_changes');
  expect(after).toBe(before);
  expect(saying('audit')[0]).toMatch(/shop\.customers: sound/);
  expect(saying('ingest')[1]).toMatch(/0 files added .* 3 were there already/);
  expect(saying('privacy verify')[0]).toMatch(/^Not found|nowhere|found nowhere/im);
});

test('what it was told about the example is so, as csv lines say', async () => {
  const csv = await readFile(path.join(cwd, 'examples/shop/customers/2026-08.csv'), 'utf8');
  for (const value of ['dario.wetherby@example.com', '07700 900461']) expect(csv).toContain(value);
  expect(await readFile(path.join(cwd, 'examples/shop/customers/2026-10.csv'), 'utf8')).toContain(
    '07700 900999',
  );
});
