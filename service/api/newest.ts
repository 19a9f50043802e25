import { idOf } from '../../etl/operations/newest-keys.ts';
import { cursorAt } from './paging.ts';

/** Documents that one page looks at: with a filter that few of them meet, a page may be short, and its cursor goes on. */
const MOST_READ = 500;

/** A page of documents, newest first, of those that are meant. */
export async function newestPage<T>(
  keys: AsyncIterable<string>,
  {
    limit,
    read,
    isMeant,
  }: {
    readonly limit: number;
    readonly read: (key: string) => Promise<T | undefined>;
    readonly isMeant: (document: T) => boolean;
  },
): Promise<{ readonly page: T[]; readonly next: string | null }> {
  const page: T[] = [];
  let [last, looked] = ['', 0];
  for await (const key of keys) {
    if (page.length === limit || looked === MOST_READ) return { page, next: cursorAt(last) };
    const document = await read(key);
    if (document !== undefined && isMeant(document)) page.push(document);
    last = idOf(key);
    looked++;
  }
  return { page, next: null };
}
