import { execFile } from 'node:child_process';
import { appendFile, cp, mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { z } from 'zod';
import { tempFolder } from '../adapters/temp-folder.ts';

/** The steps of the Dockerfile and of the workflow for GitHub, where there is neither Docker nor GitHub. */

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const big = { maxBuffer: 64 * 1024 * 1024 };

let root: string;
let dispose: () => Promise<void>;
beforeAll(async () => {
  ({ folder: root, dispose } = await tempFolder());
});
afterAll(() => dispose());

interface Instruction {
  readonly name: string;
  readonly rest: string;
}

/** The instructions of a Dockerfile, one a line. */
const instructionsOf = (text: string): Instruction[] =>
  text
    .split('\n')
    .filter((line) => /^[A-Z]+ /.test(line))
    .map((line) => ({ name: line.split(' ', 1)[0] ?? '', rest: line.slice(line.indexOf(' ') + 1) }));

/** What Docker would send of this clone: the files that git knows, but for those that .dockerignore names. */
async function sendContext(to: string): Promise<void> {
  const ignored = (await readFile(path.join(ROOT, '.dockerignore'), 'utf8')).split('\n').filter(Boolean);
  const { stdout } = await run('git', ['ls-files', '-co', '--exclude-standard'], { cwd: ROOT, ...big });
  for (const file of stdout.trim().split('\n')) {
    if (ignored.some((one) => file === one || file.startsWith(`${one}/`))) continue;
    await mkdir(path.dirname(path.join(to, file)), { recursive: true });
    await cp(path.join(ROOT, file), path.join(to, file)).catch(() => undefined);
  }
}

/** A machine of the image in a folder: `/tmp` is `<machine>/tmp`, and what npm installs globally lies in `<machine>/usr`. */
class Machine {
  private workdir = '/';
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  at = (place: string): string => path.join(this.folder, place);

  async workIn(place: string): Promise<void> {
    this.workdir = place;
    await mkdir(this.at(place), { recursive: true });
  }

  async shell(command: string): Promise<string> {
    const here = command.replaceAll(/(?<![\w.])\/tmp\b/g, this.at('/tmp'));
    const env = {
      ...process.env,
      npm_config_prefix: this.at('/usr'),
      PATH: `${this.at('/usr/bin')}:${process.env.PATH}`,
    };
    const { stdout } = await run('sh', ['-euc', here], { cwd: this.at(this.workdir), env, ...big });
    return stdout;
  }
}

test('each step of the Dockerfile works in empty folders, and what it starts is the command', async () => {
  const steps = instructionsOf(await readFile(path.join(ROOT, 'Dockerfile'), 'utf8'));
  const known = ['FROM', 'WORKDIR', 'COPY', 'RUN', 'USER', 'ENTRYPOINT', 'CMD'];
  expect(steps.map(({ name }) => name).filter((name) => !known.includes(name))).toEqual([]);
  const machines: Machine[] = [];
  const started: string[] = [];
  for (const { name, rest } of steps) {
    if (name === 'FROM') {
      machines.push(new Machine(path.join(root, `machine-${machines.length}`)));
      for (const place of ['/tmp', '/usr/bin'])
        await mkdir(machines.at(-1)?.at(place) ?? '', { recursive: true });
    }
    const machine = machines.at(-1) as Machine;
    if (name === 'WORKDIR') await machine.workIn(rest);
    if (name === 'RUN') await machine.shell(rest);
    if (name === 'ENTRYPOINT' || name === 'CMD') started.push(...z.array(z.string()).parse(JSON.parse(rest)));
    if (name !== 'COPY') continue;
    if (rest === '. .') await sendContext(machine.at('/src'));
    else {
      const [, pattern = '', to = ''] = /^--from=build (\S+) (\S+)$/.exec(rest) ?? [];
      const from = machines[0]?.at(path.dirname(pattern)) ?? '';
      const found = (await readdir(from)).filter((one) => /^assay-.*\.tgz$/.test(one));
      expect(found).toHaveLength(1);
      for (const one of found) await cp(path.join(from, one), path.join(machine.at(to), one));
    }
  }
  expect(machines).toHaveLength(2);
  const last = machines[1] as Machine;
  expect(await readdir(last.at('/tmp'))).toEqual([]);
  expect(started).toEqual(['assay', 'help']);
  expect(await last.shell(started.join(' '))).toContain('Start with');
  // What the pods of the Helm chart start.
  expect(await last.shell('assay enforce --help')).toContain('--canary');
  expect(await last.shell('assay serve --help')).toContain('--oidc-issuer');
  // As docs/library.md has it: what is beside the lake is all there is.
  expect(await last.shell('assay init && ls')).toContain('lake');
});

const Workflow = z.object({
  on: z.object({ pull_request: z.object({ paths: z.array(z.string()) }) }),
  permissions: z.object({ contents: z.literal('read') }),
  jobs: z.object({
    check: z.looseObject({
      steps: z.array(z.looseObject({ uses: z.string().optional(), run: z.string().optional() })),
    }),
  }),
});

test('the workflow for pull requests ends well where contracts are right, and annotates the line where one is not', async () => {
  const text = await readFile(path.join(ROOT, 'examples/github/contracts.yml'), 'utf8');
  const { steps } = Workflow.parse(parse(text)).jobs.check;
  for (const { uses } of steps) if (uses !== undefined) expect(uses).toMatch(/@[0-9a-f]{40}$/);
  const [install, check] = steps.flatMap(({ run: command }) => command ?? []);
  expect(install).toMatch(/^npm ci /);
  const clone = path.join(root, 'clone');
  await sendContext(clone);
  // The step before it, which the Dockerfile's test has run.
  await symlink(path.join(ROOT, 'node_modules'), path.join(clone, 'node_modules'));
  const right = await run('sh', ['-euc', check ?? ''], { cwd: clone, ...big });
  expect(right.stdout).not.toContain('::error');
  const file = 'contracts/spend/council_payments.yaml';
  const lines = (await readFile(path.join(clone, file), 'utf8')).split('\n').length;
  await appendFile(path.join(clone, file), 'nonsense: true\n');
  const wrong = await run('sh', ['-euc', check ?? ''], { cwd: clone, ...big }).catch(
    (error: { code: number; stdout: string }) => error,
  );
  expect(wrong).toMatchObject({ code: 2 });
  const found = wrong.stdout.split('\n').filter((line) => line.startsWith('::'));
  // As GitHub documents its workflow commands.
  const places = found.map((line) =>
    /^::error file=([^,:]+),line=(\d+)(?:,[a-z]+=[^,:]*)*::.+$/.exec(line)?.slice(1),
  );
  expect(places).toContainEqual([file, String(lines)]);
  // Tables that are made from it have a problem, too.
  for (const [place] of places.map((one) => one ?? [])) expect(place).toMatch(/^contracts\/spend\//);
});
