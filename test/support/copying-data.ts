import { copyFile, mkdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Effects } from '../../etl/ports.ts';

/** Effects whose data lies elsewhere, as on S3: what DuckDB reads is copied to a folder first, until it is let go. */
export interface CopyingEffects {
  readonly effects: Effects;
  /** Keys of the copies that were made, in order. */
  readonly copied: readonly string[];
  /** The most bytes of copies under a prefix that lay there at once, and what lies there now. */
  most(prefix: string): number;
  held(): string[];
}

/** Wraps a lake's effects; copies go below `folder`. A path that was let go leads nowhere. */
export function copyingData(effects: Effects, folder: string): CopyingEffects {
  const held = new Map<string, { readonly key: string; readonly size: number }>();
  const copied: string[] = [];
  const most = new Map<string, number>();
  const prefixes = ['', 'silver/'];
  const note = (): void => {
    for (const prefix of prefixes) {
      const sum = [...held.values()]
        .filter(({ key }) => key.startsWith(prefix))
        .reduce((all, { size }) => all + size, 0);
      most.set(prefix, Math.max(most.get(prefix) ?? 0, sum));
    }
  };
  return {
    copied,
    most: (prefix) => most.get(prefix) ?? 0,
    held: () => [...held.values()].map(({ key }) => key),
    effects: {
      ...effects,
      engine: { ...effects.engine, folders: [...(effects.engine.folders ?? []), folder] },
      data: {
        ...effects.data,
        async localPath(key) {
          const from = await effects.data.localPath(key);
          // One copy an object, as long as nobody lets it go; of what was written anew another one.
          const { mtimeMs, size } = await stat(from);
          const to = path.join(folder, `${mtimeMs}`, key);
          if (held.has(to)) return to;
          copied.push(key);
          held.set(to, { key, size });
          note();
          await mkdir(path.dirname(to), { recursive: true });
          await copyFile(from, to);
          return to;
        },
        async releasePath(copy) {
          if (held.delete(copy)) await rm(copy, { force: true });
        },
      },
    },
  };
}
