import type { ByteRange, DataStore, Effects, ObjectStore } from '../../etl/ports.ts';

/** What was asked of a lake's stores. */
export interface StoreUse {
  readonly list: number;
  readonly get: number;
  readonly put: number;
  readonly remove: number;
  readonly stream: number;
  readonly digest: number;
  readonly localPath: number;
  readonly publish: number;
  /** Bytes of the documents read and written. */
  readonly readBytes: number;
  readonly writtenBytes: number;
  /** The largest document read or written, and its key. */
  readonly largestBytes: number;
  readonly largestKey: string;
}

/** Nothing asked. */
export const NO_USE: StoreUse = {
  ...{ list: 0, get: 0, put: 0, remove: 0, stream: 0, digest: 0, localPath: 0, publish: 0 },
  ...{ readBytes: 0, writtenBytes: 0, largestBytes: 0, largestKey: '' },
};

/** Both together. */
export function addUse(a: StoreUse, b: StoreUse): StoreUse {
  const larger = a.largestBytes >= b.largestBytes ? a : b;
  return {
    list: a.list + b.list,
    get: a.get + b.get,
    put: a.put + b.put,
    remove: a.remove + b.remove,
    stream: a.stream + b.stream,
    digest: a.digest + b.digest,
    localPath: a.localPath + b.localPath,
    publish: a.publish + b.publish,
    readBytes: a.readBytes + b.readBytes,
    writtenBytes: a.writtenBytes + b.writtenBytes,
    largestBytes: larger.largestBytes,
    largestKey: larger.largestKey,
  };
}

/** Counts what goes to a lake's stores: each call goes through unchanged. */
export function countedStores(): {
  readonly on: (effects: Effects) => Effects;
  /** What was asked since the last time this was called. */
  take(): StoreUse;
} {
  let use = NO_USE;
  const note = (call: Partial<StoreUse>): void => {
    use = addUse(use, { ...NO_USE, ...call });
  };
  const objects = (inner: ObjectStore): ObjectStore => ({
    ...inner,
    list: (...of) => {
      note({ list: 1 });
      return inner.list(...of);
    },
    async get(key) {
      const found = await inner.get(key);
      const bytes = found?.body.length ?? 0;
      note({ get: 1, readBytes: bytes, largestBytes: bytes, largestKey: key });
      return found;
    },
    put(key, body, condition) {
      note({ put: 1, writtenBytes: body.length, largestBytes: body.length, largestKey: key });
      return inner.put(key, body, condition);
    },
    remove(key) {
      note({ remove: 1 });
      return inner.remove(key);
    },
  });
  const data = (inner: DataStore): DataStore => ({
    ...inner,
    stream(key: string, range?: ByteRange) {
      note({ stream: 1 });
      return inner.stream(key, range);
    },
    digest(key) {
      note({ digest: 1 });
      return inner.digest(key);
    },
    identify(key) {
      note({ digest: 1 });
      return inner.identify(key);
    },
    localPath(key) {
      note({ localPath: 1 });
      return inner.localPath(key);
    },
    publish(file, key) {
      note({ publish: 1 });
      return inner.publish(file, key);
    },
  });
  return {
    on: (effects) => ({ ...effects, objects: objects(effects.objects), data: data(effects.data) }),
    take: () => {
      const taken = use;
      use = NO_USE;
      return taken;
    },
  };
}
