import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

/** How a server is started, and how one sees that it is up. */
export interface ServerOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** Whether it answers by now. */
  readonly isUp: () => Promise<boolean>;
}

/** A server that is up. */
export interface Server {
  stop(): Promise<void>;
}

/** One that is a process of ours. */
export interface StartedServer extends Server {
  readonly pid: number;
}

const PATIENCE_MS = 600_000;

/** Starts a server, and waits until it answers; throws where it ends or takes too long. */
export async function startServer({
  command,
  args,
  cwd,
  env,
  logFile,
  isUp,
}: ServerOptions): Promise<StartedServer> {
  const log = openSync(logFile, 'a');
  const child = spawn(command, [...args], {
    cwd,
    stdio: ['ignore', log, log],
    env: { ...process.env, ...env },
  });
  closeSync(log);
  const stop = (): Promise<void> => endChild(child);
  const until = Date.now() + PATIENCE_MS;
  while (!(await isUp().catch(() => false))) {
    if (child.exitCode !== null || Date.now() > until) {
      await stop();
      throw new Error(`${command} did not start; see ${logFile}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  if (child.pid === undefined) throw new Error(`${command} has no process id`);
  return { pid: child.pid, stop };
}

/** Ends a process, by force where it doesn't within ten seconds. */
export async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.on('close', resolve));
  child.kill();
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await ended;
  clearTimeout(timer);
}

/** Ends a process as a crash does; returns once it is gone. */
export async function killChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.on('close', resolve));
  child.kill('SIGKILL');
  await ended;
}
