import { Buffer } from 'node:buffer';
import type { DataStore, Scratch } from '../../etl/ports.ts';

/** Scratch space in memory; `files` holds what was written, by path. */
export interface MemoryScratch extends Scratch {
  readonly files: ReadonlyMap<string, Buffer>;
}

/** Scratch space that needs no disk. */
export function memoryScratch(): MemoryScratch {
  const files = new Map<string, Buffer>();
  return {
    files,
    directory: '/scratch',
    create: async (name) => {
      files.set(name, Buffer.alloc(0));
      return {
        path: name,
        write: async (bytes) =>
          void files.set(name, Buffer.concat([files.get(name) ?? Buffer.alloc(0), bytes])),
        close: async () => undefined,
      };
    },
    read: (path, range) =>
      inPieces((files.get(path) ?? Buffer.alloc(0)).subarray(range?.start, range?.end), 64),
    remove: async (path) => void files.delete(path),
    dispose: async () => undefined,
  };
}

/** A store of a few files that are read in pieces of a size. */
export function memoryData(files: Readonly<Record<string, Uint8Array>>, pieceBytes: number): DataStore {
  const refuse = (): never => {
    throw new Error('only streams are there');
  };
  return {
    stream: (key, range) =>
      inPieces((files[key] ?? new Uint8Array()).subarray(range?.start, range?.end), pieceBytes),
    digest: refuse,
    identify: refuse,
    localPath: refuse,
    publish: refuse,
  };
}

/** Bytes as a stream whose pieces have at most so many bytes. */
export async function* inPieces(bytes: Uint8Array, pieceBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}
