import { cp, mkdir, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { CONSOLE_FILES, PACKAGE_FILES, packageFile } from '../../adapters/local/console-files.ts';
import { type ContractFolders, projectionsOf } from '../../adapters/local/contract-source.ts';
import type { CpuArchitecture } from '../../lib/config/stage-config.ts';
import { buildDuckDbLayer } from './duckdb-layer.ts';
import { HANDLERS, type HandlerName, WITH_FOLDS, WITHOUT_CONTRACTS } from './handlers.ts';
import { lazyDuckDb } from './lazy-duckdb.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** What is built, and where. */
export interface BundleOptions {
  /** Folder that is made anew: `lambdas/<name>/index.mjs` and `layers/duckdb-<architecture>/nodejs/node_modules/…`. */
  readonly outDir: string;
  readonly architecture: CpuArchitecture;
  /** What every function is shipped with. */
  readonly contracts: ContractFolders;
}

/** What was built: bytes before they are packed. */
export interface Bundled {
  readonly functions: number;
  readonly functionsBytes: number;
  readonly layerBytes: number;
}

/**
 * Bundles every handler with the AWS SDK, its contracts and its Gold SQL, and lays out DuckDB as a layer. The same
 * sources and lock file give the same bytes.
 */
export async function bundle({ outDir, architecture, contracts }: BundleOptions): Promise<Bundled> {
  const lambdas = path.join(outDir, 'lambdas');
  await rm(lambdas, { recursive: true, force: true });
  await bundleCode(lambdas);
  await Promise.all(
    HANDLERS.filter((name) => !WITHOUT_CONTRACTS.includes(name)).map((name) =>
      copyContracts(contracts, path.join(lambdas, name)),
    ),
  );
  await copyConsole(path.join(lambdas, 'service', 'service'));
  const layer = path.join(outDir, 'layers', `duckdb-${architecture}`);
  await buildDuckDbLayer(layer, { root: ROOT, architecture, cacheDir: path.join(outDir, 'cache') });
  return {
    functions: HANDLERS.length,
    functionsBytes: await bytesBelow(lambdas),
    layerBytes: await bytesBelow(layer),
  };
}

async function bytesBelow(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(files.map(({ parentPath, name }) => stat(path.join(parentPath, name))));
  return sizes.reduce((sum, { size }) => sum + size, 0);
}

async function bundleCode(outDir: string): Promise<void> {
  const entry = (name: HandlerName) => ({
    in: path.join(ROOT, 'lambdas', `${name}.ts`),
    out: path.join(name, 'index'),
  });
  const worker = path.join(ROOT, 'adapters/local/fold-worker/worker.ts');
  await build({
    entryPoints: [
      ...HANDLERS.map(entry),
      ...WITH_FOLDS.map((name) => ({ in: worker, out: path.join(name, 'fold-worker') })),
    ],
    outdir: outDir,
    outExtension: { '.js': '.mjs' },
    absWorkingDir: ROOT,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    // The SDK's ES modules, to leave out unused code.
    mainFields: ['module', 'main'],
    minify: true,
    legalComments: 'none',
    sourcemap: 'linked',
    sourcesContent: false,
    plugins: [lazyDuckDb],
    // CommonJS packages in an ES module still want to require Node's own.
    banner: {
      js: "import { createRequire as assayRequire } from 'node:module'; const require = assayRequire(import.meta.url);",
    },
    logLevel: 'warning',
  });
}

async function copyContracts(folders: ContractFolders, folder: string): Promise<void> {
  await mkdir(path.join(folder, 'sql'), { recursive: true });
  await cp(folders.contractsDir, path.join(folder, 'contracts'), { recursive: true });
  await cp(folders.sqlDir, path.join(folder, 'sql', 'gold'), { recursive: true });
  const code = projectionsOf(folders);
  const to = path.join(folder, 'projections');
  // A folder without projections is as good as none.
  if ((await stat(code).catch(() => undefined))?.isDirectory() === true)
    await cp(code, to, { recursive: true });
  else await mkdir(to);
}

/** The files that the console's pages name, from where they lie in the repository and in packages. */
async function copyConsole(folder: string): Promise<void> {
  for (const file of CONSOLE_FILES) await cp(path.join(ROOT, 'service', file), path.join(folder, file));
  for (const [name, one] of Object.entries(PACKAGE_FILES))
    await cp(packageFile(one), path.join(folder, 'graphql/page', name));
}
