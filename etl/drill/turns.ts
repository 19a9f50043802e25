import type { Dice } from './dice.ts';

/** A place among those who take turns. */
export interface Seat {
  /** Does something when it is this seat's turn, while nobody else does anything. */
  take<T>(work: () => Promise<T>): Promise<T>;
  /** Leaves: the others no longer wait for this seat. */
  leave(): void;
}

/**
 * Lets several take turns in an order that only the dice decide, whoever is faster: the next turn is given when
 * everyone who still takes part waits for one.
 */
export class Turns {
  readonly #dice: Dice;
  readonly #queues = new Set<(() => Promise<void>)[]>();
  #isBusy = false;

  constructor(dice: Dice) {
    this.#dice = dice;
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
      leave: () => {
        this.#queues.delete(queue);
        this.#advance();
      },
    };
  }

  #advance(): void {
    const [first, ...others] = this.#queues;
    if (this.#isBusy || first === undefined || [first, ...others].some((queue) => queue.length === 0)) return;
    const work = this.#dice.pick([first, ...others]).shift();
    if (work === undefined) return;
    this.#isBusy = true;
    void work().finally(() => {
      this.#isBusy = false;
      this.#advance();
    });
  }
}
