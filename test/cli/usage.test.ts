import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { COMMANDS } from '../../cli/commands.ts';
import { tempFolder } from '../adapters/temp-folder.ts';
import { assay } from './assay.ts';
import { runMain } from './run-main.ts';
import { ErrorJson } from './shapes.ts';

let cwd: string;
let dispose: () => Promise<void>;
beforeAll(async () => {
  ({ folder: cwd, dispose } = await tempFolder());
});
afterAll(() => dispose());

describe('help', () => {
  test.each([[[]], [['help']], [['--help']], [['-h']]])('assay %j lists every command', async (args) => {
    const { code, out } = await runMain(args, { cwd });
    expect(code).toBe(0);
    const width = Math.max(...COMMANDS.map(({ name }) => name.length));
    for (const { name, summary } of COMMANDS) expect(out).toContain(`${name.padEnd(width)}  ${summary}`);
  });

  test.each(COMMANDS.map(({ name }) => name))('assay %s --help explains it', async (name) => {
    const { code, out, err } = await runMain([...name.split(' '), '--help'], { cwd });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(new RegExp(`^Usage: assay ${name} `));
    for (const part of ['--lake DIR', '--json', 'Examples', `  assay ${name}`, 'Exit codes: 0 ok']) {
      expect(out).toContain(part);
    }
    expect((await runMain(['help', ...name.split(' ')], { cwd })).out).toBe(out);
  });

  test('assay --version says it', async () => {
    expect(await assay(['--version'], { cwd })).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
  });
});

describe('a wrong command line exits with 2 and says what was meant', () => {
  test.each([
    [['rnu'], 'Did you mean `assay run`?'],
    [['frobnicate'], '`assay help` lists the commands'],
    [['contracts'], 'contracts check'],
    [['run', '--datset', 'x.y'], 'Did you mean --dataset?'],
    [['run', '--lake'], 'argument missing'],
    [['run', '--lake='], '--lake is empty'],
    [['run', 'x'], "'x' is one argument too many"],
    [['--lake', 'x', 'run'], 'Write the command first'],
    [['ingest'], 'FILE is missing'],
    [['ingest', 'x.csv'], '--dataset is missing'],
    [['query', 'SELECT 1', '--format', 'xml'], 'table, csv, json, jsonl, parquet, xlsx'],
    [['query', 'SELECT 1', '--format', 'parquet'], '--out FILE'],
    [['query', 'SELECT 1', '--as-of', 'yesterday'], 'neither a snapshot id nor a time'],
    [['query', ' '], 'The SQL is empty'],
    [['report', 'x', '--month', '2024-13'], 'write YYYY-MM'],
    [['runs', '--limit', '0'], 'no number of runs'],
    [['show'], 'RUN is missing'],
    [['watch'], '--drop is missing'],
    [['watch', '--drop', '.', '--settle', 'x'], 'no number of seconds'],
  ])('assay %j', async (args, meant) => {
    const { code, out, err } = await runMain(args, { cwd });
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(/^assay: /);
    expect(err).toContain(meant);
    expect(err).not.toContain('    at ');
  });

  test('with --json, the error is an object on stdout', async () => {
    const { code, out, err } = await assay(['query', 'SELECT 1', '--format', 'csv', '--json'], { cwd });
    expect({ code, err }).toEqual({ code: 2, err: '' });
    expect(ErrorJson.parse(JSON.parse(out)).error).toMatchObject({ name: 'ConfigError', code: 'USAGE' });
  });

  test('only --debug or $ASSAY_DEBUG shows the stack', async () => {
    for (const { args, env } of [
      { args: ['runs', '--debug'], env: {} },
      { args: ['runs'], env: { ASSAY_DEBUG: '1' } },
    ]) {
      const { code, err } = await assay(args, { cwd, env });
      expect(code).toBe(2);
      expect(err).toMatch(/^assay: .* is not a lake/);
      expect(err).toContain('    at ');
    }
  });
});

test('a folder that is no lake is refused by every command that needs one', async () => {
  for (const args of [
    ['run'],
    ['query', 'SELECT 1'],
    ['runs'],
    ['report'],
    ['snapshots', 'a.b'],
    ['show', 'x'],
  ]) {
    const { code, out } = await runMain([...args, '--json'], { cwd });
    expect(code).toBe(2);
    expect(ErrorJson.parse(JSON.parse(out)).error.code).toBe('NOT_A_LAKE');
  }
});

test('what nobody foresaw is exit code 3, in one line', async () => {
  const { code, err } = await runMain(['init', '--lake', 'a\0b'], { cwd });
  expect(code).toBe(3);
  expect(err).toMatch(
    /^assay: Something went wrong inside of Assay: .*\nRun it again with --debug to see more\.$/,
  );
});
