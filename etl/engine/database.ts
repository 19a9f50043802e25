import { dirname } from 'node:path';
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { EngineOptions } from '../ports.ts';
import { loadRowHash } from './native-row-hash.ts';
import { literal } from './sql.ts';

/** A DuckDB in memory, as an engine has it. */
export interface Database {
  /** Whether it has the native part's function; see native-row-hash.ts. */
  readonly hasRowHash: boolean;
  /** One more connection to it. */
  connect(): Promise<DuckDBConnection>;
  /** Called where something is put into it that can't be taken out again, as a function: nobody else may have it then. */
  spoil(): void;
  /** Ends the use of it, after all its connections; `isWhole` unless work on it was broken off. */
  release(isWhole: boolean): void;
}

/** Where a database works. */
interface DatabasePlace {
  readonly spillDirectory: string | undefined;
  /** Folders of files that its SQL may read and write. */
  readonly folders: readonly string[];
  /** Settings that may be changed later; none unless said. */
  readonly settings?: readonly string[];
}

/** A database of one engine's own, which ends with it; its SQL reaches the folder that holds the spill folder. */
export async function ownDatabase(
  options: EngineOptions,
  spillDirectory: string | undefined,
): Promise<Database> {
  const own = spillDirectory === undefined ? [] : [dirname(spillDirectory)];
  const folders = [...own, ...(options.folders ?? [])];
  const { instance, hasRowHash } = await openDatabase(options, { spillDirectory, folders });
  return {
    hasRowHash,
    connect: () => instance.connect(),
    spoil: () => undefined,
    release: () => instance.closeSync(),
  };
}

/** A database, and whether it has the native part's function. */
interface Opened {
  readonly instance: DuckDBInstance;
  readonly hasRowHash: boolean;
}

/**
 * Memory that DuckDB gave back and keeps for later, beside its limit: by default up to 512 MB. A worker with little memory
 * keeps hardly any, which takes a tenth more processor time (docs/decisions.md).
 */
const keptMemory = ({ memoryLimitMb }: Pick<EngineOptions, 'memoryLimitMb'>): string =>
  memoryLimitMb <= SMALL_WORKER_MB ? '4MB' : '32MB';

const SMALL_WORKER_MB = 512;

/** Opens a DuckDB whose memory, threads and files are bounded, loads the native part where one is named, and locks it. */
export async function openDatabase(
  options: EngineOptions,
  { spillDirectory, folders, settings = [] }: DatabasePlace,
): Promise<Opened> {
  // Loaded with the first database, so that a command or service that opens none starts without it (0.1 s).
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(options.threads),
    memory_limit: `${options.memoryLimitMb}MB`,
    temp_directory: spillDirectory ?? '',
    ...(options.spillLimitMb === undefined ? {} : { max_temp_directory_size: `${options.spillLimitMb}MB` }),
    // What a task or a table gave back goes back to the machine at once, and not when half a GB has come together.
    allocator_flush_threshold: keptMemory(options),
    allocator_bulk_deallocation_flush_threshold: keptMemory(options),
    errors_as_json: 'true',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
    // Nobody signs what was built here. No other can be loaded: the engine is locked before it gets any SQL.
    ...(options.nativePart === undefined ? {} : { allow_unsigned_extensions: 'true' }),
  });
  const connection = await instance.connect();
  const hasRowHash = options.nativePart !== undefined && (await loadRowHash(connection, options.nativePart));
  if (options.isSpillSealed === true) await connection.run('SET GLOBAL temp_file_encryption = true');
  await lock(connection, folders, settings);
  connection.closeSync();
  return { instance, hasRowHash };
}

/** The order matters: once access is closed no folder can be named, and once settings are locked nothing can. */
async function lock(
  connection: DuckDBConnection,
  folders: readonly string[],
  settings: readonly string[],
): Promise<void> {
  await connection.run("SET GLOBAL TimeZone = 'UTC'");
  await connection.run(`SET GLOBAL allowed_directories = [${folders.map(literal).join(', ')}]`);
  if (settings.length > 0)
    await connection.run(`SET GLOBAL allowed_configs = [${settings.map(literal).join(', ')}]`);
  await connection.run('SET GLOBAL enable_external_access = false');
  await connection.run('SET GLOBAL lock_configuration = true');
}
