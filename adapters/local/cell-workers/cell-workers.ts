import type { Worker } from 'node:worker_threads';
import { TransientError } from '../../../etl/errors.ts';
import { type CellJob, jobBuffers, type ResultOf } from '../../../etl/privacy/cells/cell-job.ts';
import type { CellWorkers, OpenCellWorkers } from '../../../etl/privacy/cells/cell-work.ts';
import type { Reply, Request } from './messages.ts';
import { startWorker } from './start-worker.ts';

/** More threads than this would wait for whoever brings them work. */
const MOST_THREADS = 4;

/** Opens workers on threads of this process, at most so many; each is started when there is work that no other has time for. */
export function cellWorkers(threads: number, start = startWorker): OpenCellWorkers | undefined {
  // On one processor they would only take turns with whoever waits for them.
  if (threads < 2) return undefined;
  return () => new Threads(Math.min(threads, MOST_THREADS), start);
}

interface Waiting {
  readonly job: CellJob;
  resolve(done: ResultOf<CellJob>): void;
  reject(error: unknown): void;
}

interface Thread {
  readonly worker: Worker;
  /** What it is working on. */
  current: Waiting | undefined;
}

class Threads implements CellWorkers {
  readonly #most: number;
  readonly #startWorker: () => Worker;
  readonly #threads = new Set<Thread>();
  readonly #queue: Waiting[] = [];
  #isClosed = false;

  constructor(most: number, startWorker: () => Worker) {
    this.#most = most;
    this.#startWorker = startWorker;
  }

  async work<J extends CellJob>(job: J): Promise<ResultOf<J>> {
    const done = await new Promise<ResultOf<CellJob>>((resolve, reject) => {
      if (this.#isClosed) return reject(ended('they were closed'));
      this.#queue.push({ job, resolve, reject });
      this.#pump();
    });
    // A thread answers a job with what comes of its kind.
    return done as ResultOf<J>;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const threads = [...this.#threads];
    this.#threads.clear();
    for (const { reject } of [...this.#queue.splice(0), ...threads.flatMap(({ current }) => current ?? [])])
      reject(ended('they were closed'));
    await Promise.all(threads.map(({ worker }) => worker.terminate()));
  }

  #pump(): void {
    while (this.#queue.length > 0) {
      const idle = [...this.#threads].find(({ current }) => current === undefined);
      if (idle === undefined && this.#threads.size >= this.#most) return;
      const waiting = this.#queue.shift();
      if (waiting === undefined) return;
      try {
        give(idle ?? this.#start(), waiting);
      } catch (error) {
        waiting.reject(error);
      }
    }
  }

  #start(): Thread {
    const thread: Thread = { worker: this.#startWorker(), current: undefined };
    this.#threads.add(thread);
    thread.worker.on('message', (reply: Reply) => {
      const { current } = thread;
      thread.current = undefined;
      if ('failed' in reply) current?.reject(reply.failed);
      else current?.resolve(reply.done);
      this.#pump();
    });
    thread.worker.on('error', (error) => this.#lose(thread, error));
    thread.worker.on('messageerror', (error) => this.#lose(thread, error));
    thread.worker.on('exit', (code) => this.#lose(thread, new Error(`exit code ${code}`)));
    return thread;
  }

  /** A thread is no more, or not to be trusted; its job fails, and the others go on. */
  #lose(thread: Thread, why: Error): void {
    if (!this.#threads.delete(thread)) return;
    thread.current?.reject(ended(why.message, why));
    thread.current = undefined;
    void thread.worker.terminate();
    this.#pump();
  }
}

function give(thread: Thread, waiting: Waiting): void {
  thread.current = waiting;
  const request: Request = { job: waiting.job };
  try {
    thread.worker.postMessage(request, jobBuffers(waiting.job));
  } catch (error) {
    thread.current = undefined;
    throw error;
  }
}

const ended = (why: string, cause?: Error): TransientError =>
  new TransientError(
    'WORKER_ENDED',
    `A thread that seals and opens values ended before its work was done (${why}): run again.`,
    cause === undefined ? {} : { cause },
  );
