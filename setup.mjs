// Installs what is missing, so that `npm test` and `npm run demo` work in a fresh clone. Needs only Node.
import { execSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(fileURLToPath(import.meta.url));
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 11)) {
  console.error(`Assay needs Node 20.11 or later; this is ${process.version}.`);
  process.exit(2);
}

/** Whether every package of the lock file's first level is there at the version that is locked. */
function isInstalled() {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const { dependencies = {}, devDependencies = {} } = lock.packages[''];
  return Object.keys({ ...dependencies, ...devDependencies }).every((name) => {
    const file = join(root, 'node_modules', name, 'package.json');
    return (
      existsSync(file) &&
      JSON.parse(readFileSync(file, 'utf8')).version === lock.packages[`node_modules/${name}`]?.version
    );
  });
}

if (!isInstalled()) {
  console.log('Installing what is missing (npm ci) …');
  execSync('npm ci --no-audit --no-fund --loglevel=error', { cwd: root, stdio: 'inherit' });
}
