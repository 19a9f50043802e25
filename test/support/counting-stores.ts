import type { DataStore, ObjectStore } from '../../etl/ports.ts';

/** What stages ask of a lake's stores. */
export const STORE_CALLS = [
  'list',
  'get',
  'put',
  'remove',
  'stream',
  'digest',
  'localPath',
  'publish',
] as const;
export type StoreCall = (typeof STORE_CALLS)[number];

/** One call, and whom it was for. */
export interface CountedCall {
  /** What `as` last said; empty before. */
  readonly stage: string;
  readonly call: StoreCall;
  /** The key, or for `list` the prefix. */
  readonly key: string;
  /** Objects that `list` returned, bytes that `stream` gave; absent for the others. */
  readonly size?: number;
}

/** Stores that do what those within do, and remember each call. */
export interface CountingStores {
  readonly objects: ObjectStore;
  readonly data: DataStore;
  readonly calls: readonly CountedCall[];
  /** From now on calls are for this stage. */
  as(stage: string): void;
  /** How often each call was made, by one stage or all; calls that weren't are left out. */
  counts(stage?: string): Partial<Record<StoreCall, number>>;
  /** Forgets what was counted. */
  reset(): void;
}

/** Counts what goes to real stores: each call goes through unchanged. */
export function countingStores(objects: ObjectStore, data: DataStore): CountingStores {
  const calls: CountedCall[] = [];
  let stage = '';
  const note = (call: StoreCall, key: string, size?: number): void =>
    void calls.push({ stage, call, key, ...(size === undefined ? {} : { size }) });
  return {
    calls,
    as: (name) => {
      stage = name;
    },
    counts(only) {
      const found: Partial<Record<StoreCall, number>> = {};
      for (const one of calls)
        if (only === undefined || one.stage === only) found[one.call] = (found[one.call] ?? 0) + 1;
      return found;
    },
    reset: () => {
      calls.length = 0;
    },
    objects: {
      uri: (key) => objects.uri(key),
      async list(prefix, after, isMeant) {
        const listed = await objects.list(prefix, after, isMeant);
        note('list', prefix, listed.length);
        return listed;
      },
      get(key) {
        note('get', key);
        return objects.get(key);
      },
      put(key, body, condition) {
        note('put', key, body.length);
        return objects.put(key, body, condition);
      },
      remove(key) {
        note('remove', key);
        return objects.remove(key);
      },
    },
    data: {
      async *stream(key, range) {
        const by = stage;
        let size = 0;
        try {
          for await (const piece of data.stream(key, range)) {
            size += piece.length;
            yield piece;
          }
        } finally {
          calls.push({ stage: by, call: 'stream', key, size });
        }
      },
      digest(key) {
        note('digest', key);
        return data.digest(key);
      },
      identify(key) {
        note('digest', key);
        return data.identify(key);
      },
      localPath(key) {
        note('localPath', key);
        return data.localPath(key);
      },
      publish(scratchPath, key) {
        note('publish', key);
        return data.publish(scratchPath, key);
      },
    },
  };
}
