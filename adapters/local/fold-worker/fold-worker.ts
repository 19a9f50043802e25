import { type AssayError, ConfigError, messageOf, TransientError } from '../../../etl/errors.ts';
import { foldError } from '../../../etl/projecting/fold-error.ts';
import type {
  FoldCode,
  FoldedRow,
  FoldedStream,
  FoldRunner,
  FoldWorker,
  StreamEvents,
} from '../../../etl/projecting/fold-runner.ts';
import { readStateJson } from '../../../etl/projecting/state-json.ts';
import { type Ended, FoldProcess } from './fold-process.ts';
import { type Fault, type Folded, type Place, type Start, TURN_MS } from './messages.ts';

/** How code is bounded. */
export interface FoldWorkerOptions {
  /** Heap that it may take, for its states and the batch that it works on; 384 unless said. */
  readonly memoryMb?: number;
  /** How long one event, or the loading of the code, may take: a loop without an end is ended then; 10 s unless said. */
  readonly timeoutMs?: number;
  /** How long after that the process itself is ended, where it heard nothing of it: 10 s unless said. */
  readonly graceMs?: number;
}

const NOWHERE: Place = { stream: 0, at: 0 };

/** Runs projections' code in a process each, in a context that has the language and nothing else. */
export function foldRunner({
  memoryMb = 384,
  timeoutMs = 10_000,
  graceMs = 10_000,
}: FoldWorkerOptions = {}): FoldRunner {
  return {
    async open(code) {
      const { file, columns } = code;
      const start: Start = { file, columns, timeoutMs, script: await plainScript(code) };
      const limits = { memoryMb, timeoutMs, graceMs };
      return new Worker(code, start, { limits, process: await loaded(start, limits) });
    },
  };
}

type Limits = Required<FoldWorkerOptions>;

/** The code without types, as a CommonJS module whose lines are where they were. */
async function plainScript({ file, text }: FoldCode): Promise<string> {
  // Loaded with the first projection: commands without one start without it.
  const { transform } = await import('sucrase');
  try {
    return transform(text, {
      transforms: ['typescript', 'imports'],
      filePath: file,
      disableESTransforms: true,
    }).code;
  } catch (error) {
    throw codeError(file, `can't be read: ${messageOf(error)}`);
  }
}

const codeError = (file: string, what: string): ConfigError =>
  new ConfigError('PROJECTION_CODE', `projections/${file} ${what}`, { context: { file } });

/** A process that has loaded the code. */
async function loaded(start: Start, { memoryMb, timeoutMs, graceMs }: Limits): Promise<FoldProcess> {
  const { file } = start;
  const process = new FoldProcess(memoryMb, TURN_MS + timeoutMs + graceMs);
  const answer = await process.ask(start);
  const ready = typeof answer === 'object' && 'ready' in answer ? answer.ready : undefined;
  if (ready?.hasApply === true && ready.hasInitial) return process;
  await process.close();
  if (answer === 'memory') throw codeError(file, `needs more than ${memoryMb} MB to be loaded.`);
  if (typeof answer === 'string') throw lost(answer);
  if (ready?.hasApply === true)
    throw codeError(
      file,
      'exports an initial that JSON can not say: export the state itself, and not a function that makes it',
    );
  if (!('failed' in answer))
    throw codeError(file, 'exports no function apply: write export function apply(state, event) { … }');
  const { fault, name, message, line } = answer.failed;
  if (fault === 'memory') throw codeError(file, `needs nearly all of its ${memoryMb} MB to be loaded.`);
  if (fault === 'timeout')
    throw codeError(
      file,
      `isn't loaded after ${timeoutMs / 1000} s: what stands outside of its functions must end.`,
    );
  throw codeError(file, `can't be loaded: ${name}: ${message}${line === undefined ? '' : ` (line ${line})`}`);
}

const lost = (how: Ended): AssayError =>
  new TransientError(
    'WORKER_ENDED',
    `A process that folds ended before its work was done (${how}): run again.`,
  );

interface Opened {
  readonly limits: Limits;
  readonly process: FoldProcess;
}

class Worker implements FoldWorker {
  readonly #code: FoldCode;
  readonly #start: Start;
  readonly #limits: Limits;
  readonly #process: FoldProcess;

