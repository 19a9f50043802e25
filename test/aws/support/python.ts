import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { outputOf, run } from './processes.ts';

/** Root of the checkout. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** A virtual environment of the project's own, and what it is for. */
export interface Venv {
  /** Its folder. */
  readonly folder: string;
  /** A requirements file that pins everything in it. */
  readonly pins: string;
  /** What it holds, in words. */
  readonly holds: string;
}

const AWS: Venv = {
  folder: path.join(ROOT, '.venv-aws'),
  pins: path.join(ROOT, 'test/aws/requirements.txt'),
  holds: 'the emulator and PyIceberg',
};

/** Something that the machine lacks; its message says what to install. */
export class MissingTool extends Error {
  override readonly name = 'MissingTool';
}

/** Path of the Python of the AWS tests. */
export const ensurePython = (log: (line: string) => void): Promise<string> => ensureVenv(AWS, log);

/**
 * Path of the Python in a virtual environment with exactly what its requirements file pins. Made when it is missing,
 * and anew when the pins changed.
 */
export async function ensureVenv(venv: Venv, log: (line: string) => void): Promise<string> {
  const python = path.join(venv.folder, 'bin', 'python');
  const stamp = path.join(venv.folder, 'pins.sha256');
  const pins = createHash('sha256')
    .update(await readFile(venv.pins))
    .digest('hex');
  const made = await readFile(stamp, 'utf8').catch(() => '');
  if (made === pins && (await outputOf(python, ['--version'])) !== undefined) return python;
  const system = await findPython();
  log(`Installing ${venv.holds} into ${path.relative(ROOT, venv.folder)} (once) …`);
  await rm(venv.folder, { recursive: true, force: true });
  await makeVenv(system, venv.folder, log);
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps'];
  await run(python, [...pip, '-r', venv.pins], { log });
  await writeFile(stamp, pins);
  return python;
}

async function findPython(): Promise<string> {
  const probe = 'import sys; print(sys.version_info >= (3, 11))';
  for (const name of [process.env.PYTHON, 'python3', 'python3.13', 'python3.12', 'python3.11']) {
    if (name !== undefined && (await outputOf(name, ['-c', probe]))?.trim() === 'True') return name;
  }
  throw new MissingTool(
    'These tests need Python 3.11 or later as python3 (Debian: apt-get install python3 python3-venv; or set PYTHON to one).',
  );
}

/** With venv where Python has it whole; Debian splits off ensurepip, so virtualenv from PyPI is tried, too. */
async function makeVenv(system: string, folder: string, log: (line: string) => void): Promise<void> {
  if ((await outputOf(system, ['-c', 'import ensurepip, venv'])) !== undefined)
    return run(system, ['-m', 'venv', folder], { log });
  const target = path.join(ROOT, 'node_modules', '.cache', 'virtualenv');
  await mkdir(target, { recursive: true });
  const pip = ['-m', 'pip', 'install', '--quiet', '--target', target, 'virtualenv==21.15.7'];
  if ((await outputOf(system, pip)) === undefined) {
    throw new MissingTool(
      'This Python can make no virtual environment: it lacks venv and pip (Debian: apt-get install python3-venv).',
    );
  }
  await run(system, ['-m', 'virtualenv', folder], { log, env: { ...process.env, PYTHONPATH: target } });
}
