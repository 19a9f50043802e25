/** Prefetches: asks for the next event while the consumer works on the last one. */
export async function* ahead<T>(source: AsyncGenerator<T>): AsyncGenerator<T> {
  let next = source.next();
  // A failure is thrown where the event would have come; until then it must not count as unhandled.
  next.catch(() => undefined);
  try {
    for (;;) {
      const event = await next;
      if (event.done === true) return;
      next = source.next();
      next.catch(() => undefined);
      yield event.value;
    }
  } finally {
    await next.catch(() => undefined);
    await source.return(undefined);
  }
}
