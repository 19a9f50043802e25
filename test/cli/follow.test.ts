import { cp, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { tempFolder } from '../adapters/temp-folder.ts';
import { until } from '../support/until.ts';
import { startAssay } from './assay.ts';
import { runMain } from './run-main.ts';

/** `assay project --follow` as a process, beside runs of others. What is expected is told from the files by JSON.parse. */

let cwd: string;
let dispose: () => Promise<void>;
beforeAll(async () => {
  ({ folder: cwd, dispose } = await tempFolder());
  await cp('examples/products', cwd, { recursive: true });
  expect((await runMain(['init'], { cwd })).code).toBe(0);
});
afterAll(() => dispose());

interface Line {
  readonly event: string;
  readonly id: string;
  readonly code?: string;
  readonly stream?: string;
  readonly version?: string;
  readonly rows?: readonly { readonly monthly_price: string }[];
}

/** A follower that runs, and the lines that it told. */
function startFollower(...more: readonly string[]) {
  const child = startAssay(['project', 'products.held', '--follow', '--every', '1', '--json', ...more], {
    cwd,
  });
  const texts = { out: '', err: '' };
  for (const name of ['out', 'err'] as const)
    child[`std${name}`].setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text;
    });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const lines = (): Line[] => {
    const whole = texts.out.slice(0, texts.out.lastIndexOf('\n') + 1);
    return whole
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Line);
  };
  const untilTold = (what: string, isIt: (line: Line) => boolean): Promise<void> =>
    until(
      `the follower tells ${what}`,
      () => lines().some(isIt),
      () => `${texts.out}${texts.err}`,
    );
  const end = async (): Promise<number | null> => {
    child.kill('SIGTERM');
    return await ended;
  };
  return { lines, untilTold, end };
}

/** The last version and price of each stream, of some files. */
async function lastOf(names: readonly string[]): Promise<Record<string, [string, string]>> {
  const texts = await Promise.all(
    names.map((name) => readFile(path.join('examples/products', name), 'utf8')),
  );
  const last: Record<string, [number, string]> = {};
  const events = texts
    .join('')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  for (const { customer_product_id: stream, version, monthly_price } of events.sort(
    (a, b) => a.version - b.version,
  ))
    last[stream] = [version, monthly_price ?? last[stream]?.[1]];
  return Object.fromEntries(Object.entries(last).map(([stream, [n, price]]) => [stream, [String(n), price]]));
}

/** The same, as it was told. */
const toldOf = (lines: readonly Line[]): Record<string, unknown> =>
  Object.fromEntries(
    lines
      .filter(({ event }) => event === 'change')
      .map(({ stream, version, rows }) => [stream, [version, rows?.[0]?.monthly_price]]),
  );

const publish = async (file: string): Promise<void> => {
  expect((await runMain(['ingest', file, '--dataset', 'products.events'], { cwd })).code).toBe(0);
  await runMain(['run'], { cwd });
};

test('a follower tells what others publish, goes on from an id, and lives through code that fails', async () => {
  const first = startFollower();
  await first.untilTold('that it is ready', ({ event }) => event === 'ready');
  await publish('2026-01.jsonl');
  const january = await lastOf(['2026-01.jsonl']);
  await until(
    'all of January is told',
    () => Object.keys(toldOf(first.lines())).length === Object.keys(january).length,
    () => JSON.stringify(first.lines()),
  );
  expect(toldOf(first.lines())).toEqual(january);
  const code = path.join(cwd, 'projections/products/held.ts');
  const good = await readFile(code, 'utf8');
  // The follower may read it at any moment.
  const setCode = async (text: string): Promise<void> => {
    await writeFile(`${code}.new`, text);
    await rename(`${code}.new`, code);
  };
  await setCode('export const initial = null; export const apply = () => { throw new Error(); };');
  await publish('2026-02.jsonl');
  await first.untilTold('what is wrong', ({ event }) => event === 'trouble');
  const told = first.lines();
  const troubles = told.filter(({ event }) => event === 'trouble');
  expect(new Set(troubles.map((one) => one.code))).toEqual(new Set(['PROJECTION_THREW']));
  expect(toldOf(told)).toEqual(january);
  await setCode(good);
  const both = await lastOf(['2026-01.jsonl', '2026-02.jsonl']);
  await until(
    'all of February is told, by the code that was mended',
    () =>
      JSON.stringify(Object.entries(toldOf(first.lines())).sort()) ===
      JSON.stringify(Object.entries(both).sort()),
    () => JSON.stringify(first.lines()),
  );
  expect(await first.end()).toBe(0);
  // Another one goes on in the middle of what January changed: each stream of the rest is told, and February's again.
  const at = told.findIndex(({ event }) => event === 'change');
  const second = startFollower('--since', told[at]?.id ?? '');
  await publish('2026-03.jsonl');
  const all = await lastOf(['2026-01.jsonl', '2026-02.jsonl', '2026-03.jsonl']);
  const rest = Object.fromEntries(
    Object.entries(all).filter(
      ([stream]) => stream !== told[at]?.stream || all[stream]?.[0] !== told[at]?.version,
    ),
  );
  await until(
    'all but the stream that was known is told',
    () =>
      Object.entries(rest).every(
        ([stream, last]) => JSON.stringify(toldOf(second.lines())[stream]) === JSON.stringify(last),
      ),
    () => JSON.stringify(second.lines()),
  );
  expect(await second.end()).toBe(0);
});

test('options that have no use together are refused', async () => {
  const wrong = [
    ['--follow', '--rebuild'],
    ['--follow', '--stream', 'CP-004'],
    ['--since', '0'],
    ['--follow', '--every', 'now'],
    ['--follow', '--since', 'now'],
    ['--follow', '--bootstrap', 'localhost:9', '--lake', 'lake'],
  ];
  for (const options of wrong) {
    const { code, err } = await runMain(['project', 'products.held', ...options], { cwd });
    expect({ options, code, err }).toMatchObject({ code: 2, err: expect.stringMatching(/--|place/) });
  }
});
