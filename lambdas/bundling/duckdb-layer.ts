import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, cp, mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { ConfigError } from '../../etl/errors.ts';
import type { CpuArchitecture } from '../../lib/config/stage-config.ts';

const run = promisify(execFile);

/** From where a layer is built. */
export interface LayerOptions {
  /** The repository. */
  readonly root: string;
  readonly architecture: CpuArchitecture;
  /** Where the binary is kept when npm left it out because this machine is of another kind. */
  readonly cacheDir: string;
}

const Lock = z.object({ packages: z.record(z.string(), z.unknown()) });
const Locked = z.object({ version: z.string(), integrity: z.string() });

/** Packages whose JavaScript goes into the layer as it is. */
const SCRIPTS = ['@duckdb/node-api', '@duckdb/node-bindings', 'detect-libc'] as const;

/** Not needed at run time. */
const LEFT_OUT = /\.(d\.ts|map|md|tsbuildinfo)$/i;

/** Lays out DuckDB for Lambda as `nodejs/node_modules/…`: what runs on Amazon Linux, and nothing else. */
export async function buildDuckDbLayer(outDir: string, options: LayerOptions): Promise<void> {
  const modules = path.join(outDir, 'nodejs', 'node_modules');
  await rm(outDir, { recursive: true, force: true });
  await mkdir(modules, { recursive: true });
  for (const name of SCRIPTS) await copyPackage(path.join(options.root, 'node_modules', name), modules, name);
  const binary = `@duckdb/node-bindings-linux-${options.architecture}`;
  await copyPackage(await findBinary(binary, options), modules, binary);
}

async function copyPackage(from: string, modules: string, name: string): Promise<void> {
  await cp(from, path.join(modules, name), {
    recursive: true,
    dereference: true,
    filter: (source) => !LEFT_OUT.test(source),
  });
}

/** Folder of the binary's package: npm's own, or unpacked beside the build where npm installed another platform's. */
async function findBinary(name: string, { root, cacheDir }: LayerOptions): Promise<string> {
  const installed = path.join(root, 'node_modules', name);
  if (await exists(installed)) return installed;
  const { packages } = Lock.parse(JSON.parse(await readFile(path.join(root, 'package-lock.json'), 'utf8')));
  const locked = Locked.safeParse(packages[`node_modules/${name}`]).data;
  if (locked === undefined) {
    throw new ConfigError('LAYER', `package-lock.json has no ${name}: choose another architecture.`);
  }
  const folder = path.join(cacheDir, `${path.basename(name)}-${digestOf(locked.integrity)}`);
  const unpacked = path.join(folder, 'package');
  if (!(await exists(unpacked))) await unpack(`${name}@${locked.version}`, locked.integrity, folder);
  return unpacked;
}

/** Downloads a package with npm, and unpacks it where its bytes are those that the lock file names. */
async function unpack(spec: string, integrity: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', folder, spec]);
  const archive = path.join(folder, stdout.trim().split('\n').at(-1) ?? '');
  const found = `sha512-${createHash('sha512')
    .update(await readFile(archive))
    .digest('base64')}`;
  if (found !== integrity) {
    await rm(folder, { recursive: true, force: true });
    throw new ConfigError(
      'LAYER',
      `The registry's ${spec} is ${found}, but package-lock.json names ${integrity}: nothing is built from it.`,
    );
  }
  await run('tar', ['-xzf', archive, '-C', folder]);
  await rm(archive);
}

/** A digest as the name of a folder. */
const digestOf = (integrity: string): string =>
  createHash('sha256').update(integrity).digest('hex').slice(0, 16);

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
