import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { outputOf, run } from './processes.ts';

/** Root of the checkout. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

const VENV = path.join(ROOT, '.venv-aws');
const PINS = path.join(ROOT, 'test/aws/requirements.txt');
const STAMP = path.join(VENV, 'pins.sha256');

/** Something that the machine lacks; its message says what to install. */
export class MissingTool extends Error {
  override readonly name = 'MissingTool';
}

/**
 * Path of the Python in the project's own virtual environment, `.venv-aws`, with exactly what
 * test/aws/requirements.txt pins. Made when it is missing, and anew when the pins changed.
 */
export async function ensurePython(log: (line: string) => void): Promise<string> {
  const python = path.join(VENV, 'bin', 'python');
  const pins = createHash('sha256')
    .update(await readFile(PINS))
    .digest('hex');
  const stamp = await readFile(STAMP, 'utf8').catch(() => '');
  if (stamp === pins && (await outputOf(python, ['--version'])) !== undefined) return python;
  const system = await findPython();
  log('Installing the emulator and PyIceberg into .venv-aws (once) …');
  await rm(VENV, { recursive: true, force: true });
  await makeVenv(system, log);
  await run(
    python,
    ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps', '-r', PINS],
    { log },
  );
  await writeFile(STAMP, pins);
  return python;
}

async function findPython(): Promise<string> {
  const probe = 'import sys; print(sys.version_info >= (3, 11))';
  for (const name of [process.env.PYTHON, 'python3', 'python3.13', 'python3.12', 'python3.11']) {
    if (name !== undefined && (await outputOf(name, ['-c', probe]))?.trim() === 'True') return name;
  }
  throw new MissingTool(
    'The AWS tests need Python 3.11 or later as python3 (Debian: apt-get install python3 python3-venv; or set PYTHON to one).',
  );
}

/** With venv where Python has it whole; Debian splits off ensurepip, so virtualenv from PyPI is tried, too. */
async function makeVenv(system: string, log: (line: string) => void): Promise<void> {
  if ((await outputOf(system, ['-c', 'import ensurepip, venv'])) !== undefined)
    return run(system, ['-m', 'venv', VENV], { log });
  const target = path.join(ROOT, 'node_modules', '.cache', 'virtualenv');
  await mkdir(target, { recursive: true });
  const pip = ['-m', 'pip', 'install', '--quiet', '--target', target, 'virtualenv==21.15.7'];
  if ((await outputOf(system, pip)) === undefined) {
    throw new MissingTool(
      'This Python can make no virtual environment: it lacks venv and pip (Debian: apt-get install python3-venv).',
    );
  }
  await run(system, ['-m', 'virtualenv', VENV], { log, env: { ...process.env, PYTHONPATH: target } });
}
