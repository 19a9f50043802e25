import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { endGroup } from '../aws/support/processes.ts';
import { MissingTool, ROOT } from '../aws/support/python.ts';
import { makeLivedLake } from './lake/lived-lake.ts';
import { keep } from './support/lake.ts';
import { type RestCatalog, startRestCatalog } from './support/rest-catalog.ts';
import { SESSION_VARIABLE, type Session } from './support/session.ts';
import { ensureTools } from './support/tools.ts';

/**
 * `npm run test:engines`: installs Trino, Spark and PyIceberg, makes a lake that lived, and runs the tests of
 * test/engines, which have those engines read it and write to copies. Arguments go to Jest.
 * Exit codes: 0 all passed, 1 something failed (lake and logs are kept), 2 the machine lacks something.
 */
async function main(args: readonly string[]): Promise<number> {
  const stopped = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopped.abort());
  const folder = await mkdtemp(path.join(tmpdir(), 'assay-engines-'));
  let rest: RestCatalog | undefined;
  let passed = false;
  try {
    const [tools] = await Promise.all([
      timed('engines', () => ensureTools(console.log)),
      timed('lake', () => makeLivedLake(folder)),
    ]);
    await keep(folder);
    rest = await timed('REST catalog', () => startRestCatalog(tools, folder));
    passed = await timed('tests', () =>
      runJest(args, { tools, folder, rest: rest?.url ?? '' }, stopped.signal),
    );
  } catch (error) {
    console.error(stopped.signal.aborted ? 'Stopped.' : error instanceof Error ? error.message : error);
    if (error instanceof MissingTool) return 2;
  } finally {
    await rest?.stop();
    if (passed) await rm(folder, { recursive: true, force: true });
    else console.error(`The lake and the logs are in ${folder}`);
  }
  return passed ? 0 : 1;
}

async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await work();
  console.log(`${what}: ${((performance.now() - start) / 1000).toFixed(1)} s`);
  return result;
}

async function runJest(args: readonly string[], session: Session, signal: AbortSignal): Promise<boolean> {
  const file = path.join(session.folder, 'session.json');
  await writeFile(file, JSON.stringify(session));
  const jest = path.join(ROOT, 'node_modules/jest/bin/jest.js');
  const config = path.join(ROOT, 'test/engines/jest.config.mjs');
  // A group of its own, so that the engines that the tests start end with them.
  const child = spawn(
    process.execPath,
    ['--no-warnings', '--experimental-vm-modules', jest, '--config', config, ...args],
    { cwd: ROOT, stdio: 'inherit', env: { ...process.env, [SESSION_VARIABLE]: file }, detached: true },
  );
  const ended = new Promise<boolean>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code === 0));
  });
  signal.addEventListener('abort', () => void endGroup(child.pid, ended));
  return ended;
}

process.exitCode = await main(process.argv.slice(2));
