import { execFile, spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { COMMANDS } from '../../cli/commands.ts';
import { tempFolder } from '../adapters/temp-folder.ts';
import { runMain } from './run-main.ts';

const run = promisify(execFile);
const TERMINAL = fileURLToPath(new URL('on-a-terminal.py', import.meta.url));
/** Whether a shell is there, or whoever runs the tests says that it is: then it must not be skipped. */
const has = (shell: string): boolean =>
  (process.env.ASSAY_SHELLS ?? '').split(' ').includes(shell) || spawnSync(shell, ['--version']).status === 0;

let cwd: string;
let dispose: () => Promise<void>;
beforeAll(async () => {
  ({ folder: cwd, dispose } = await tempFolder());
  for (const file of ['contracts/shop/sales.yaml', 'contracts/bank/loans.yml', 'other/crm/people.yaml']) {
    await mkdir(path.dirname(path.join(cwd, file)), { recursive: true });
    await writeFile(path.join(cwd, file), '');
  }
  await writeFile(path.join(cwd, 'drop of may.csv'), '');
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, out } = await runMain(['completion', shell], { cwd });
    expect(code).toBe(0);
    await writeFile(path.join(cwd, shell), `${out}\n`);
  }
});
afterAll(() => dispose());

/** What may be typed next, by the words so far; the last is the one that is being typed. */
const CASES: readonly (readonly [string[], string[]])[] = [
  [['q'], ['quarantine', 'query']],
  [
    ['contracts', ''],
    COMMANDS.filter(({ name }) => name.startsWith('contracts ')).map(({ name }) => name.slice(10)),
  ],
  [['run', '--da'], ['--dataset']],
  [
    ['run', '--dataset', ''],
    ['bank.loans', 'shop.sales'],
  ],
  [['run', '--contracts', 'other', '--dataset', ''], ['crm.people']],
  [['snapshots', 's'], ['shop.sales']],
  [['query', '--format', 'p'], ['parquet']],
  [
    ['init', '--share', ''],
    ['group', 'nobody'],
  ],
  [['quarantine', 'export', '--ou'], ['--out']],
  [['ingest', 'drop'], ['drop of may.csv']],
  [['watch', '--drop', 'con'], ['contracts']],
  [
    ['completion', ''],
    ['bash', 'fish', 'zsh'],
  ],
];

describe('bash completes', () => {
  test.each(CASES)('assay %j', async (words, expected) => {
    const script =
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is bash's
      '. ./bash; complete -p assay >&2; COMP_WORDS=(assay "$@"); COMP_CWORD=$#; _assay; for one in "${COMPREPLY[@]}"; do echo "$one"; done';
    const { stdout, stderr } = await run('bash', ['-uc', script, 'bash', ...words], { cwd });
    expect(stderr).toContain('-F _assay assay');
    expect(stdout.trimEnd().split('\n').sort()).toEqual([...expected].sort());
  });
});

(has('fish') ? describe : describe.skip)('fish completes', () => {
  test.each(CASES)('assay %j', async (words, expected) => {
    const line = ['assay', ...words].join(' ');
    const { stdout } = await run('fish', ['--no-config', '-c', 'source ./fish; complete -C $argv', line], {
      cwd,
    });
    const found = stdout
      .trimEnd()
      .split('\n')
      .map((one) => one.split('\t')[0] ?? '');
    // Folders end in a slash here, and names with blanks are escaped.
    const shown = found.map((one) => one.replace(/\/$/, '').replaceAll('\\ ', ' '));
    expect(shown.sort()).toEqual([...expected].sort());
  });
});

(has('zsh') ? describe : describe.skip)('zsh completes', () => {
  test.each([
    ['quarantine rel\t', 'quarantine release'],
    ['run --data\tban\t', 'run --dataset bank.loans'],
    ['query --format parq\t', 'query --format parquet'],
    ['ingest dr\t', 'ingest drop of may.csv'],
  ])('assay %j', async (typed, expected) => {
    await writeFile(
      path.join(cwd, '.zshrc'),
      `autoload -Uz compinit; compinit -u -D; source ./zsh; PROMPT='ready> '; assay() { print "got <$*>" }\n`,
    );
    const steps = [
      ['ready> ', `assay ${typed}`],
      ['', '\r'],
      ['got <', ''],
      ['ready> ', 'exit\r'],
    ];
    const env = { ...process.env, ZDOTDIR: cwd };
    const { stdout } = await run('python3', [TERMINAL, JSON.stringify(steps), 'zsh', '-d', '-i'], {
      cwd,
      env,
    });
    expect(stdout).toContain(`got <${expected}>`);
  });
});

test('a shell that there is no script for is refused', async () => {
  const { code, err } = await runMain(['completion', 'tcsh'], { cwd });
  expect([code, err]).toEqual([2, 'assay: tcsh is unknown: write bash, zsh or fish.']);
});
