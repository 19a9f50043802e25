import { Buffer } from 'node:buffer';
import { type CellBytes, hasPlainEnds } from '../cell-bytes.ts';
import type { PackedTexts } from './cell-job.ts';
import type { CellWorkers } from './cell-work.ts';
import { copyBytes } from './copy-bytes.ts';
import { isSealedBytes, PERIOD_AT } from './envelope-bytes.ts';
import { GatheredCells, JOB_CELLS } from './gathered-cells.ts';
import type { KeyNames, Keys } from './key-names.ts';
import { LANE_DIGIT, laneOf, OTHER_LANE_DIGIT } from './lanes.ts';
import { PackedCells } from './packed-cells.ts';

/** Gathers sealed cells into jobs, each of which begins as soon as it is full. */
export class OpeningBatch {
  readonly #work: Pick<CellWorkers, 'work' | 'lanes'>;
  readonly #names: KeyNames;
  readonly #keys: Keys;
  readonly #jobs: Promise<PackedTexts>[] = [];
  /** By lane what is gathered, and the number of its job. */
  readonly #gathered: ({ readonly number: number; readonly cells: GatheredCells } | undefined)[] = [];
  #count = 0;
  /** By cell its number among those that are opened; -1 where it isn't sealed. */
  readonly #numbers: Int32Array;
  #cells = 0;

  constructor(work: Pick<CellWorkers, 'work' | 'lanes'>, names: KeyNames, keys: Keys) {
    this.#work = work;
    this.#names = names;
    this.#keys = keys;
    this.#numbers = new Int32Array(names.subjects.length).fill(-1);
  }

  add(cell: CellBytes): void {
    const n = this.#cells++;
    const { bytes, start, end } = cell;
    if (!isSealedBytes(bytes, start, end)) return;
    const subject = this.#keys.subjects[this.#names.subjects[n] ?? -1];
    const period = this.#keys.periods[this.#names.periods[n] ?? -1];
    const last = start + PERIOD_AT - 1;
    const lane = laneOf(
      bytes[last - LANE_DIGIT] ?? 0,
      bytes[last - OTHER_LANE_DIGIT] ?? 0,
      this.#work.lanes ?? 1,
    );
    const job = this.#gathered[lane] ?? this.#newJob(lane);
    this.#numbers[n] = job.number * JOB_CELLS + job.cells.count;
    job.cells.add(cell, subject, period);
    if (job.cells.count === JOB_CELLS) this.#begin(lane);
  }

  async opened(): Promise<OpenedCells> {
    for (const lane of this.#gathered.keys()) this.#begin(lane);
    return new OpenedCells(new PackedCells(await Promise.all(this.#jobs)), this.#numbers);
  }

  #newJob(lane: number): { readonly number: number; readonly cells: GatheredCells } {
    const job = { number: this.#count++, cells: new GatheredCells() };
    this.#gathered[lane] = job;
    return job;
  }

  #begin(lane: number): void {
    const job = this.#gathered[lane];
    if (job === undefined) return;
    const { number, cells } = job;
    const begun = this.#work.work({ kind: 'open', texts: cells.texts(), secrets: cells.secrets() }, lane);
    // Whoever waits for all of them gets the error.
    begun.catch(() => undefined);
    this.#jobs[number] = begun;
    this.#gathered[lane] = undefined;
  }
}

/** What stands in all cells. */
export class OpenedCells {
  readonly #cells: PackedCells;
  /** By cell its number; -1 for nothing. */
  readonly #numbers: Int32Array;

  constructor(cells: PackedCells, numbers: Int32Array) {
    this.#cells = cells;
    this.#numbers = numbers;
  }

  /** Whether a value may begin or end with a blank; where it is false, none does. */
  hasEdgeBlanks = false;

  /** What stands in the cells of a field, with the separator between two. */
  joined({ field, fields, separator }: { field: number; fields: number; separator: string }): string {
    const between = Buffer.from(separator);
    const parted = { bytes: between, start: 0, end: between.length };
    const out = Buffer.allocUnsafe(this.#lengthOf(field, fields, between.length));
    let at = 0;
    for (let cell = field; cell < this.#numbers.length; cell += fields) {
      if (cell !== field) at = copyBytes(parted, out, at);
      const number = this.#numbers[cell] ?? -1;
      if (number < 0) continue;
      const found = this.#cells.find(number);
      this.hasEdgeBlanks ||= found.end > found.start && !hasPlainEnds(found);
      at = copyBytes(found, out, at);
    }
    return out.toString('utf8', 0, at);
  }

  #lengthOf(field: number, fields: number, between: number): number {
    let length = 0;
    for (let cell = field; cell < this.#numbers.length; cell += fields) {
      const number = this.#numbers[cell] ?? -1;
      const { start, end } = number < 0 ? NOTHING : this.#cells.find(number);
      length += between + end - start;
    }
    return length;
  }
}

const NOTHING = { start: 0, end: 0 };
