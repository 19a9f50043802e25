import { type ChildProcess, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const OWN_FILE = fileURLToPath(import.meta.url);

/**
 * Starts a process that folds, without the environment but for the libraries' folder, its heap bounded. A thread would take this process with it when
 * one large value goes past its limit. The npm package has its module compiled beside this one, a Lambda function as
 * `fold-worker.mjs` beside its own; in a clone it is compiled once a process.
 */
export function startWorker(memoryMb: number): ChildProcess {
  const node = ['--no-warnings', `--max-old-space-size=${memoryMb}`, '--max-semi-space-size=16'];
  return spawn(process.execPath, [...node, ...moduleArguments()], {
    stdio: ['ignore', 'pipe', 'ignore', 'ipc'],
    serialization: 'advanced',
    env: libraries(process.env),
  });
}

/** Where Node finds its own libraries, as on Lambda, and nothing else of an environment that holds keys. */
const libraries = ({ LD_LIBRARY_PATH: folders }: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  folders === undefined ? {} : { LD_LIBRARY_PATH: folders };

function moduleArguments(): readonly string[] {
  if (OWN_FILE.endsWith('start-worker.ts')) {
    script ??= compiled(OWN_FILE.replace(/start-worker\.ts$/, 'worker.ts'));
    return ['--eval', script];
  }
  const isPackage = OWN_FILE.endsWith('start-worker.js');
  return [isPackage ? OWN_FILE.replace(/start-worker\.js$/, 'worker.js') : besideOwn('fold-worker.mjs')];
}

const besideOwn = (name: string): string => OWN_FILE.replace(/[^/\\]*$/, name);

let script: string | undefined;

/** What `compiled` needs of esbuild, which only a clone has. */
interface Compiler {
  buildSync(options: object): { readonly outputFiles: readonly { readonly text: string }[] };
}

/** The process's module and all that it needs as one CommonJS text. */
function compiled(file: string): string {
  const { buildSync }: Compiler = createRequire(OWN_FILE)('esbuild');
  const format = { bundle: true, format: 'cjs', platform: 'node', target: 'node20' };
  const { outputFiles } = buildSync({ entryPoints: [file], ...format, write: false, logLevel: 'silent' });
  const [made] = outputFiles;
  if (made === undefined) throw new Error(`${file} came to nothing`);
  return made.text;
}
