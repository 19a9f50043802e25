/** A small, fast, seeded source of pseudo-random numbers. */
export interface Random {
  /** An integer in [0, limit), all about equally likely; `limit` at most 2^32. */
  below(limit: number): number;
  /** One of the items. */
  pick<T>(items: readonly [T, ...T[]]): T;
}

/** The same numbers for the same seed, on every machine: mulberry32 (public domain, Tommy Ettinger). */
export function createRandom(seed: number): Random {
  let state = seed | 0;
  const below = (limit: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000) * limit);
  };
  return { below, pick: (items) => items[below(items.length)] ?? items[0] };
}
