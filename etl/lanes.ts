/** Jobs done on a few lanes at once: one a lane, the next as soon as its lane is free. */
export class Lanes<Lane> {
  readonly #lanes: readonly Lane[];
  readonly #running: Promise<void>[];
  #started = 0;

  constructor(lanes: readonly Lane[]) {
    this.#lanes = lanes;
    this.#running = lanes.map(() => Promise.resolve());
  }

  /** Starts a job once its lane is free; throws what the lane's job before threw. */
  async start(job: (lane: Lane) => Promise<void>): Promise<void> {
    const n = this.#started++ % this.#lanes.length;
    await this.#running[n];
    const running = job(this.#lanes[n] as Lane);
    this.#running[n] = running;
    // A failure is thrown by whoever waits for the lane; until then it must not count as unhandled.
    running.catch(() => undefined);
  }

  /** Waits until every job has ended; then throws the error of one that failed. */
  async finish(): Promise<void> {
    await this.settle();
    await Promise.all(this.#running);
  }

  /** Returns when every job has ended, well or not. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#running);
  }
}

/** Work done one piece after the other, in the order in which it was asked for. */
export class InOrder {
  #last: Promise<unknown> = Promise.resolve();

  /** Begins the work when `ready` is fulfilled and all work asked for before has ended. */
  next<T>(ready: Promise<unknown>, work: () => Promise<T>): Promise<T> {
    const before = this.#last;
    const mine = (async () => {
      await Promise.allSettled([before, ready]);
      await ready;
      return await work();
    })();
    this.#last = mine;
    mine.catch(() => undefined);
    return mine;
  }
}
