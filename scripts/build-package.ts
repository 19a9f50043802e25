import { execFile } from 'node:child_process';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { PACKAGE_FILES, packageFile } from '../adapters/local/console-files.ts';

/** Makes dist/, which the npm package carries: compiled JavaScript with types, and what the code finds beside itself. */
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DIST = path.join(ROOT, 'dist');
/** What is read at run time: the state machine, the example that `assay demo` runs, and what the pages of the console name. */
const DATA = [
  'state-machines',
  'contracts',
  'sql/gold',
  'examples',
  'service/console/assets',
  'service/graphql/page',
];

await rm(DIST, { recursive: true, force: true });
const tsc = path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
await promisify(execFile)(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: ROOT });
for (const folder of DATA) await cp(path.join(ROOT, folder), path.join(DIST, folder), { recursive: true });
for (const [name, one] of Object.entries(PACKAGE_FILES))
  await cp(packageFile(one), path.join(DIST, 'service/graphql/page', name));
const { version, type } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8'));
await writeFile(path.join(DIST, 'package.json'), `${JSON.stringify({ version, type }, null, 2)}\n`);
