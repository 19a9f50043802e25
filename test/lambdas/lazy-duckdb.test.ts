import { execFile } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { build } from 'esbuild';
import { lazyDuckDb } from '../../lambdas/bundling/lazy-duckdb.ts';
import { tempFolder } from '../adapters/temp-folder.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A layer is found by NODE_PATH alone, where `require` looks and `import` doesn't: as in a folder without node_modules. */
test('a bundle finds DuckDB in its layer, however the code imports it', async () => {
  const { folder, dispose } = await tempFolder();
  const outfile = path.join(folder, 'index.mjs');
  await build({
    stdin: {
      contents: `import { openEngine } from './etl/engine/engine.ts';
        const engine = await openEngine({ threads: 1, memoryLimitMb: 64 });
        await engine.define('twice', (text) => text + text);
        console.log(await engine.texts("SELECT twice('ab')"));
        engine.close();`,
      resolveDir: ROOT,
      loader: 'ts',
    },
    ...{ outfile, bundle: true, format: 'esm', platform: 'node', plugins: [lazyDuckDb], logLevel: 'silent' },
    banner: { js: "import{createRequire as r}from'node:module';const require=r(import.meta.url);" },
  });
  const env = { NODE_PATH: path.join(ROOT, 'node_modules') };
  const { stdout } = await promisify(execFile)(process.execPath, [outfile], { cwd: folder, env });
  expect(stdout.trim()).toBe("[ 'abab' ]");
  await dispose();
});
