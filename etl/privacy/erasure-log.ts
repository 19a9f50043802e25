import { Buffer } from 'node:buffer';
import { z } from 'zod';
import { ConflictError } from '../errors.ts';
import {
  ERASURES_PREFIX,
  erasureIdOf,
  erasureKey,
  FOLDED_ERASURES_PREFIX,
  foldedErasuresKey,
} from '../naming/privacy.ts';
import type { Clock, ObjectStore } from '../ports.ts';
import { parseDocument } from '../stages/stored-documents.ts';
import { Erasure, type ErasureLog, momentId, SKEW_MS } from './erasure.ts';

type Objects = Pick<ObjectStore, 'list' | 'get' | 'put'>;

/** Every erasure up to one, that included. */
const Folded = z.object({ format: z.literal(1), lastId: z.string(), erasures: z.array(Erasure) });

/**
 * The log of erasures in a lake. Each document is read once, those that were folded all at once, and only what may have
 * come since is listed again.
 */
export function lakeErasureLog(objects: Objects): ErasureLog {
  const known = new Map<string, Erasure>();
  let sorted: readonly Erasure[] | undefined;
  let foldedTo: Promise<string> | undefined;
  const keep = (erasure: Erasure): void => {
    known.set(erasure.id, erasure);
    sorted = undefined;
  };
  const readFolded = async (): Promise<string> => {
    const folded = await newestFold(objects);
    for (const erasure of folded?.erasures ?? []) keep(erasure);
    return folded?.lastId ?? '';
  };
  return {
    async add(erasure) {
      const body = Buffer.from(`${JSON.stringify(Erasure.parse(erasure), null, 1)}\n`);
      await objects.put(erasureKey(erasure.id), body, { ifNoneMatch: '*' });
      keep(erasure);
    },
    async all() {
      foldedTo ??= readFolded();
      const from = sorted === undefined ? undefined : newestBut(sorted, SKEW_MS);
      const folded = await foldedTo;
      const after = from === undefined || from < folded ? folded : from;
      for (const erasure of await readBehind(objects, after, known)) keep(erasure);
      sorted ??= [...known.values()].sort(byTime);
      return sorted;
    },
  };
}

const byTime = (a: Erasure, b: Erasure): number => (a.at < b.at || (a.at === b.at && a.id < b.id) ? -1 : 1);

/** What ids come behind that others may have added since the newest one that is known. */
function newestBut(sorted: readonly Erasure[], skewMs: number): string | undefined {
  const newest = sorted.at(-1);
  return newest === undefined ? undefined : momentId(new Date(Date.parse(newest.at) - skewMs));
}

/** Documents that are read side by side. */
const READ_AT_ONCE = 32;

/** Erasures with ids behind another's that aren't known. */
async function readBehind(
  objects: Objects,
  afterId: string,
  known: ReadonlyMap<string, Erasure>,
): Promise<readonly Erasure[]> {
  const after = afterId === '' ? undefined : erasureKey(afterId);
  const listed = await objects.list(ERASURES_PREFIX, after);
  const keys = listed
    .map(({ key }) => key)
    .filter((key) => key.endsWith('.json') && !known.has(erasureIdOf(key)));
  const read: Erasure[] = [];
  for (let n = 0; n < keys.length; n += READ_AT_ONCE) {
    const batch = keys.slice(n, n + READ_AT_ONCE);
    const stored = await Promise.all(batch.map((key) => objects.get(key)));
    for (const [at, key] of batch.entries()) {
      const body = stored[at]?.body;
      if (body !== undefined) read.push(parseDocument(body, key, Erasure));
    }
  }
  return read;
}

async function newestFold(objects: Objects): Promise<z.infer<typeof Folded> | undefined> {
  const newest = (await objects.list(FOLDED_ERASURES_PREFIX)).at(-1);
  if (newest === undefined) return undefined;
  const stored = await objects.get(newest.key);
  // Folded further, and removed, since it was listed.
  return stored === undefined ? await newestFold(objects) : parseDocument(stored.body, newest.key, Folded);
}

/** So many documents are read one by one before they are folded. */
const MOST_UNFOLDED = 200;

/**
 * Folds the older part of the log into one document where many came since the last time, so that opening a vault stays
 * quick; returns how many erasures it holds then. The documents themselves stay. Safe to repeat, and to run beside others.
 */
export async function foldErasures(
  { objects, clock }: { readonly objects: ObjectStore; readonly clock: Clock },
  mostUnfolded: number = MOST_UNFOLDED,
): Promise<number> {
  const folded = await newestFold(objects);
  const before = momentId(new Date(clock.now().getTime() - 2 * SKEW_MS));
  const known = new Map((folded?.erasures ?? []).map((one) => [one.id, one]));
  const listed = await objects.list(ERASURES_PREFIX, folded && erasureKey(folded.lastId));
  const due = listed.map(({ key }) => erasureIdOf(key)).filter((id) => id < before);
  if (due.length <= mostUnfolded) return known.size;
  const lastId = due.at(-1) ?? '';
  const ids = new Set(due);
  for (const one of await readBehind(objects, folded?.lastId ?? '', known))
    if (ids.has(one.id)) known.set(one.id, one);
  const body = Buffer.from(JSON.stringify({ format: 1, lastId, erasures: [...known.values()] }));
  try {
    await objects.put(foldedErasuresKey(lastId), body, { ifNoneMatch: '*' });
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
  }
  for (const { key } of await objects.list(FOLDED_ERASURES_PREFIX))
    if (key < foldedErasuresKey(lastId)) await objects.remove(key);
  return known.size;
}
