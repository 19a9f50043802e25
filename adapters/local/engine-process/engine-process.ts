import { type ChildProcess, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Engine } from '../../../etl/engine/engine.ts';
import type { OpenEngineApart } from '../../../etl/engine/engine-apart.ts';
import { type AssayError, ConfigError, DataError } from '../../../etl/errors.ts';
import type { EngineOptions, OpenScratch } from '../../../etl/ports.ts';
import { errorOf, type Failure, type Question, type Reply } from './messages.ts';
import { ToldFunctions } from './told-functions.ts';

/** What Node and DuckDB take beside what DuckDB counts, measured; a single value that DuckDB doesn't count must fit in, too. */
const BESIDE_MB = 512;

/**
 * Starts engines in processes of their own, each with a scratch space. The system gives such a process DuckDB's memory and
 * half a GiB more, and no environment; one that asks for more is refused it, or ended.
 */
export function engineProcesses(options: EngineOptions, openScratch: OpenScratch): OpenEngineApart {
  return async () => {
    const scratch = await openScratch('query');
    const memoryMb = options.memoryLimitMb + BESIDE_MB;
    const link = connectTo(startWorker(memoryMb), memoryMb);
    const dispose = async (): Promise<void> => {
      link.end(new ConfigError('QUERY_STOPPED', 'The engine was closed.'));
      await link.ended;
      await scratch.dispose();
    };
    try {
      const spillDirectory = path.join(scratch.directory, 'spill');
      await link.ask({ ask: 'open', options, spillDirectory });
    } catch (error) {
      await dispose();
      throw error;
    }
    const functions = new ToldFunctions(link.ask);
    return { engine: engineOn({ link, functions }, 0, undefined), scratch, end: link.end, dispose };
  };
}

const OWN_FILE = fileURLToPath(import.meta.url);
const WORKER = OWN_FILE.replace(/engine-process\.([jt]s)$/, 'worker.$1');

/** In a clone, tsx runs the TypeScript as it stands; the npm package has it compiled. */
function startWorker(memoryMb: number): ChildProcess {
  const loader = OWN_FILE.endsWith('.ts') ? ['--import', createRequire(OWN_FILE).resolve('tsx')] : [];
  // Address space alone would not do: V8 and DuckDB reserve far more of it than they use.
  const limited = `ulimit -d ${memoryMb * 1024}; exec "$0" "$@"`;
  return spawn('sh', ['-c', limited, process.execPath, '--no-warnings', ...loader, WORKER], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    serialization: 'advanced',
    env: {},
  });
}

interface Link {
  ask(question: Question): Promise<unknown>;
  end(why: AssayError): void;
  /** Settles once the process is gone. */
  readonly ended: Promise<void>;
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: AssayError): void;
}

function connectTo(child: ChildProcess, memoryMb: number): Link {
  const waiting = new Map<number, Waiting>();
  let asked = 0;
  let ended: AssayError | undefined;
  const end = (why: AssayError): void => {
    ended ??= why;
    child.kill('SIGKILL');
    for (const { reject } of waiting.values()) reject(ended);
    waiting.clear();
  };
  child.on('message', (reply: Reply) => {
    const found = waiting.get(reply.id);
    waiting.delete(reply.id);
    if ('failed' in reply) found?.reject(failed(reply.failed, memoryMb));
    else found?.resolve(reply.value);
  });
  child.on('error', (error) => end(new DataError('ENGINE', `No engine could be started: ${error.message}`)));
  child.on('exit', (code, signal) => end(whyEnded(code, signal, memoryMb)));
  const gone = new Promise<void>((resolve) => {
    child.on('exit', () => resolve());
    child.on('error', () => resolve());
  });
  return {
    ended: gone,
    ask: (question) =>
      new Promise((resolve, reject) => {
        if (ended !== undefined) return reject(ended);
        asked += 1;
        waiting.set(asked, { resolve, reject });
        child.send({ ...question, id: asked }, () => undefined);
      }),
    end,
  };
}

/** Signals that end a process out of memory: C++ and V8 abort, Linux kills. */
const OF_MEMORY: ReadonlySet<string | null> = new Set(['SIGABRT', 'SIGKILL', 'SIGSEGV', 'SIGTRAP', 'SIGILL']);

function whyEnded(code: number | null, signal: string | null, memoryMb: number): AssayError {
  return OF_MEMORY.has(signal)
    ? tooLarge(memoryMb)
    : new DataError('ENGINE', `The engine ended by itself (${signal ?? `code ${code}`}).`);
}

const tooLarge = (memoryMb: number): ConfigError =>
  new ConfigError(
    'QUERY_MEMORY',
    `The query needed more than the ${memoryMb} MB of memory, or more room on the disk, than one query may have: ask for fewer rows, columns or groups at a time.`,
  );

function failed(failure: Failure, memoryMb: number): AssayError {
  return failure.code === 'ENGINE_RESOURCES' ? tooLarge(memoryMb) : errorOf(failure);
}

/** A process, and the functions that this one answers for it. */
interface Apart {
  readonly link: Link;
  readonly functions: ToldFunctions;
}

function engineOn(apart: Apart, on: number, role: string | undefined): Engine {
  const { link, functions } = apart;
  const ask =
    <T>(what: 'run' | 'rows' | 'result' | 'integers' | 'texts' | 'numbers' | 'values' | 'countStatements') =>
    async (sql: string): Promise<T> =>
      (await link.ask({ ask: what, on, role, sql })) as T;
  return {
    run: ask('run'),
    rows: ask('rows'),
    result: ask('result'),
    integers: ask('integers'),
    texts: ask('texts'),
    define: (name, of, mark) => functions.define(name, of, mark),
    catchUp: (prepare) => functions.catchUp(prepare),
    numbers: ask('numbers'),
    values: ask('values'),
    countStatements: ask('countStatements'),
    append: async (table, rows) => void (await link.ask({ ask: 'append', on, role, table, rows: [...rows] })),
    hasRowHash: false,
    naming: (other) => engineOn(apart, on, other),
    lane: async () => engineOn(apart, Number(await link.ask({ ask: 'lane', on })), role),
    stop: () => link.end(new ConfigError('QUERY_STOPPED', 'The query was stopped.')),
    close: () => {
      if (on === 0) link.end(new ConfigError('QUERY_STOPPED', 'The engine was closed.'));
      else void link.ask({ ask: 'close', on }).catch(() => undefined);
    },
  };
}
