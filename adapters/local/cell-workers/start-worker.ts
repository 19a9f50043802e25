import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

const OWN_FILE = fileURLToPath(import.meta.url);
const WORKER = OWN_FILE.replace(/start-worker\.([jt]s)$/, 'worker.$1');

/**
 * Starts a thread that seals and opens cells, without the environment. The npm package has its module compiled; in a clone,
 * it is compiled once a process: tsx would compile it again on each thread, for half a second of processor time.
 */
export function startWorker(): Worker {
  const options = { execArgv: ['--no-warnings'], argv: [], env: {} };
  if (!OWN_FILE.endsWith('.ts')) return new Worker(WORKER, options);
  script ??= compiled();
  return new Worker(script, { ...options, eval: true });
}

let script: string | undefined;

/** What `compiled` needs of esbuild, which only a clone has. */
interface Compiler {
  buildSync(options: object): { readonly outputFiles: readonly { readonly text: string }[] };
}

/** The thread's module and all that it needs as one CommonJS text. */
function compiled(): string {
  const { buildSync }: Compiler = createRequire(OWN_FILE)('esbuild');
  const format = { bundle: true, format: 'cjs', platform: 'node', target: 'node20' };
  const { outputFiles } = buildSync({ entryPoints: [WORKER], ...format, write: false, logLevel: 'silent' });
  const [made] = outputFiles;
  if (made === undefined) throw new Error(`${WORKER} came to nothing`);
  return made.text;
}
