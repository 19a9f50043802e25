/** Whether the next item may begin while these are under way. */
export type HasRoom<T> = (underWay: readonly T[], next: T) => boolean;

/** Room for so many at once. */
export const atMost =
  (count: number): HasRoom<unknown> =>
  (underWay) =>
    underWay.length < count;

/**
 * Works on several items at once, begun in their order, and yields what comes of each in the same order. There is
 * always room for one. A failure is thrown where its result would have come; nothing is begun after it, and what was
 * begun has ended by then.
 */
export async function* inFlight<T, R>(
  items: Iterable<T>,
  hasRoom: HasRoom<T>,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const underWay: T[] = [];
  const results: Promise<R>[] = [];
  const oldest = async (): Promise<R> => {
    underWay.shift();
    return await (results.shift() as Promise<R>);
  };
  try {
    for (const item of items) {
      while (underWay.length > 0 && !hasRoom(underWay, item)) yield await oldest();
      const result = work(item);
      // Whoever waits for it gets the error; until then it must not count as unhandled.
      result.catch(() => undefined);
      underWay.push(item);
      results.push(result);
    }
    while (underWay.length > 0) yield await oldest();
  } finally {
    await Promise.allSettled(results);
  }
}
