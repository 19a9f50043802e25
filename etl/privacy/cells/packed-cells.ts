import { type CellBytes, newCellBytes } from '../cell-bytes.ts';
import type { PackedTexts } from './cell-job.ts';
import { JOB_CELLS } from './gathered-cells.ts';

/** Texts that came of jobs, by their numbers: that of the job times JOB_CELLS, and the place in it. */
export class PackedCells {
  readonly #jobs: readonly PackedTexts[];
  readonly #cell = newCellBytes();

  constructor(jobs: readonly PackedTexts[]) {
    this.#jobs = jobs;
  }

  /** Where a text lies; good until the next is asked for. */
  find(number: number): CellBytes {
    const job = this.#jobs[Math.floor(number / JOB_CELLS)];
    const n = number % JOB_CELLS;
    if (job === undefined) throw new RangeError(`there is no cell ${number}`);
    this.#cell.bytes = job.bytes;
    this.#cell.start = n === 0 ? 0 : (job.ends[n - 1] ?? 0);
    this.#cell.end = job.ends[n] ?? 0;
    return this.#cell;
  }
}
