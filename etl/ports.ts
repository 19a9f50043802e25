import type { PublishedEvent } from './events/published-event.ts';
import type { Layer } from './naming/datasets.ts';
import type { OpenCellWorkers } from './privacy/cells/cell-work.ts';
import type { Vault, VaultUpkeep } from './privacy/vault.ts';
import type { FoldRunner } from './projecting/fold-runner.ts';
import type { TableColumn } from './table/schema.ts';

/**
 * What the core needs from the world. An adapter implements each; nothing else in etl touches a
 * disk, a network or a clock. Keys are '/'-separated and relative to the lake's root.
 */

/** One stored object. */
export interface ObjectInfo {
  readonly key: string;
  readonly sizeBytes: number;
  /** When it was last written, by the store's own clock, milliseconds since 1970. */
  readonly modifiedMs: number;
}

/** An object's bytes and the tag that a conditional write must name to replace them. */
export interface StoredObject {
  readonly body: Uint8Array;
  readonly etag: string;
}

/** When a write may happen: only where nothing is yet, or only over the version that was read. */
export type WriteCondition = { readonly ifNoneMatch: '*' } | { readonly ifMatch: string };

/** Small objects: pointers, plans, seals, metadata. Writes are atomic and durable before they return. */
export interface ObjectStore {
  /**
   * Every object under a prefix, ordered by key; with `after`, only keys behind it. May leave out keys that `isMeant`
   * is false for, if that saves looking at them.
   */
  list(prefix: string, after?: string, isMeant?: (key: string) => boolean): Promise<ObjectInfo[]>;
  /** The object, or undefined where there is none. */
  get(key: string): Promise<StoredObject | undefined>;
  /** Stores the bytes and returns their new tag; throws ConflictError when the condition doesn't hold. */
  put(key: string, body: Uint8Array, condition?: WriteCondition): Promise<string>;
  /** Removes the object; succeeds where there is none. */
  remove(key: string): Promise<void>;
  /** The absolute URI under which other engines find the key. */
  uri(key: string): string;
}

/** What a store still has of earlier versions of an object, newest first; the current one may be among them. */
export type ObjectHistory = (key: string) => Promise<readonly Uint8Array[]>;

/** Bytes of an object: from `start` up to, not including, `end`; to its end where that is absent. */
export interface ByteRange {
  readonly start: number;
  readonly end?: number;
}

/** Which bytes an object has, and when it came. */
export interface ObjectIdentity {
  /** SHA-256 of the bytes, as 64 lower-case hex digits. */
  readonly digest: string;
  /** Milliseconds since 1970: as an ingest noted it, else when the store got the object, by its own clock. */
  readonly arrivedMs: number;
}

/** Large objects: what DuckDB reads and writes, and Bronze. */
export interface DataStore {
  /** The bytes in order, all or those of a range, in pieces of at most a few MiB; a piece is good only until the next is asked for. */
  stream(key: string, range?: ByteRange): AsyncIterable<Uint8Array>;
  /** SHA-256 of the bytes, as 64 lower-case hex digits. */
  digest(key: string): Promise<string>;
  /** Which bytes an object has, and when it came. */
  identify(key: string): Promise<ObjectIdentity>;
  /** A path under which DuckDB can read the object until the process ends. */
  localPath(key: string): Promise<string>;
  /** Frees a copy that `localPath` made; the path is invalid afterwards. */
  releasePath?(path: string): Promise<void>;
  /** Moves a finished scratch file to a key, all or nothing; a repeat with the same key replaces it. */
  publish(scratchPath: string, key: string): Promise<void>;
}

