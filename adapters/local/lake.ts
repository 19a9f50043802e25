import { chmod } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { ConfigError } from '../../etl/errors.ts';
import { ENGINE_FOLDERS } from '../../etl/naming/tables.ts';
import type { Clock, Effects, EngineOptions, ObjectHistory } from '../../etl/ports.ts';
import { type EventWebhookOptions, eventWebhook } from '../http/event-webhook.ts';
import { httpLineage, type LineageOptions } from '../http/lineage.ts';
import { trinoEngine } from '../trino/trino-engine.ts';
import type { TrinoPlace } from '../trino/trino-place.ts';
import { type AlertChannels, fileAlerts } from './alerts.ts';
import { pointersAreTheCatalog } from './catalog.ts';
import { cellWorkers } from './cell-workers/cell-workers.ts';
import { systemClock } from './clock.ts';
import { type ContractFolders, fileContractSource } from './contract-source.ts';
import { type FileDataStore, fileDataStore } from './data-store.ts';
import { guarded } from './file-errors.ts';
import { foldRunner } from './fold-worker/fold-worker.ts';
import { readLakeFile, writeLakeFile, writeShare } from './lake-file.ts';
import { LAKE_FILE, lakeFolder } from './lake-folder.ts';
import { applyModes, type Share } from './lake-modes.ts';
import { findNativePart } from './native-part.ts';
import { fileHistory } from './object-history.ts';
import { fileObjectStore } from './object-store.ts';
import { removeLeftovers } from './owner.ts';
import { scratchOpener } from './scratch.ts';
import { openVault } from './vault/folder-vault.ts';
import { type VaultSettings, vaultPlace } from './vault/vault-place.ts';

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
  /** Bytes of Silver to be written anew from which on the Map's workers do it; never unless said: here they come one after another. */
  readonly rewriteFromBytes?: number;
  /** The native part's file, or `off`; the one that was built unless said. */
  readonly nativePart?: string | undefined;
  readonly alerts?: AlertChannels;
  /** Where programs are notified of publications; nowhere unless said. */
  readonly events?: Omit<EventWebhookOptions, 'clock'>;
  /** Where runs are reported to OpenLineage; nowhere unless said. */
  readonly lineage?: LineageOptions;
  /** Where the vault is and what opens it; beside the lake unless said. */
  readonly vault?: VaultSettings;
  /** A Trino that answers what outgrows this machine, and from how many bytes on; none unless said. */
  readonly sets?: { readonly place: TrinoPlace; readonly fromBytes: number };
  readonly progress?: Effects['progress'];
  readonly onStage?: Effects['onStage'];
  readonly onError?: Effects['onError'];
  /** The system's clock unless said. */
  readonly clock?: Clock;
}

/** An open lake: what the stages need, and what only files can do. */
export interface Lake {
  /** Absolute path of its folder. */
  readonly root: string;
  readonly effects: Effects;
  readonly data: FileDataStore;
  /** Gives every file of a lake in a folder the mode that the lake's settings say; returns how many had another. */
  readonly applyModes?: (options: { readonly isDryRun: boolean }) => Promise<number>;
  /** Earlier versions of its objects. */
  readonly history: ObjectHistory;
}

/**
 * Makes a folder a lake, or leaves a lake as it is; `created` says which. Where `share` is given, a lake that is there
 * is shared so from now on, and every file gets its mode.
 */
export async function initLake(
  folder: string,
  clock: Clock = systemClock,
  share?: Share,
): Promise<{ readonly root: string; readonly created: boolean }> {
  const lake = lakeFolder(folder, share);
  const created = await writeLakeFile(lake, { createdAt: clock.now(), share: share ?? 'nobody' });
  if (created) await chmod(lake.root, lake.modes.folder);
  else if (share !== undefined) {
    const settings = await readLakeFile(lake);
    if (settings !== undefined) await writeShare(lake, settings, share);
    await guarded(`setting the modes of ${lake.root}`, () => applyModes(lake.root, lake.modes));
  }
  return { root: lake.root, created };
}

/** Opens a lake; ConfigError 'NOT_A_LAKE' where the folder is none. Removes what killed processes left. */
export async function openLake(folder: string, options: LakeOptions): Promise<Lake> {
  const settings = await readLakeFile(lakeFolder(folder));
  const lake = lakeFolder(folder, settings?.share);
  await Promise.all([removeLeftovers(lake.tempRoot), removeLeftovers(lake.scratchRoot)]);
  const clock = options.clock ?? systemClock;
  const objects = fileObjectStore(lake);
  const data = fileDataStore(lake);
  const threads = options.threads ?? availableParallelism();
  const openCellWorkers = cellWorkers(threads);
  const openScratch = scratchOpener(lake.scratchRoot, lake.modes);
  const engine: EngineOptions = {
    memoryLimitMb: options.memoryLimitMb ?? MEMORY_LIMIT_MB,
    threads,
    folders: ENGINE_FOLDERS.map((name) => path.join(lake.root, name)),
    ...(options.segmentBytes === undefined ? {} : { segmentBytes: options.segmentBytes }),
  };
  const nativePart = findNativePart(options.nativePart);
  const effects: Effects = {
    objects,
    data,
    openScratch,
    contracts: fileContractSource(options),
    clock,
    alerts: fileAlerts(objects, options.alerts),
    catalog: pointersAreTheCatalog,
    ...(options.lineage === undefined ? {} : { lineage: httpLineage({ ...options.lineage, clock }) }),
    ...(options.events === undefined ? {} : { events: eventWebhook({ ...options.events, clock }) }),
    engine,
    ...setsOf(options.sets, { objects, data, openScratch, engine, clock }),
    ...(nativePart === undefined ? {} : { nativePart }),
    vault: openVault(vaultPlace(lake.root, { objects, clock }, options.vault)),
    folds: foldRunner(),
    ...(openCellWorkers === undefined ? {} : { openCellWorkers }),
    digestKey: () => settings?.digestKey ?? refuseSecret(lake.root),
    chunkBytes: options.chunkBytes ?? CHUNK_BYTES,
    rewriteFromBytes: options.rewriteFromBytes ?? Number.POSITIVE_INFINITY,
    ...(options.progress === undefined ? {} : { progress: options.progress }),
    ...(options.onStage === undefined ? {} : { onStage: options.onStage }),
    ...(options.onError === undefined ? {} : { onError: options.onError }),
  };
  return {
    root: lake.root,
    effects,
    data,
    history: fileHistory(lake),
    applyModes: (options) =>
      guarded(`setting the modes of ${lake.root}`, () => applyModes(lake.root, lake.modes, options)),
  };
}

function setsOf(
  sets: LakeOptions['sets'],
  effects: Pick<Effects, 'objects' | 'data' | 'openScratch' | 'engine' | 'clock'>,
): Pick<Effects, 'sets'> {
  if (sets === undefined) return {};
  return { sets: { engine: trinoEngine(sets.place, effects), fromBytes: sets.fromBytes } };
}

function refuseSecret(root: string): never {
  throw new ConfigError(
    'LAKE_SECRET',
    `This user may read ${root}, but not its ${LAKE_FILE}: only queries are answered. Ask its owner for more (assay init --share group).`,
  );
}
