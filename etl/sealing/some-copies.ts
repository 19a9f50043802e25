import type { DataStore } from '../ports.ts';

/** Small files that are copied at once. */
const AT_ONCE = 50;

/** Local paths of small files, some at a time; they are let go when the next are asked for. */
export async function* someCopies(
  data: Pick<DataStore, 'localPath' | 'releasePath'>,
  keys: readonly string[],
): AsyncGenerator<string[]> {
  for (let n = 0; n < keys.length; n += AT_ONCE) {
    const paths = await Promise.all(keys.slice(n, n + AT_ONCE).map((key) => data.localPath(key)));
    yield paths;
    for (const path of paths) await data.releasePath?.(path);
  }
}
