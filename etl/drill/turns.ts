import type { Dice } from './dice.ts';

/** A seat in the taking of turns. */
export interface Seat {
  /** Does something when it is this seat's turn, while nobody else does anything. */
  take<T>(work: () => Promise<T>): Promise<T>;
  /** Stands still until all others have left, or stand still as well. */
  stall(): Promise<void>;
  /** Leaves: the others no longer wait for this seat. */
  leave(): void;
}

/**
 * Lets actors take turns in an order that only the dice decide, not their speed. The next turn is given once every
 * remaining actor waits for one. Some tables give one actor many turns in a row, so that another stands still in the
 * middle of its work meanwhile.
 */
export class Turns {
  readonly #dice: Dice;
  readonly #again: number;
  #last: (() => Promise<void>)[] | undefined;
  readonly #queues = new Set<(() => Promise<void>)[]>();
  readonly #stalled: (() => void)[] = [];
  #isBusy = false;

  constructor(dice: Dice) {
    this.#dice = dice;
    this.#again = dice.pick([0, 0.5, 0.9, 0.97]);
  }

  /** Takes part. All who do must have joined before the first turn is taken. */
  join(): Seat {
    const queue: (() => Promise<void>)[] = [];
    this.#queues.add(queue);
    return {
      take: (work) =>
        new Promise((resolve, reject) => {
          queue.push(() => work().then(resolve, reject));
          this.#advance();
        }),
      stall: () =>
        new Promise((resolve) => {
          this.#queues.delete(queue);
          this.#stalled.push(() => {
            this.#queues.add(queue);
            resolve();
          });
          this.#advance();
        }),
      leave: () => {
        this.#queues.delete(queue);
        this.#advance();
      },
    };
  }

  #advance(): void {
    if (this.#queues.size === 0) this.#stalled.shift()?.();
    const [first, ...others] = this.#queues;
    if (this.#isBusy || first === undefined || [first, ...others].some((queue) => queue.length === 0)) return;
    const isAgain = this.#dice.chance(this.#again);
    const last = [first, ...others].find((queue) => queue === this.#last);
    const next = isAgain && last !== undefined ? last : this.#dice.pick([first, ...others]);
    this.#last = next;
    const work = next.shift();
    if (work === undefined) return;
    this.#isBusy = true;
    void work().finally(() => {
      this.#isBusy = false;
      this.#advance();
    });
  }
}
