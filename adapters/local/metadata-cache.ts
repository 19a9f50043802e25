import type { ObjectStore, StoredObject } from '../../etl/ports.ts';

/** What is remembered at most: the metadata of some tables with a thousand snapshots each. */
const MOST_BYTES = 32 * 1024 * 1024;

/** Metadata of tables: no name is ever given to other bytes. Pointers, and all documents, are read anew. */
const IMMUTABLE = /\/metadata\/[^/]+\.(avro|metadata\.json)$/;

/** One for each store, shared by all the runs of a process. */
const caches = new WeakMap<ObjectStore, ObjectStore>();

/**
 * The store with the metadata of tables remembered: every stage of a run opens the same few files. What an audit reads
 * must not come from here.
 */
export function withMetadataCache(objects: ObjectStore): ObjectStore {
  const known = caches.get(objects) ?? cached(objects);
  caches.set(objects, known);
  return known;
}

function cached(objects: ObjectStore): ObjectStore {
  // In the order of their last use.
  const kept = new Map<string, StoredObject>();
  let bytes = 0;
  const forget = (key: string): void => {
    bytes -= kept.get(key)?.body.length ?? 0;
    kept.delete(key);
  };
  const keep = (key: string, object: StoredObject): void => {
    forget(key);
    kept.set(key, object);
    bytes += object.body.length;
    for (const oldest of kept.keys()) {
      if (bytes <= MOST_BYTES) break;
      forget(oldest);
    }
  };
  return {
    ...objects,
    async get(key) {
      if (!IMMUTABLE.test(key)) return objects.get(key);
      const object = kept.get(key) ?? (await objects.get(key));
      if (object !== undefined) keep(key, object);
      return object;
    },
    async put(key, body, condition) {
      forget(key);
      const etag = await objects.put(key, body, condition);
      // Written once, it is read by the next stage.
      if (IMMUTABLE.test(key)) keep(key, { body, etag });
      return etag;
    },
    async remove(key) {
      forget(key);
      await objects.remove(key);
    },
  };
}
