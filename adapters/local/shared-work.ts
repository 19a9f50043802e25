/**
 * Lets one execution of work, such as flushing a folder, serve every caller that asked before it began. Callers that
 * ask during it wait for the next one, which serves them all. If it fails, all its callers get the error.
 */
export function sharedWork(work: (key: string) => Promise<void>): (key: string) => Promise<void> {
  const doing = new Map<string, Promise<void>>();
  const next = new Map<string, Promise<void>>();
  const begin = (key: string): Promise<void> => {
    const done = work(key).finally(() => doing.delete(key));
    doing.set(key, done);
    return done;
  };
  const beginAfter = async (key: string, before: Promise<void>): Promise<void> => {
    await before.catch(() => undefined);
    next.delete(key);
    await begin(key);
  };
  return (key) => {
    const waiting = next.get(key);
    if (waiting !== undefined) return waiting;
    const before = doing.get(key);
    if (before === undefined) return begin(key);
    const after = beginAfter(key, before);
    next.set(key, after);
    return after;
  };
}
