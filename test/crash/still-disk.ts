import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

/** A disk that may stand still: from some change on, none happens any more and none comes to its end. */
export class StillDisk {
  /** The change at which it stands still. */
  standsStillAt = Number.POSITIVE_INFINITY;
  /** How many changes began. */
  begun = 0;
  #underWay = 0;
  readonly #lives = new AsyncLocalStorage<{ hasEnded: boolean }>();

  /** Lets a change happen, unless the disk stands still, or has stood still under those whose change it is. */
  async change<T>(apply: () => Promise<T>): Promise<T> {
    if (this.#lives.getStore()?.hasEnded === true || ++this.begun >= this.standsStillAt)
      return await new Promise<never>(() => undefined);
    this.#underWay++;
    try {
      return await apply();
    } finally {
      this.#underWay--;
    }
  }

  /** Does some work to its end, or until the disk stands still and no change is under way: the work never goes on then. */
  async under(work: () => Promise<void>): Promise<void> {
    const life = { hasEnded: false };
    let isOver = false;
    const all = this.#lives.run(life, work).finally(() => {
      isOver = true;
    });
    const isStill = async (): Promise<void> => {
      while (!isOver && (this.begun < this.standsStillAt || this.#underWay > 0)) await sleep(2);
      life.hasEnded = !isOver;
      // What had begun a change before that has ended it.
      while (!isOver && this.#underWay > 0) await sleep(2);
    };
    await Promise.race([all, isStill()]);
  }
}
