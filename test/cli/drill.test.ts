import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { tempFolder } from '../adapters/temp-folder.ts';
import { runMain, runMainJson } from './run-main.ts';
import { DrillJson } from './shapes.ts';

let cwd: string;
let dispose: () => Promise<void>;
beforeAll(async () => {
  ({ folder: cwd, dispose } = await tempFolder());
});
afterAll(() => dispose());

describe('drill', () => {
  test('says what it did to its lakes, and touches no other', async () => {
    const { code, json } = await runMainJson(['drill', '--points', '1', '--seed', '5'], { cwd });
    expect(code).toBe(0);
    expect(DrillJson.parse(json)).toMatchObject({ seed: 5, points: 1, stories: 1, problems: [] });
    const { out } = await runMain(['drill', '--points', '1', '--seed', '5'], { cwd });
    expect(out).toMatch(/^1 point of trouble in the lives of 1 lake, seed 5:\n {2}\d+ kills?, /);
    expect(out).toMatch(/Nothing was lost, doubled or half-published\.$/);
    expect(await readdir(cwd)).toEqual([]);
  });

  test('with --stream it says what it did to its streams', async () => {
    const words = ['drill', '--stream', '--points', '1', '--seed', '5'];
    const { code, json } = await runMainJson(words, { cwd });
    expect({ code, json }).toMatchObject({ code: 0, json: { seed: 5, points: 1, stories: 1, problems: [] } });
    const { out } = await runMain(words, { cwd });
    expect(out).toMatch(/^1 point of trouble in the lives of 1 stream, seed 5:\n {2}\d+ kills?, /);
    expect(out).toMatch(/in Silver once exactly where it passed\.$/);
    expect(await readdir(cwd)).toEqual([]);
  });

  test.each([
    [['--points', '0'], "--points '0' is no whole number from 1"],
    [['--points', 'many'], "'many'"],
    [['--seed', '99999999999'], '--seed'],
    [['--seed', '-1'], '--seed'],
  ])('%j is refused', async (args, why) => {
    const { code, err } = await runMain(['drill', ...args], { cwd });
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(why) });
  });
});
