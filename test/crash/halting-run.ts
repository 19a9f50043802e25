import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect } from '@jest/globals';

const DOOMED_RUN = path.resolve('test/crash/doomed-run.ts');

/**
 * Runs a dataset in a process of its own that stands still before every change of the lake, and gives the number of each
 * while it stands; it goes on when the next is asked for. Fails where it doesn't end well.
 */
export async function* haltingRun(
  lake: string,
  dataset: string,
  cwd = process.cwd(),
): AsyncGenerator<number> {
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), DOOMED_RUN, lake, dataset], {
    cwd,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  try {
    for await (const step of createInterface({ input: child.stdout })) {
      while (!(await isStopped(child.pid))) await sleep(1);
      yield Number(step);
      child.kill('SIGCONT');
    }
    expect(await ended).toEqual([0, null]);
  } finally {
    child.kill('SIGKILL');
  }
}

async function isStopped(pid: number | undefined): Promise<boolean> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'stat=', '-p', String(pid)]);
  return stdout.startsWith('T');
}
