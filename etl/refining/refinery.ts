import { join } from 'node:path';
import { ahead } from '../ahead.ts';
import type { Look } from '../contract/compile-record.ts';
import type { SourceContract } from '../contract/contract.ts';
import { Gathering } from '../csv/gathering.ts';
import type { FileToRead } from '../csv/open-file.ts';
import { cutSegments, type FileOutcome, SEGMENT_BYTES, type Segment } from '../csv/segments.ts';
import type { Engine } from '../engine/engine.ts';
import { identifier, literal } from '../engine/sql.ts';
import { type Constants, writeDataFiles } from '../engine/write-data-files.ts';
import { InOrder, Lanes } from '../lanes.ts';
import { keysKey, rejectsKey, suspectsKey } from '../naming/runs.ts';
import { runFolder } from '../naming/tables.ts';
import type { Effects, Scratch } from '../ports.ts';
import { boundedColumns } from '../stages/bounded-columns.ts';
import type { ChunkResult, Plan, PlannedFile } from '../stages/documents.ts';
import { fileIndex } from '../stages/plan-parts.ts';
import { refinedFile } from '../stages/refined-file.ts';
import type { LakeTable } from '../table/lake-table.ts';
import { currentSchema } from '../table/metadata.ts';
import type { DataFile } from '../table/schema.ts';
import { countBytes } from '../telemetry.ts';
import { ChunkProgress } from './chunk-progress.ts';
import type { EarlierVerdicts } from './earlier-verdicts.ts';
import type { PriorFailures } from './prior-failures.ts';
import { collectBroken, collectRejects, createRejects } from './rejects.ts';
import type { SealedReading } from './sealed-reading.ts';
import { SeenKeys } from './seen-keys.ts';
import { silverSelect } from './silver-select.ts';
import { stageBroken, stageSegment } from './staged-segment.ts';
import { collectSuspects, createSuspects, findSuspects } from './suspects.ts';
import {
  type FileTally,
  type Tallies,
  tallyBroken,
  tallyOf,
  tallyOthers,
  tallyPassed,
  tallySealed,
} from './tally.ts';
import type { WrittenFiles } from './written-files.ts';

/** A record with its line end, as a guess: how many keys there will be. */
const USUAL_RECORD_BYTES = 64;

/** Records for a closer look are looked at as soon as there are so many: the lanes have something to do to the end. */
const APART_BYTES = 4 * 1024 * 1024;

/** What is read of a chunk's files, as they lie there. */
export function bytesToRead(plan: Plan, files: readonly FileToRead[]): number {
  const planned = fileIndex(plan);
  return files.reduce((sum, file) => sum + bytesOf(planned, file), 0);
}

function bytesOf(planned: ReadonlyMap<number, PlannedFile>, { index, span }: FileToRead): number {
  return span === undefined ? (planned.get(index)?.sizeBytes ?? 0) : span.end - span.start;
}

/** What one chunk is refined with. */
interface RefineryOptions {
  readonly effects: Effects;
  readonly engine: Engine;
  /** Connections on which segments are refined at once. */
  readonly lanes: readonly Engine[];
  readonly scratch: Scratch;
  readonly plan: Plan;
  readonly contract: SourceContract;
  readonly silver: LakeTable;
  readonly chunk: string;
  readonly files: readonly FileToRead[];
  readonly prior: PriorFailures;
  readonly sealed: SealedReading | undefined;
  readonly earlier: EarlierVerdicts | undefined;
  /** What is read back of the Silver files. */
  readonly written: WrittenFiles;
}

/** One chunk's work in progress. */
export class Refinery {
  readonly #options: RefineryOptions;
  readonly #tallies: Tallies = new Map();
  readonly #outcomes: FileOutcome[] = [];
  readonly #dataFiles: DataFile[] = [];
  readonly #planned: ReadonlyMap<number, PlannedFile>;
  readonly #sourceFileIds: ReadonlyMap<number, string>;
  readonly #arrivals: ReadonlyMap<number, string>;
  readonly #segmentBytes: number;
  readonly #setting = new InOrder();
  readonly #seen: SeenKeys;
  /** Records for a closer look, of one layout. */
  #apart: Gathering | undefined;
  readonly #progress: ChunkProgress;
  #segments = 0;
  #gatherings = 0;

