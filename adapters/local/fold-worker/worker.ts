import { writeSync } from 'node:fs';
import { getHeapStatistics } from 'node:v8';
import vm from 'node:vm';
import { type CodeContext, openContext } from './code-context.ts';
import { batchOf, type Code, checkFold, foldBatch, type Pausing, StateFault } from './fold-batch.ts';
import { type Fault, type Reply, type Request, type Start, TURN_MS } from './messages.ts';

/** A process that folds: it knows its code and what batches bring, and ends with whoever started it. */
const timer = vm.createContext({ run: () => undefined });

function serve(): void {
  process.once('disconnect', () => process.exit());
  process.once('message', (start: Start) => {
    const reply = load(start);
    process.send?.(reply);
  });
}

function load(start: Start): Reply {
  const { file, script, columns, timeoutMs } = start;
  const place = { stream: 0, at: 0 };
  const code: Code = { open: () => openContext(file, script, columns), place, pause: { atMs: 0 } };
  const guarded = (work: () => Reply): Reply => {
    try {
      return work();
    } catch (error) {
      return { failed: { ...boundedFault(error, start), ...place } };
    }
  };
  return guarded(() => {
    const context = bounded(() => code.open(), timeoutMs);
    process.on('message', (request: Request) =>
      process.send?.(guarded(() => inTurns(code, answer(code, context, request), timeoutMs))),
    );
    const { hasApply, hasInitial } = context;
    return { ready: { hasApply, hasInitial } };
  });
}

/** Does work that is ended after a time, whatever it does. */
function bounded<T>(work: () => T, timeout: number): T {
  timer.run = work;
  return vm.runInContext('run()', timer, { timeout }) as T;
}

/** Goes on with work until it is done, however long that takes; one event may take so long. */
function inTurns<T>({ place, pause }: Code, work: Pausing<T>, timeoutMs: number): T {
  for (;;) {
    pause.atMs = Date.now() + TURN_MS;
    const turn = bounded(() => work.next(), TURN_MS + timeoutMs);
    if (turn.done === true) return turn.value;
    notePlace(place.stream, place.at);
  }
}

function* answer(code: Code, context: CodeContext, { batch, how }: Request): Pausing<Reply> {
  const read = batchOf(batch);
  if (how === 'check') yield* checkFold(code, read);
  const note = how === 'careful' ? { note: notePlace } : {};
  return { folded: yield* foldBatch(code, context, { ...read, ...note }) };
}

/** Writes the place where the one that reads it finds it even if this process is killed by the next event: a sign of life, too. */
function notePlace(stream: number, at: number): void {
  writeSync(1, `${stream} ${at}\n`);
}

type OwnFault = Omit<Fault, 'stream' | 'at'>;

/** What was thrown may be anything, and reading it the code's own work, which may throw or never end. */
function boundedFault(error: unknown, { file, timeoutMs }: Start): OwnFault {
  const read = (): OwnFault => {
    try {
      return faultOf(error, file);
    } catch {
      return { fault: 'threw', name: 'Error', message: 'what can not be read' };
    }
  };
  try {
    return bounded(read, timeoutMs);
  } catch {
    return { fault: 'timeout', name: 'Error', message: '' };
  }
}

/** So much of what code says when it throws is told, on one line. */
const MOST_TOLD = 500;

function told(value: unknown): string {
  const text = String(value)
    .slice(0, MOST_TOLD + 1)
    .replace(/\p{Cc}+/gu, ' ');
  return text.length > MOST_TOLD ? `${text.slice(0, MOST_TOLD)}…` : text;
}

/** Of the heap. Beyond it, collecting garbage takes so much time that code is out of that before it is out of memory. */
const NEARLY_FULL = 0.85;

/** What the limit of the heap has for young objects, beside what code may keep: three semi-spaces, as the process is started. */
const YOUNG_BYTES = 3 * 16 * 1024 ** 2;

function outOfTime(): 'timeout' | 'memory' {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
  return used >= (limit - YOUNG_BYTES) * NEARLY_FULL ? 'memory' : 'timeout';
}

function faultOf(error: unknown, file: string): OwnFault {
  if (error instanceof StateFault) return { fault: error.fault, name: 'Error', message: error.message };
  // Errors of the context are no instances of this one's Error.
  const { name, message, stack, code } = (
    typeof error === 'object' && error !== null ? error : { message: String(error) }
  ) as Partial<Error> & { readonly code?: unknown };
  const lines = String(stack)
    .split('\n')
    .map((text) => text.split(`${file}:`)[1] ?? '');
  const line = Number.parseInt(lines.find((rest) => /^\d/.test(rest)) ?? '', 10);
  return {
    fault: code === 'ERR_SCRIPT_EXECUTION_TIMEOUT' ? outOfTime() : 'threw',
    name: told(name ?? 'Error'),
    message: told(message ?? ''),
    ...(Number.isNaN(line) ? {} : { line }),
  };
}

serve();
