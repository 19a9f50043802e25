import type { SourceContract } from '../contract/contract.ts';
import type { Engine } from '../engine/engine.ts';
import type { DataStore, Scratch } from '../ports.ts';
import type { LakeTable } from '../table/lake-table.ts';
import type { DataFile } from '../table/schema.ts';
import type { ChunkKeys } from './chunk-keys.ts';
import type { HeldFiles } from './held-files.ts';

/** Where rows that may share a key are looked for. */
export interface CandidateSearch {
  readonly engine: Engine;
  readonly data: DataStore;
  readonly scratch: Scratch;
  /** Local copies of Silver's files. */
  readonly held: HeldFiles;
  readonly contract: SourceContract;
  /** Silver, to read files of it with the columns that it has now. */
  readonly table: LakeTable;
  /** The run's own Silver files. */
  readonly files: readonly DataFile[];
  /** Those of them that hold the suspects of each chunk. */
  readonly suspectFiles: readonly DataFile[];
  /** With one chunk only suspects can be duplicates within the run; with more, any record can. */
  readonly isOneChunk: boolean;
  /** The keys of the records in `files`, by chunk; none where refine left none, since there is one chunk. */
  readonly keys: readonly ChunkKeys[];
  /** The base snapshot's Silver files. */
  readonly baseFiles: readonly DataFile[];
  /** The condition under which a row (`old`) of them is still there; the others are read again by this run. */
  readonly standing: string;
}

/**
 * Rows among which duplicates and repeats are judged, as table expressions with Silver's columns. They may be more than
 * share a key, never fewer: whoever finds them, the verdicts are the same.
 */
export interface Candidates {
  /** Rows of the run: at least those whose key another row of the run, or one of `standing`, has. */
  readonly fresh: string;
  /** Rows of the base that still stand: at least those whose key a row of the run has; undefined where none can. */
  readonly standing: string | undefined;
  /** The condition under which a row (`records`) of `fresh` may have the key of another one of it; undefined where none has. */
  readonly among: string | undefined;
}

/**
 * Finds candidates in groups, of which each has all the rows of its keys. A group's tables are good until the next group
 * is asked for.
 */
export type FindCandidates = (search: CandidateSearch) => AsyncIterable<Candidates>;
