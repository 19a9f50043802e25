import { writeSync } from 'node:fs';
import vm from 'node:vm';
import { type CodeContext, openContext } from './code-context.ts';
import { bounded, type Code, checkFold, foldBatch, StateFault } from './fold-batch.ts';
import type { Fault, Reply, Request, Start } from './messages.ts';

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
  const code: Code = { open: () => openContext(file, script, columns), place: { stream: 0, at: 0 } };
  const guarded = (work: () => Reply): Reply => {
    try {
      return bounded(timer, work, timeoutMs);
    } catch (error) {
      return { failed: { ...faultOf(error, file), ...code.place } };
    }
  };
  return guarded(() => {
    const context = code.open();
    process.on('message', ({ batch, how }: Request) =>
      process.send?.(guarded(() => answer(code, context, { batch, how }))),
    );
    return { ready: { hasApply: context.hasApply } };
  });
}

function answer(code: Code, context: CodeContext, { batch, how }: Request): Reply {
  if (how === 'check') return checkFold(code, batch);
  return { folded: foldBatch(code, context, batch, how === 'careful' ? notePlace : undefined) };
}

/** Writes the place where the one that reads it finds it even if this process is killed by the next event. */
function notePlace(stream: number, at: number): void {
  writeSync(1, `${stream} ${at}\n`);
}

function faultOf(error: unknown, file: string): Omit<Fault, 'stream' | 'at'> {
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
    fault: code === 'ERR_SCRIPT_EXECUTION_TIMEOUT' ? 'timeout' : 'threw',
    name: String(name ?? 'Error'),
    message: String(message ?? ''),
    ...(Number.isNaN(line) ? {} : { line }),
  };
}

serve();