  constructor(options: RefineryOptions) {
    this.#options = options;
    this.#segmentBytes = options.effects.engine.segmentBytes ?? SEGMENT_BYTES;
    const { files, plan } = options;
    this.#planned = fileIndex(plan);
    this.#sourceFileIds = new Map(
      files.map(({ index }) => [index, this.#planned.get(index)?.sourceFileId ?? '']),
    );
    this.#arrivals = new Map(
      files.map(({ index }) => [index, this.#planned.get(index)?.arrivedAt ?? plan.plannedAt]),
    );
    const totalBytes = bytesToRead(plan, files);
    this.#progress = new ChunkProgress(options.effects.progress, { runId: plan.runId, totalBytes });
    this.#seen = new SeenKeys(totalBytes / USUAL_RECORD_BYTES);
  }

  async refine(): Promise<ChunkResult> {
    const { engine, contract, effects, scratch, chunk, plan, files } = this.#options;
    await createRejects(engine, contract);
    await createSuspects(engine, contract);
    const events = cutSegments(files, {
      contract,
      data: effects.data,
      scratch,
      segmentBytes: this.#segmentBytes,
    });
    const lanes = new Lanes(this.#options.lanes);
    try {
      // The scanner reads the next segment while DuckDB works on those before.
      for await (const event of ahead(events)) {
        if (event.kind === 'file') this.#finishFile(event.outcome);
        else await lanes.start((lane) => this.#refineSegment(lane, event.segment));
      }
      await lanes.finish();
    } finally {
      await lanes.settle();
    }
    for (const gathering of this.#takeApart()) await this.#lookCloser(engine, gathering);
    const suspectFiles = await this.#writeSuspects();
    const { dataset, runId } = plan;
    const rejects = await this.#publish('rejects', rejectsKey(dataset, runId, chunk));
    const suspects = await this.#publish('suspect_records', suspectsKey(dataset, runId, chunk));
    // In an order that doesn't depend on which lane was faster.
    const dataFiles = this.#dataFiles.sort((a, b) => (a.key < b.key ? -1 : 1));
    const keys = await this.#options.written.publishKeys(engine, [...dataFiles, ...suspectFiles], {
      scratch,
      key: keysKey(dataset, runId, chunk),
    });
    return {
      chunk,
      files: this.#outcomes.map((outcome) => refinedFile(outcome, this.#tallyOf(outcome.fileIndex))),
      dataFiles,
      suspectFiles,
      ...keys,
      ...(suspects === undefined ? {} : { suspectsKey: suspects }),
      ...(rejects === undefined ? {} : { rejectsKey: rejects }),
    };
  }

  #tallyOf(fileIndex: number): FileTally {
    const id = this.#planned.get(fileIndex)?.sourceFileId ?? '';
    const written = this.#options.written.of(id);
    return { ...tallyOf(this.#tallies, id), ...(written === undefined ? {} : { written }) };
  }

  async #refineSegment(lane: Engine, segment: Segment): Promise<void> {
    const { contract, scratch, chunk } = this.#options;
    const part = `${chunk}-${String(this.#segments++).padStart(4, '0')}`;
    const staged = this.#stage(lane, segment, 'first');
    const apart = await this.#setting.next(staged, () => this.#setApart(lane, segment));
    await tallyPassed(lane, contract, this.#tallies);
    if (apart.count < segment.rows) {
      const unsuspected = 'position$ NOT IN (SELECT position FROM suspects)';
      const select = `${await this.#silverSelect(lane)} AND ${unsuspected}`;
      this.#dataFiles.push(...(await this.#write(lane, part, select, this.#constantsOf(segment))));
    }
    await scratch.remove(segment.path);
    for (const gathering of apart.full) await this.#lookCloser(lane, gathering);
    this.#progress.segmentDone(segment);
  }

  /**
   * Keeps the staged records that didn't pass, and the suspects, for a closer look at many of them together. Returns
   * how many there are, and the gatherings whose time has come.
   */
  async #setApart(lane: Engine, segment: Segment): Promise<{ count: number; full: Gathering[] }> {
    const { contract, scratch } = this.#options;
    await findSuspects(lane, contract, this.#seen);
    const positions = await lane.integers(
      'SELECT position$ FROM positioned WHERE NOT passed$ UNION ALL SELECT position FROM suspects ORDER BY 1',
    );
    if (positions.length === 0) return { count: 0, full: [] };
    const full = this.#apart?.accepts(segment.layout) === false ? this.#takeApart() : [];
    this.#apart ??= new Gathering(segment.layout, {
      contract,
      scratch,
      name: `apart-${this.#gatherings++}.csv`,
    });
    await this.#apart.add(segment, positions);
    const isFull = this.#apart.sizeBytes >= Math.min(APART_BYTES, this.#segmentBytes);
    return { count: positions.length, full: isFull ? [...full, ...this.#takeApart()] : full };
  }

  #takeApart(): Gathering[] {
    const taken = this.#apart;
    this.#apart = undefined;
    return taken === undefined ? [] : [taken];
  }

  /** Finds what is wrong with the records set apart, and keeps the suspects among them. */
  async #lookCloser(engine: Engine, gathering: Gathering): Promise<void> {
    const { contract, scratch } = this.#options;
    const apart = await gathering.close();
    if (apart.broken.length > 0) {
      await stageBroken(engine, apart, this.#sourceFileIds);
      await tallyBroken(engine, this.#tallies);
      await collectBroken(engine, contract);
    }
    await this.#stage(engine, apart, 'closer');
    await tallyOthers(engine, contract, this.#tallies);
    if (this.#options.sealed !== undefined) await tallySealed(engine, contract, this.#tallies);
    await collectRejects(engine, contract);
    await collectSuspects(engine, contract, await this.#silverSelect(engine));
    await scratch.remove(apart.path);
  }

  async #stage(engine: Engine, segment: Segment, look: Look): Promise<void> {
    const { contract, effects, sealed, earlier, scratch } = this.#options;
    const digestKey = effects.digestKey();
    const files = { sourceFileIds: this.#sourceFileIds, arrivals: this.#arrivals };
    const kept = look === 'closer' ? { earlier } : {};
    await stageSegment(engine, segment, { contract, digestKey, look, scratch, sealed, ...kept, ...files });
  }

  /** The columns of a segment's staged records that are made by `constant`. */
  #constantsOf({ parts }: Segment): Constants {
    const [only, ...more] = parts;
    const id = only === undefined || more.length > 0 ? undefined : this.#sourceFileIds.get(only.fileIndex);
    const run_id = this.#options.plan.runId;
    return id === undefined ? { run_id } : { run_id, source_file_id: id };
  }

  /** Writes the suspects to files of their own, the same ones whichever lane was faster. */
  #writeSuspects(): Promise<DataFile[]> {
    const { engine, silver, chunk } = this.#options;
    const columns = currentSchema(silver.metadata).fields.map(({ name }) => identifier(name));
    const select = `SELECT ${columns.join(', ')} FROM suspect_rows ORDER BY source_file_id, source_row_number`;
    return this.#write(engine, `${chunk}-apart`, select);
  }

  async #write(engine: Engine, part: string, select: string, constants: Constants = {}): Promise<DataFile[]> {
    const { contract, effects, scratch, silver, plan } = this.#options;
    const root = runFolder(silver.root, contract.version, plan.runId);
    const { partitionColumn } = contract;
    const target = { engine, data: effects.data, scratch, table: silver, root, part, partitionColumn };
    const bounded = boundedColumns(contract, 'silver');
    const files = await writeDataFiles(select, { ...target, bounded, constants });
    await this.#options.written.readBack(engine, files);
    return files;
  }

  async #silverSelect(lane: Engine): Promise<string> {
    const { contract, plan, silver, prior } = this.#options;
    const hasPrior = await prior.hasAnyOf(lane, 'SELECT row_hash FROM staged WHERE passed$');
    return silverSelect(contract, plan, silver, hasPrior);
  }

  #finishFile(outcome: FileOutcome): void {
    const { plan, files } = this.#options;
    const file = files[this.#outcomes.length];
    this.#outcomes.push(outcome);
    const sizeBytes = file === undefined ? 0 : bytesOf(this.#planned, file);
    countBytes(plan.dataset, sizeBytes);
    this.#progress.fileDone(sizeBytes);
  }

  /** Stores a table as Parquet under a key; undefined where it is empty. */
  async #publish(table: 'rejects' | 'suspect_records', key: string): Promise<string | undefined> {
    const { engine, effects, scratch } = this.#options;
    const [row] = await engine.rows(`SELECT count(*) > 0 AS some FROM ${table}`);
    if (row?.some !== true) return undefined;
    const path = join(scratch.directory, `${table}.parquet`);
    await engine.run(`COPY ${table} TO ${literal(path)} (FORMAT parquet)`);
    await effects.data.publish(path, key);
    return key;
  }
}
