import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { endGroup } from './processes.ts';
import { MissingTool, ROOT } from './python.ts';

/** What a session of tests works with. */
export interface TestSession {
  /** A new folder of its own, removed where all passed. */
  readonly folder: string;
  /** Aborted when somebody stops the session. */
  readonly signal: AbortSignal;
  /** Is called at the end, whatever happened, the last one first. */
  atEnd(work: () => Promise<void>): void;
}

/** How a session is named, and what is done in it; `work` returns whether all passed. */
export interface SessionPlan {
  /** Goes into the name of its folder. */
  readonly name: string;
  /** What the folder holds, for who looks for why it failed. */
  readonly holds: string;
  readonly work: (session: TestSession) => Promise<boolean>;
}

/** Runs a session and returns its exit code: 0 all passed, 1 something failed (the folder is kept), 2 the machine lacks something. */
export async function runSession({ name, holds, work }: SessionPlan): Promise<number> {
  const stopped = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopped.abort());
  const folder = await mkdtemp(path.join(tmpdir(), `assay-${name}-`));
  const endings: (() => Promise<void>)[] = [];
  let passed = false;
  try {
    passed = await work({ folder, signal: stopped.signal, atEnd: (ending) => void endings.push(ending) });
  } catch (error) {
    console.error(stopped.signal.aborted ? 'Stopped.' : error instanceof Error ? error.message : error);
    if (error instanceof MissingTool) return 2;
  } finally {
    for (const ending of endings.reverse()) await ending();
    if (passed) await rm(folder, { recursive: true, force: true });
    else console.error(`${holds} in ${folder}`);
  }
  return passed ? 0 : 1;
}

/** Does some work and prints how long it took. */
export async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await work();
  console.log(`${what}: ${((performance.now() - start) / 1000).toFixed(1)} s`);
  return result;
}

/** How Jest is run. */
export interface JestRun {
  /** From the root of the repository. */
  readonly config: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/** Runs Jest and returns whether all passed. What the tests start ends with it where the signal is aborted. */
export async function runJest({ config, args, env, signal }: JestRun): Promise<boolean> {
  const jest = path.join(ROOT, 'node_modules/jest/bin/jest.js');
  // A group of its own, so that what the tests start ends with them.
  const child = spawn(
    process.execPath,
    ['--no-warnings', '--experimental-vm-modules', jest, '--config', path.join(ROOT, config), ...args],
    { cwd: ROOT, stdio: 'inherit', env, detached: true },
  );
  const ended = new Promise<boolean>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code === 0));
  });
  signal.addEventListener('abort', () => void endGroup(child.pid, ended));
  return await ended;
}
