import type { ObjectInfo, ObjectStore } from './ports.ts';

/** What was read of a store, to find out later whether it would be read the same again. */
export interface RecordedReads {
  /** The store, every read of which is noted. */
  readonly objects: ObjectStore;
  /** Whether everything that was read through it is as it was then. */
  isSame(): Promise<boolean>;
}

/** One question to the store, and what was answered, as text. */
interface Asked {
  readonly answer: string;
  again(): Promise<string>;
}

/** Metadata of tables, which is never written anew under the same name. */
const IMMUTABLE = /\/metadata\/[^/]+\.(avro|metadata\.json)$/;

/**
 * Notes what is read of a store. What a list showed is compared by its times and sizes, and not read again: so an
 * outcome that was made from hundreds of documents is checked by a few lists.
 */
export function recordReads(objects: ObjectStore): RecordedReads {
  const lists: Asked[] = [];
  const gets = new Map<string, Asked>();
  const listed = new Set<string>();
  return {
    objects: {
      ...objects,
      async list(...asked) {
        const found = await objects.list(...asked);
        for (const { key } of found) listed.add(key);
        lists.push({ answer: textOf(found), again: async () => textOf(await objects.list(...asked)) });
        return found;
      },
      async get(key) {
        const found = await objects.get(key);
        const tagOf = (one: typeof found): string => one?.etag ?? '';
        if (!IMMUTABLE.test(key))
          gets.set(key, { answer: tagOf(found), again: async () => tagOf(await objects.get(key)) });
        return found;
      },
    },
    async isSame() {
      const single = [...gets].flatMap(([key, asked]) => (listed.has(key) ? [] : [asked]));
      const same = await Promise.all(
        [...lists, ...single].map(async (one) => (await one.again()) === one.answer),
      );
      return same.every((one) => one);
    },
  };
}

const textOf = (found: readonly ObjectInfo[]): string =>
  found.map(({ key, sizeBytes, modifiedMs }) => `${key} ${sizeBytes} ${modifiedMs}`).join('\n');
