import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { lstat, readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { hasCode, ifPresent } from './file-errors.ts';

/** Left by another machine or container, whose processes can't be seen from here: removed after this long. */
const FOREIGN_AGE_MS = 7 * 24 * 3600 * 1000;
const OWNED = /-(\d+)-(\d+)-([0-9a-f]{8})-[0-9a-f]{12}$/;

/**
 * A name that no other process makes and that says who made it: `<purpose>-<pid>-<start>-<host>-<random>`.
 * `start` tells a process from a later one with the same pid, `host` one pid namespace from another.
 */
export function ownedName(purpose: string): string {
  const safe = purpose.replace(/[^A-Za-z0-9_.]/g, '_').replace(/^\.+/, '');
  return `${safe}-${process.pid}-${OWN_START}-${HOST}-${randomBytes(6).toString('hex')}`;
}

/**
 * Removes what dead processes left under a folder, by the names that `ownedName` gave; never what a
 * living one uses. Trouble is ignored: the next one to come tries again.
 */
export async function removeLeftovers(folder: string): Promise<void> {
  const names = (await ifPresent(() => readdir(folder)).catch(() => [])) ?? [];
  for (const name of names) {
    const file = path.join(folder, name);
    if (await isLeftover(file).catch(() => false)) {
      await rm(file, { recursive: true, force: true }).catch(() => undefined);
    }
  }
}

async function isLeftover(file: string): Promise<boolean> {
  const owner = ownerOf(file);
  return (
    owner === 'dead' || (owner === 'elsewhere' && Date.now() - (await lstat(file)).mtimeMs > FOREIGN_AGE_MS)
  );
}

/** What is known of the process that a name of `ownedName` says; `elsewhere` is another machine or container. */
export function ownerOf(name: string): 'alive' | 'dead' | 'elsewhere' | undefined {
  const [, pid, start, host] = OWNED.exec(name) ?? [];
  if (pid === undefined) return undefined;
  if (host !== HOST) return 'elsewhere';
  return isAlive(Number(pid), start ?? '') ? 'alive' : 'dead';
}

function isAlive(pid: number, start: string): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return !hasCode(error, 'ESRCH');
  }
  return startOf(pid) === start;
}

/** When a process started, in clock ticks since boot; '0' where the system doesn't tell. */
function startOf(pid: number): string {
  try {
    // The command name, in parentheses, may hold spaces: field 22 is counted from behind it. See proc(5).
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '0';
  } catch {
    return '0';
  }
}

/** Asked once: ten thousand files want a name. */
const OWN_START = startOf(process.pid);

const HOST = createHash('sha256').update(`${hostname()}\n${pidNamespace()}`).digest('hex').slice(0, 8);

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}
