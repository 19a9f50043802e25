import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** Chance that can be repeated: the same seed throws the same. */
export interface Dice {
  /** A whole number from `min` to `max`, both included. */
  int(min: number, max: number): number;
  /** True with a probability from 0 to 1. */
  chance(probability: number): boolean;
  /** One of a list that isn't empty. */
  pick<T>(list: readonly [T, ...T[]]): T;
}

/** Dice of a seed, a whole number. */
export function diceOf(seed: number): Dice {
  const generator = xoroshiro128plus(seed);
  const int = (min: number, max: number): number => uniformInt(generator, min, max);
  return {
    int,
    chance: (probability) => int(1, 1_000_000) <= probability * 1_000_000,
    pick: ([first, ...rest]) => {
      const n = int(0, rest.length);
      return n === 0 ? first : (rest[n - 1] ?? first);
    },
  };
}
