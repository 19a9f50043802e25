import { availableParallelism } from 'node:os';
import type { Clock, Effects } from '../../etl/ports.ts';
import { type AlertChannels, fileAlerts } from './alerts.ts';
import { pointersAreTheCatalog } from './catalog.ts';
import { systemClock } from './clock.ts';
import { type ContractFolders, fileContractSource } from './contract-source.ts';
import { type FileDataStore, fileDataStore } from './data-store.ts';
import { readLakeFile, writeLakeFile } from './lake-file.ts';
import { lakeFolder } from './lake-folder.ts';
import { fileObjectStore } from './object-store.ts';
import { removeLeftovers } from './owner.ts';
import { scratchOpener } from './scratch.ts';

/** What DuckDB may take unless something else is said. */
export const MEMORY_LIMIT_MB = 600;

/**
 * One machine gains nothing from cutting a file, since all its cores work on one chunk anyway, and the seal of several
 * chunks compares all their keys: 20 M records took 36 s in one and 52 s in four, 50 M 101 s in one and 162 s in two.
 */
const CHUNK_BYTES = 8 * 1024 * 1024 * 1024;

/** How a lake is worked with. */
export interface LakeOptions extends ContractFolders {
  /** What DuckDB may take; 600 unless said. */
  readonly memoryLimitMb?: number;
  /** DuckDB's threads; as many as the machine runs at once unless said. */
  readonly threads?: number;
  /** Size at which a segment of records is closed; 48 MiB unless said. */
  readonly segmentBytes?: number;
  /** Size past which a file is cut into ranges; 8 GiB unless said. */
  readonly chunkBytes?: number;
  readonly alerts?: AlertChannels;
  readonly progress?: Effects['progress'];
  /** The system's clock unless said. */
  readonly clock?: Clock;
}

/** An open lake: what the stages need, and what only files can do. */
export interface Lake {
  /** Absolute path of its folder. */
  readonly root: string;
  readonly effects: Effects;
  readonly data: FileDataStore;
}

/** Makes a folder a lake, or leaves a lake as it is; `created` says which. */
export async function initLake(
  folder: string,
  clock: Clock = systemClock,
): Promise<{ readonly root: string; readonly created: boolean }> {
  const lake = lakeFolder(folder);
  return { root: lake.root, created: await writeLakeFile(lake, clock.now()) };
}

/** Opens a lake; ConfigError 'NOT_A_LAKE' where the folder is none. Removes what killed processes left. */
export async function openLake(folder: string, options: LakeOptions): Promise<Lake> {
  const lake = lakeFolder(folder);
  const { digestKey } = await readLakeFile(lake);
  await Promise.all([removeLeftovers(lake.tempRoot), removeLeftovers(lake.scratchRoot)]);
  const objects = fileObjectStore(lake);
  const data = fileDataStore(lake);
  const effects: Effects = {
    objects,
    data,
    openScratch: scratchOpener(lake.scratchRoot),
    contracts: fileContractSource(options),
    clock: options.clock ?? systemClock,
    alerts: fileAlerts(objects, options.alerts),
    catalog: pointersAreTheCatalog,
    engine: {
      memoryLimitMb: options.memoryLimitMb ?? MEMORY_LIMIT_MB,
      threads: options.threads ?? availableParallelism(),
      ...(options.segmentBytes === undefined ? {} : { segmentBytes: options.segmentBytes }),
    },
    digestKey: () => digestKey,
    chunkBytes: options.chunkBytes ?? CHUNK_BYTES,
    ...(options.progress === undefined ? {} : { progress: options.progress }),
  };
  return { root: lake.root, effects, data };
}
