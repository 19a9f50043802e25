import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** The bench's Python, or why there is none. */
export type Python =
  | { readonly kind: 'ready'; readonly program: string }
  | { readonly kind: 'absent'; readonly why: string };

const REQUIREMENTS = join(import.meta.dirname, 'python', 'requirements.txt');

/** Where the virtual environment lies: with what the bench makes, whatever folder a run works in. */
export const VENV = join(import.meta.dirname, 'out', 'venv');

const program = (folder: string): string => join(folder, 'bin', 'python');
/** A copy of the requirements, written last: an environment without it is not whole. */
const stamp = (folder: string): string => join(folder, 'requirements.txt');

/** Whether the virtual environment in the folder has what is pinned now. */
export function isInstalled(folder: string): boolean {
  const [is, ought] = [stamp(folder), REQUIREMENTS];
  return existsSync(is) && readFileSync(is, 'utf8') === readFileSync(ought, 'utf8');
}

/** The interpreter of the virtual environment in `folder`, made by `command` where it isn't there or other packages are pinned. */
export function openPython(folder: string, command = 'python3'): Python {
  if (!isInstalled(folder)) {
    rmSync(folder, { recursive: true, force: true });
    const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', REQUIREMENTS];
    const why = failure(command, ['-m', 'venv', folder]) ?? failure(program(folder), install);
    if (why !== undefined) return { kind: 'absent', why };
    copyFileSync(REQUIREMENTS, stamp(folder));
  }
  return { kind: 'ready', program: program(folder) };
}

/** Runs a command; in one line, why it failed, or undefined where it did not. */
function failure(command: string, args: readonly string[]): string | undefined {
  const { error, status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (error !== undefined) return `${command} doesn't start: ${error.message}`;
  if (status === 0) return undefined;
  return `${command} ${args.slice(0, 3).join(' ')} failed: ${stderr.trim().split('\n').at(-1) ?? ''}`;
}
