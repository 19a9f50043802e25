import type { StagedObject } from '../../etl/table/manifest.ts';
import type { TableReader } from '../../etl/table/manifest-reader.ts';

/** Where a table under test keeps its metadata. */
export interface MetadataStore extends TableReader {
  readonly uriOf: (key: string) => string;
  readonly put: (objects: readonly StagedObject[]) => Promise<void>;
}

/** A store that remembers every read. */
export interface MemoryLake extends MetadataStore {
  readonly objects: Map<string, Uint8Array>;
  readonly reads: string[];
}

const ROOT = 's3://lake/';

export function memoryLake(): MemoryLake {
  const objects = new Map<string, Uint8Array>();
  const reads: string[] = [];
  return {
    objects,
    reads,
    uriOf: (key) => ROOT + key,
    keyOf: (uri) => uri.slice(ROOT.length),
    read: async (key) => {
      reads.push(key);
      const body = objects.get(key);
      if (body === undefined) throw new Error(`nothing at ${key}`);
      return body;
    },
    put: async (staged) => {
      for (const { key, body } of staged) {
        if (objects.has(key)) throw new Error(`${key} would be overwritten`);
        objects.set(key, body);
      }
    },
  };
}
