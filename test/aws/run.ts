import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { bootstrap, deploy } from './support/deploy.ts';
import { cloudEnvironment, type Emulator, startEmulator } from './support/emulator.ts';
import { ensurePython, MissingTool, ROOT } from './support/python.ts';
import { SESSION_VARIABLE, writeSession } from './support/session.ts';

/**
 * `npm run test:aws`: starts the emulator, deploys the platform to it, runs the tests of test/aws against it, and
 * stops it, whatever happened. Arguments go to Jest; `--keep` alone deploys and waits for Ctrl-C instead.
 * Exit codes: 0 all passed, 1 something failed (the logs are kept), 2 the machine lacks something.
 */
async function main(args: readonly string[]): Promise<number> {
  const stopped = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopped.abort());
  const folder = await mkdtemp(path.join(tmpdir(), 'assay-aws-'));
  let emulator: Emulator | undefined;
  let passed = false;
  try {
    const python = await timed('Python side', () => ensurePython(console.log));
    emulator = await timed('emulator', () => startEmulator(python, folder));
    const { url, plainUrl } = emulator;
    const target = { url, plainUrl, folder, python, signal: stopped.signal };
    const variables = await timed('deployment', () => deployTo(target));
    if (args.includes('--keep')) passed = await wait(variables, stopped.signal);
    else passed = await timed('tests', () => runJest(args, variables, stopped.signal));
  } catch (error) {
    console.error(stopped.signal.aborted ? 'Stopped.' : error instanceof Error ? error.message : error);
    if (error instanceof MissingTool) return 2;
  } finally {
    await emulator?.stop();
    if (passed) await rm(folder, { recursive: true, force: true });
    else console.error(`Logs are in ${folder}`);
  }
  return passed ? 0 : 1;
}

async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await work();
  console.log(`${what}: ${((performance.now() - start) / 1000).toFixed(1)} s`);
  return result;
}

interface Target {
  readonly url: string;
  readonly plainUrl: string;
  readonly folder: string;
  readonly python: string;
  readonly signal: AbortSignal;
}

/** Deploys and returns the environment in which the tests find the platform. */
async function deployTo({ signal, ...target }: Target): Promise<Record<string, string>> {
  const { folder, url } = target;
  const logFile = path.join(folder, 'cdk.log');
  const options = { url, folder, signal, log: (line: string) => appendFileSync(logFile, `${line}\n`) };
  await bootstrap(options);
  const sessionFile = path.join(folder, 'session.json');
  await writeSession(sessionFile, { ...target, outputs: await deploy(options) });
  return { ...cloudEnvironment(url), [SESSION_VARIABLE]: sessionFile };
}

async function runJest(
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<boolean> {
  const jest = path.join(ROOT, 'node_modules/jest/bin/jest.js');
  const config = path.join(ROOT, 'test/aws/jest.config.mjs');
  const { AWS_CA_BUNDLE: _, AWS_PROFILE: __, AWS_SESSION_TOKEN: ___, ...inherited } = process.env;
  const child = spawn(
    process.execPath,
    ['--no-warnings', '--experimental-vm-modules', jest, '--config', config, ...args],
    { cwd: ROOT, stdio: 'inherit', env: { ...inherited, ...variables }, signal },
  );
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code === 0));
  });
}

/** Keeps the platform up for a person until Ctrl-C. */
async function wait(variables: Readonly<Record<string, string>>, signal: AbortSignal): Promise<boolean> {
  for (const [name, value] of Object.entries(variables)) console.log(`export ${name}=${value}`);
  console.log('The platform is up; Ctrl-C stops it.');
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve());
  });
  return true;
}

process.exitCode = await main(process.argv.slice(2));
