import { join, sep } from 'node:path';
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { EngineKeep, EngineOptions } from '../ports.ts';
import { type Database, openDatabase } from './database.ts';

/** A database that one after another has. */
interface Kept {
  readonly instance: DuckDBInstance;
  /** For what is done between two uses. */
  readonly connection: DuckDBConnection;
  readonly options: EngineOptions;
  threads: number;
  uses: number;
}

/** What became of a keep's database. */
interface Keeping {
  /** Undefined until it is first wanted, and once it was spoilt. */
  kept: Kept | undefined;
  isInUse: boolean;
  isOver: boolean;
  /** What the last use left is taken out; fails where it could not be. */
  emptied: Promise<void>;
}

const keepings = new WeakMap<EngineKeep, Keeping>();

/**
 * The database that these options keep, with nothing in it; opened where it is first wanted. Undefined where they keep
 * none, somebody has it, or it won't do: other limits, a spill that must be sealed, the native part, a spill folder elsewhere.
 */
export async function takeKept(
  options: EngineOptions,
  spillDirectory: string | undefined,
): Promise<Database | undefined> {
  const { keep } = options;
  if (keep === undefined || spillDirectory?.startsWith(`${keep.directory}${sep}`) !== true) return undefined;
  const keeping = keepingOf(keep);
  if (keeping.isInUse || keeping.isOver) return undefined;
  if (options.isSpillSealed === true || options.nativePart !== undefined) return undefined;
  if (keeping.kept !== undefined && !sameLimits(keeping.kept.options, options)) return undefined;
  keeping.isInUse = true;
  try {
    await settle(keeping);
    keeping.kept ??= await openKept(keep, options);
    return await useOf(keeping, keeping.kept, options.threads);
  } catch (error) {
    keeping.isInUse = false;
    throw error;
  }
}

/** Closes the database that is kept, where there is one, as soon as nobody has it. */
export async function closeKept(keep: EngineKeep): Promise<void> {
  const keeping = keepingOf(keep);
  keeping.isOver = true;
  if (keeping.isInUse) return;
  await settle(keeping);
  discard(keeping);
}

function keepingOf(keep: EngineKeep): Keeping {
  const known = keepings.get(keep);
  if (known !== undefined) return known;
  const fresh = { kept: undefined, isInUse: false, isOver: false, emptied: Promise.resolve() };
  keepings.set(keep, fresh);
  return fresh;
}

async function openKept(keep: EngineKeep, options: EngineOptions): Promise<Kept> {
  const { instance } = await openDatabase(options, {
    spillDirectory: join(keep.directory, 'spill'),
    folders: [keep.directory, ...(options.folders ?? [])],
    settings: ['threads'],
  });
  return { instance, connection: await instance.connect(), options, threads: options.threads, uses: 0 };
}

/** Each use has a database within the database: it goes as a whole, with all that was left in it. */
async function useOf(keeping: Keeping, kept: Kept, threads: number): Promise<Database> {
  const { instance, connection } = kept;
  const name = `use_${kept.uses++}`;
  if (threads !== kept.threads) await connection.run(`SET GLOBAL threads = ${threads}`);
  kept.threads = threads;
  await connection.run(`ATTACH ':memory:' AS ${name}`);
  let isSpoilt = false;
  return {
    hasRowHash: false,
    async connect() {
      const own = await instance.connect();
      await own.run(`USE ${name}`);
      return own;
    },
    spoil: () => {
      isSpoilt = true;
    },
    release(isWhole) {
      keeping.isInUse = false;
      if (isSpoilt || !isWhole || keeping.isOver) return discard(keeping);
      keeping.emptied = connection.run(`DETACH ${name}`).then(() => undefined);
      // Whoever comes next is told; until then it must not count as unhandled.
      keeping.emptied.catch(() => undefined);
    },
  };
}

/** Waits until nothing is left of the last use; a database that could not be emptied is nobody's any more. */
async function settle(keeping: Keeping): Promise<void> {
  const { emptied } = keeping;
  keeping.emptied = Promise.resolve();
  await emptied.catch(() => discard(keeping));
}

function discard(keeping: Keeping): void {
  keeping.kept?.connection.closeSync();
  keeping.kept?.instance.closeSync();
  keeping.kept = undefined;
}

/** Whether what one may take of the machine, and of its files, is what the other may. */
function sameLimits(one: EngineOptions, other: EngineOptions): boolean {
  return (
    one.memoryLimitMb === other.memoryLimitMb &&
    one.spillLimitMb === other.spillLimitMb &&
    one.folders === other.folders
  );
}