  constructor(code: FoldCode, start: Start, { limits, process }: Opened) {
    this.#code = code;
    this.#start = start;
    this.#limits = limits;
    this.#process = process;
  }

  async fold(batch: StreamEvents, check?: 'twice'): Promise<readonly FoldedStream[]> {
    const answer = await this.#process.ask({ batch, how: check === undefined ? 'fold' : 'check' });
    if (typeof answer === 'object' && 'folded' in answer) return foldedStreams(batch, answer.folded);
    await this.close();
    if (typeof answer === 'object' && 'failed' in answer) throw this.#faultError(answer.failed, batch);
    if (answer === 'memory' || answer === 'silent') throw await this.#endedError(answer, batch);
    throw lost(typeof answer === 'string' ? answer : 'failed');
  }

  close(): Promise<void> {
    return this.#process.close();
  }

  /** Folds the batch once more, noting each event, to learn which one takes the memory, or hangs where nothing can end it. */
  async #endedError(how: 'memory' | 'silent', batch: StreamEvents): Promise<AssayError> {
    const again = await loaded(this.#start, this.#limits);
    try {
      const answer = await again.ask({ batch, how: 'careful' });
      if (typeof answer === 'object' && 'failed' in answer) return this.#faultError(answer.failed, batch);
      const where = { batch, place: answer === how ? again.lastPlace() : NOWHERE };
      if (how === 'memory')
        return this.#error('PROJECTION_MEMORY', `needed more than ${this.#limits.memoryMb} MB for it`, where);
      return answer === how ? this.#timeoutError(where) : lost(how);
    } finally {
      await again.close();
    }
  }

  #timeoutError(where: Where): AssayError {
    const what = `wasn't done with an event after ${this.#limits.timeoutMs / 1000} s`;
    return this.#error('PROJECTION_TIMEOUT', what, where);
  }

  #fullError(where: Where): AssayError {
    const { memoryMb, timeoutMs } = this.#limits;
    const what = `had nearly all of its ${memoryMb} MB taken, and wasn't done with an event after ${timeoutMs / 1000} s`;
    return this.#error('PROJECTION_MEMORY', what, where);
  }

  #faultError({ fault, name, message, line, ...place }: Fault, batch: StreamEvents): AssayError {
    const { tell = (text: string) => text } = this.#code;
    const where = { batch, place };
    if (fault === 'not-pure') return this.#error('PROJECTION_NOT_PURE', notPure(message), where);
    if (fault === 'state')
      return this.#error('PROJECTION_STATE', `gave nothing that can be kept: ${message}`, where);
    if (fault === 'timeout') return this.#timeoutError(where);
    if (fault === 'memory') return this.#fullError(where);
    const at = line === undefined ? '' : ` at line ${line}`;
    // Code may call its errors what it likes.
    const kind = /^[A-Za-z]*Error$/.test(name) ? name : 'an error';
    return this.#error('PROJECTION_THREW', `threw ${kind}${at}: ${tell(message, 'message')}`, where);
  }

  #error(code: Parameters<typeof foldError>[1], what: string, { batch, place }: Where): AssayError {
    return foldError(this.#code, code, { what, batch, ...place });
  }
}

/** Which event of a batch. */
interface Where {
  readonly batch: StreamEvents;
  readonly place: Place;
}

const notPure = (other: string): string =>
  `gave ${other} when it folded the same events again: it must depend on nothing but state and event, and keep nothing besides`;

function foldedStreams({ streams }: StreamEvents, { states, rows }: Folded): readonly FoldedStream[] {
  return streams.map(({ stream }, n) => {
    const state = states[n] ?? 'null';
    const made = rows[n];
    return { stream, state, rows: rowsOf(state, made), rowsAre: made === undefined ? 'state' : 'made' };
  });
}

function rowsOf(state: string, rows: string | undefined): readonly FoldedRow[] {
  const read = readStateJson(rows ?? state);
  if (rows === undefined) return isRow(read) ? [read] : [];
  return Array.isArray(read) ? read : [read as FoldedRow];
}

const isRow = (value: unknown): value is FoldedRow => typeof value === 'object' && value !== null;
