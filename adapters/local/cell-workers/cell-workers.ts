import type { Worker } from 'node:worker_threads';
import { TransientError } from '../../../etl/errors.ts';
import { type CellJob, jobBuffers, type PackedTexts } from '../../../etl/privacy/cells/cell-job.ts';
import type { CellWorkers, OpenCellWorkers } from '../../../etl/privacy/cells/cell-work.ts';
import type { Reply, Request } from './messages.ts';
import { startWorker } from './start-worker.ts';

/** More threads than this would wait for whoever brings them work. */
const MOST_THREADS = 4;

/** So many jobs of a thread may wait before others help: who helps derives keys that are derived already. */
const MOST_BEHIND = 2;

/** Opens workers on threads of this process, at most so many; each is started when there is work that no other has time for. */
export function cellWorkers(threads: number, start = startWorker): OpenCellWorkers | undefined {
  // On one processor they would only take turns with whoever waits for them.
  if (threads < 2) return undefined;
  return () => new Threads(Math.min(threads, MOST_THREADS), start);
}

interface Waiting {
  readonly job: CellJob;
  /** The number of the thread that should do it; any where it is undefined. */
  readonly place: number | undefined;
  resolve(done: PackedTexts): void;
  reject(error: unknown): void;
}

interface Thread {
  readonly place: number;
  readonly worker: Worker;
  /** What it is working on. */
  current: Waiting | undefined;
}

class Threads implements CellWorkers {
  readonly #most: number;
  readonly #startWorker: () => Worker;
  /** By place, those that were started. */
  readonly #threads = new Map<number, Thread>();
  readonly #queue: Waiting[] = [];
  #isClosed = false;

  constructor(most: number, startWorker: () => Worker) {
    this.#most = most;
    this.#startWorker = startWorker;
  }

  async work(job: CellJob, lane?: number): Promise<PackedTexts> {
    const place = lane === undefined ? undefined : lane % this.#most;
    return await new Promise<PackedTexts>((resolve, reject) => {
      if (this.#isClosed) return reject(ended('they were closed'));
      this.#queue.push({ job, place, resolve, reject });
      this.#pump();
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const threads = [...this.#threads.values()];
    this.#threads.clear();
    for (const { reject } of [...this.#queue.splice(0), ...threads.flatMap(({ current }) => current ?? [])])
      reject(ended('they were closed'));
    await Promise.all(threads.map(({ worker }) => worker.terminate()));
  }

  /** Gives each thread that has time what it should do, else what any may do, else what another has too much of. */
  #pump(): void {
    for (let place = 0; place < this.#most; place++)
      while (this.#threads.get(place)?.current === undefined && this.#giveNext(place));
  }

  /** Whether there was something for a thread. */
  #giveNext(place: number): boolean {
    const waiting = this.#takeFor(place);
    if (waiting === undefined) return false;
    try {
      give(this.#threads.get(place) ?? this.#start(place), waiting);
    } catch (error) {
      waiting.reject(error);
    }
    return true;
  }

  #takeFor(place: number): Waiting | undefined {
    const isBehind = (one: Waiting): boolean =>
      this.#queue.filter((other) => other.place === one.place).length > MOST_BEHIND;
    const at = [
      this.#queue.findIndex((one) => one.place === place),
      this.#queue.findIndex((one) => one.place === undefined),
      this.#queue.findIndex(isBehind),
    ].find((one) => one >= 0);
    return at === undefined ? undefined : this.#queue.splice(at, 1)[0];
  }

  #start(place: number): Thread {
    const thread: Thread = { place, worker: this.#startWorker(), current: undefined };
    this.#threads.set(place, thread);
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
    if (this.#threads.get(thread.place) !== thread) return;
    this.#threads.delete(thread.place);
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