/** A file being written in scratch space. */
export interface ScratchFile {
  readonly path: string;
  write(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** Local disk for one stage's work: gone when `dispose` returns, whatever happened. */
export interface Scratch {
  readonly directory: string;
  create(name: string): Promise<ScratchFile>;
  /** A scratch file's bytes in order, all or those of a range, each piece good only until the next is asked for. */
  read(path: string, range?: ByteRange): AsyncIterable<Uint8Array>;
  remove(path: string): Promise<void>;
  dispose(): Promise<void>;
}

/** Opens scratch space, in another one where that is given; `purpose` appears in its name for people who look. */
export type OpenScratch = (purpose: string, within?: Pick<Scratch, 'directory'>) => Promise<Scratch>;

/** The time, from outside. */
export interface Clock {
  now(): Date;
  /** Milliseconds of processor time that this process took so far; absent where nobody knows. */
  cpuMs?(): number;
}

/** Small texts that are kept for a while: who is signed in, who is about to be. Keys are digests of secrets. */
export interface Tickets {
  put(key: string, text: string, endsAt: Date): Promise<void>;
  /** The text; undefined where there is none, or its time is over. */
  get(key: string): Promise<string | undefined>;
  /** Removes it and returns its text: of two that take the same at once, one gets it. */
  take(key: string): Promise<string | undefined>;
}

/** Where the texts of contracts, of Gold SQL and of the code of projections come from. */
export interface ContractSource {
  /** Every contract file, ordered by file name. */
  list(): Promise<ContractText[]>;
  /** The Gold SQL that a contract names, e.g. `finance/account_balances.sql`. */
  sql(name: string): Promise<string>;
  /** The code of a projection, `<domain>/<name>`, with the file's whole name, e.g. `shop/carts.ts`. */
  projection(name: string): Promise<ContractText>;
}

/** One contract file as it stands on disk or in a bundle. */
export interface ContractText {
  readonly file: string;
  readonly text: string;
}

/** Something a person should know now. */
export interface Alert {
  readonly kind:
    | 'run-failed'
    | 'run-held'
    | 'run-refused'
    | 'breaker-open'
    | 'files-rejected'
    | 'figures-restated'
    | 'projection-failed'
    | 'drop-refused'
    | 'unhealthy'
    | 'incident-opened'
    | 'incident-closed';
  readonly dataset: string;
  readonly runId: string;
  readonly at: string;
  /** One line: what happened. */
  readonly title: string;
  /** What readers see meanwhile. */
  readonly readersSee: string;
  /** The command to run next. */
  readonly nextCommand: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** How the cause begins under which a workflow ends once people were told of it. */
export const TOLD = 'People were told: ';

/** Alerts people. Sending the same alert twice is harmless. */
export interface Alerts {
  send(alert: Alert): Promise<void>;
}

/** Notifies programs of publications. */
export interface Events {
  /**
   * Whether they were told, can't be told now, or refused; the reason is reported. Telling an event twice is harmless.
   * Never throws.
   */
  publish(event: PublishedEvent): Promise<'told' | 'later' | 'refused'>;
}

/** Reports runs to a lineage server, as OpenLineage. */
export interface Lineage {
  /** Namespace of the jobs. */
  readonly namespace: string;
  /** Never throws: it fails no run. */
  emit(event: Readonly<Record<string, unknown>>): Promise<void>;
  /** Reports why events of a run are not sent. */
  unmade(reason: string): void;
}

/** Where a table stands after a commit. */
export interface CatalogTable {
  readonly layer: Layer;
  readonly dataset: string;
  /** URI of the table's root. */
  readonly location: string;
  /** Absolute URI of its metadata file. */
  readonly metadataLocation: string;
  /** Version of the pointer that names it. */
  readonly version: number;
  readonly columns: readonly TableColumn[];
  readonly description?: string;
}

/** Where query engines look tables up; the pointers decide, it follows them. */
export interface Catalog {
  /** Creates or moves the table; never to an older version. Repeating it is harmless. Throws TransientError where it may work later. */
  follow(table: CatalogTable): Promise<void>;
}

/** A table of Iceberg, by the name that a query has for it. */
export interface SetTable {
  /** A plain name of lower-case letters, digits and `_`. */
  readonly name: string;
  /** Key of its metadata file, which lies in `<the table's root>/metadata/`. */
  readonly metadataKey: string;
  /** The snapshot to read; the metadata's current one unless said. */
  readonly snapshotId?: number;
}

/** A question to a set engine. */
export interface SetQuery {
  /** One SELECT, which may begin with WITH, in SQL that means the same to DuckDB, Trino and Athena; it names `tables` as they are. */
  readonly sql: string;
  readonly tables: readonly SetTable[];
  /** The columns of its answer, by name, each of a primitive type; what it answers beside them is left out. */
  readonly columns: readonly TableColumn[];
  /** Folder for the answer's files, without a trailing slash; for this question alone. */
  readonly into: string;
  /** Names the question. */
  readonly token: string;
}

/** Where the rows of an answer lie. */
export interface SetAnswer {
  /** Keys of Parquet files with the columns as asked, in their order; none where there are no rows. */
  readonly keys: readonly string[];
  /** Bytes that the engine read for it, where it says so. */
  readonly readBytes?: number;
}

/** Answers questions about sets that outgrow a worker, on machines of its own. */
export interface SetEngine {
  readonly name: 'trino' | 'athena';
  /**
   * Answers a query into the lake. The same token, query and tables give the same rows under the same folder, also
   * after one that was cut short. Throws TransientError where it may work later, ConfigError for what a person must change.
   */
  select(query: SetQuery): Promise<SetAnswer>;
}

/** A run of a dataset. */
export interface DatasetRun {
  readonly dataset: string;
  readonly runId: string;
}

/** What an execution of the workflow is given: a new run to plan, a held one to seal anew, or one that a person approved. */
export type WorkflowInput =
  | (DatasetRun & { readonly start: 'plan' | 'reseal' })
  | (DatasetRun & {
      readonly start: 'promote';
      readonly approved: { readonly digest: string; readonly by: string; readonly reason: string };
    });

/** Executions of the workflow, by name. */
export interface Executions {
  /** How the execution stands; `none` where there is none of that name, or none to be seen yet. */
  status(name: string): Promise<'none' | 'running' | 'ended'>;
  /** Starts it; `exists` where one of that name was started before, whatever became of it. Never starts two. */
  start(name: string, input: WorkflowInput): Promise<'started' | 'exists'>;
}

/** Everything a stage may touch, handed to it as its last parameter. */
export interface Effects {
  readonly objects: ObjectStore;
  readonly data: DataStore;
  readonly openScratch: OpenScratch;
  readonly contracts: ContractSource;
  readonly clock: Clock;
  readonly alerts: Alerts;
  readonly catalog: Catalog;
  /** Absent where no program listens. */
  readonly events?: Events;
  /** Absent where no lineage server is named. */
  readonly lineage?: Lineage;
  /** Keeps the keys of protected data. Absent where this process has none; each call throws ConfigError where it can't be opened. */
  readonly vault?: Vault & VaultUpkeep;
  /** Runs the code of projections; absent where this process keeps none up to date. */
  readonly folds?: FoldRunner;
  /** Answers questions about sets that outgrow a worker; absent where nobody does. */
  readonly sets?: SetWork;
  /** Who helps to seal and open the values of large files, on other threads; absent where nobody does. */
  readonly openCellWorkers?: OpenCellWorkers;
  readonly engine: EngineOptions;
  /** What one worker reads at most: larger files are cut, smaller ones read together; plan's own size unless said. */
  readonly chunkBytes?: number;
  /** Bytes of Silver's files that a run may have to write anew from which on workers do it instead of seal; some chunks' size unless said. */
  readonly rewriteFromBytes?: number;
  /** Days of Bronze before today that a run lists, where listing costs and every drop raises an event; all unless said. */
  readonly lookBackDays?: number;
  /** Secret that keys the digests which stand for personal values in reasons, logs and alerts. Throws ConfigError `NOT_GRANTED` where this process may not know it. */
  readonly digestKey: () => string;
  /** Called as work advances; bytes of Bronze done so far in this stage. */
  readonly progress?: (event: ProgressEvent) => void;
  /** The file of Assay's native part (native/row-hash.c), where it was built; nothing depends on it. */
  readonly nativePart?: string;
  /** Called as a run enters a stage. */
  readonly onStage?: (event: StageEvent) => void;
  /** Is given what a stage threw, with all its text: for the terminal of whoever asked to see it, and for nothing that is kept. */
  readonly onError?: (error: unknown) => void;
}

/** The set engine, and from where on it is asked. */
export interface SetWork {
  readonly engine: SetEngine;
  /** Bytes of files to compare or to add up from which the engine is asked instead of DuckDB; 0: always. */
  readonly fromBytes: number;
}

/** How far a stage has come. */
export interface ProgressEvent {
  readonly stage: string;
  readonly runId: string;
  readonly doneBytes: number;
  readonly totalBytes: number;
  /** Records read so far, where the stage counts them. */
  readonly doneRecords?: number;
}

/** A run that enters a stage. */
export type StageEvent = DatasetRun & { readonly stage: string };

/** How much of the machine DuckDB may take. */
export interface EngineOptions {
  readonly memoryLimitMb: number;
  readonly threads: number;
  /** How much it may write to its spill folder; as much as the disk takes unless said. */
  readonly spillLimitMb?: number;
  /** Absolute folders that it may read and write beside its scratch space: where `DataStore.localPath` leads. None unless said. */
  readonly folders?: readonly string[];
  /** Set where what it spills has values that are stored nowhere in the clear: DuckDB encrypts it with a key that it keeps in memory. */
  readonly isSpillSealed?: true;
  /** Size at which a segment of records is closed; refine's own unless said. */
  readonly segmentBytes?: number;
  /** The file of Assay's native part, to be loaded before the engine is locked; it does without where that can't be. */
  readonly nativePart?: string | undefined;
  /** Set where one database is kept for all that come one after another; see engine/keeping-engine.ts. */
  readonly keep?: EngineKeep;
}

/** A scratch space for whose time a database is kept. */
export interface EngineKeep {
  readonly directory: string;
}
