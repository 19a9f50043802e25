import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/**
 * Runs every golden case on several versions of Node, and fails unless all leave the same bytes. The versions come from
 * the npm package `node` into a cache: the oldest that package.json allows, and two that read Windows-1252 by TextDecoder differently (20.18.2 right, 20.20.2
 * and 24.13.0 wrong), so that a return to it shows.
 */
const VERSIONS = ['20.11.1', '20.18.2', '24.13.0'];
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

async function main(): Promise<void> {
  const nodes = [process.execPath, ...(await Promise.all(VERSIONS.map(install)))];
  const found = await Promise.all(nodes.map(digests));
  const [own, ...others] = found;
  const names = [...(own?.keys() ?? [])];
  for (const [n, digest] of others.entries()) {
    const different = names.filter((name) => digest.get(name) !== own?.get(name));
    if (different.length === 0 && digest.size === names.length) continue;
    console.log(`Node ${process.versions.node} and ${VERSIONS[n]} disagree on ${different.join(', ')}`);
    process.exitCode = 1;
  }
  if (process.exitCode === undefined)
    console.log(
      `${names.length} golden cases leave the same on Node ${[process.versions.node, ...VERSIONS].join(', ')}`,
    );
}

/** The program of a version, installed where it isn't yet. */
async function install(version: string): Promise<string> {
  const folder = path.join(ROOT, 'node_modules', '.cache', 'assay-nodes', version);
  const program = path.join(folder, 'node_modules', 'node', 'bin', 'node');
  if (!existsSync(program)) {
    await mkdir(folder, { recursive: true });
    await writeFile(path.join(folder, 'package.json'), '{ "private": true }\n');
    await run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', `node@${version}`], {
      cwd: folder,
    });
  }
  return program;
}

/** What each case leaves by a Node, by its name. */
async function digests(node: string): Promise<Map<string, string>> {
  const script = path.join(ROOT, 'test', 'nodes', 'digest-cases.ts');
  const { stdout } = await run(node, ['--no-warnings', '--import', 'tsx', script], { cwd: ROOT });
  const lines = stdout.trim().split('\n');
  return new Map(lines.map((line) => line.split(' ') as [string, string]));
}

await main();
