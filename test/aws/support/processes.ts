import { execFile, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { promisify } from 'node:util';

const execFileAsync = promisify(execFile);

/** How a command is run: where, and where its lines go. */
export interface RunOptions {
  readonly log: (line: string) => void;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
}

/** What a command prints; undefined where it fails or isn't there. */
export async function outputOf(command: string, args: readonly string[]): Promise<string | undefined> {
  try {
    return (await execFileAsync(command, [...args])).stdout;
  } catch {
    return undefined;
  }
}

/** Runs a command to its end, handing on its lines; throws with the last of them where it fails. */
export async function run(command: string, args: readonly string[], options: RunOptions): Promise<void> {
  const { log, cwd = process.cwd(), env = process.env, signal } = options;
  const child = spawn(command, [...args], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(signal === undefined ? {} : { signal }),
  });
  const last: string[] = [];
  const take = (text: string): void => {
    for (const line of text.split('\n').filter((line) => line.trim() !== '')) {
      log(line);
      last.push(line);
      if (last.length > 30) last.shift();
    }
  };
  child.stdout.setEncoding('utf8').on('data', take);
  child.stderr.setEncoding('utf8').on('data', take);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0) throw new Error(`${command} ${args[0] ?? ''} ended with ${code}:\n${last.join('\n')}`);
}

/** Ends a process that leads a group of its own, and all that it started. */
export async function endGroup(pid: number | undefined, ended: Promise<unknown>): Promise<void> {
  if (pid === undefined) return;
  const signal = (name: 'SIGTERM' | 'SIGKILL'): void => {
    try {
      process.kill(-pid, name);
    } catch {
      // All of them have ended already.
    }
  };
  signal('SIGTERM');
  const timer = setTimeout(() => signal('SIGKILL'), 5_000);
  await ended;
  clearTimeout(timer);
  signal('SIGKILL');
}

/**
 * A port that nothing listens on, below those that a system hands out (Linux: 32768 and more): no connection, and no server
 * that takes any port, is given it before it is used, nor while a server that was killed is started again.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 1_000; tries++) {
    const port = randomInt(15_000, 32_000);
    if (await isFree(port)) return port;
  }
  throw new Error('A thousand ports from 15000 to 31999 were tried, and none is free.');
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const isListening = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => resolve(true));
  });
  if (isListening) await new Promise((resolve) => server.close(resolve));
  return isListening;
}
