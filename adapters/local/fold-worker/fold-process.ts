import type { ChildProcess } from 'node:child_process';
import type { Place, Reply, Request, Start } from './messages.ts';
import { startWorker } from './start-worker.ts';

/** How a process that folds ended without an answer: by its own limits, or because nobody heard of it for too long. */
export type Ended = 'memory' | 'silent' | 'closed' | 'failed';

/** A process that folds: one question at a time. */
export class FoldProcess {
  readonly #child: ChildProcess;
  readonly #mostSilentMs: number;
  #silence: NodeJS.Timeout | undefined;
  #places = '';
  #ended: Ended | undefined;
  #waiting: ((answer: Reply | Ended) => void) | undefined;

  /** `mostSilentMs`: how long it may write neither an answer nor a place; it ends work itself before that, unless it hangs as a whole. */
  constructor(memoryMb: number, mostSilentMs: number) {
    this.#mostSilentMs = mostSilentMs;
    this.#child = startWorker(memoryMb);
    this.#child.on('message', (reply: Reply) => this.#settle(reply));
    this.#child.on('error', () => this.#end('failed'));
    // Not at its exit: what it wrote before may still be on its way then.
    this.#child.on('close', (code, signal) => this.#end(isOutOfMemory(code, signal) ? 'memory' : 'failed'));
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      // The last place is all that is wanted.
      this.#places = `${this.#places}${text}`.slice(-100);
      this.#silence?.refresh();
    });
  }

  /** Its answer, or how it ended instead. */
  async ask(question: Start | Request): Promise<Reply | Ended> {
    if (this.#ended !== undefined) return this.#ended;
    const answer = new Promise<Reply | Ended>((resolve) => {
      this.#waiting = resolve;
    });
    this.#silence = setTimeout(() => {
      this.#end('silent');
      this.#child.kill('SIGKILL');
    }, this.#mostSilentMs);
    this.#child.send(question, (error) => {
      if (error !== null) this.#child.kill('SIGKILL');
    });
    try {
      return await answer;
    } finally {
      clearTimeout(this.#silence);
    }
  }

  /** The last place that it wrote down; where it folded carefully, that of its last event. */
  lastPlace(): Place {
    const [last = ''] = this.#places.trim().split('\n').slice(-1);
    const [stream = 0, at = 0] = last.split(' ').map(Number);
    return { stream, at };
  }

  /** Ends it, and waits until it is gone. */
  async close(): Promise<void> {
    this.#end('closed');
    const { exitCode, signalCode } = this.#child;
    if (exitCode !== null || signalCode !== null) return;
    const gone = new Promise<void>((resolve) => this.#child.once('exit', () => resolve()));
    this.#child.kill('SIGKILL');
    await gone;
  }

  #end(how: Ended): void {
    this.#ended ??= how;
    this.#settle(this.#ended);
  }

  #settle(answer: Reply | Ended): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.(answer);
  }
}

/** V8 aborts; the system kills. */
const isOutOfMemory = (code: number | null, signal: NodeJS.Signals | null): boolean =>
  code === 134 || (signal !== null && ['SIGABRT', 'SIGTRAP', 'SIGKILL', 'SIGILL'].includes(signal));
