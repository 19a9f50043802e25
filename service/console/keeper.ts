/** Makes a value for a key once, and gives it out while it is kept; what failed is made anew. */
export type Keeper<V> = (key: string, make: () => Promise<V>) => Promise<V>;

/** A keeper of the values that were made last. */
export function openKeeper<V>(most: number): Keeper<V> {
  const known = new Map<string, Promise<V>>();
  return async (key, make) => {
    const kept = known.get(key);
    if (kept !== undefined) return await kept;
    const made = make();
    made.catch(() => known.delete(key));
    known.set(key, made);
    const oldest = known.size > most ? known.keys().next().value : undefined;
    if (oldest !== undefined) known.delete(oldest);
    return await made;
  };
}
