import { Sodium } from '../sodium.ts';
import { CellCipher } from './cell-cipher.ts';
import type { CellJob, PackedTexts } from './cell-job.ts';

/** Does jobs on other threads; how many and where is its own matter. */
export interface CellWorkers {
  /**
   * What comes of a job, whose buffers are given away: an envelope for each value, or of each sealed cell the value, or one
   * of UNOPENED. Jobs of one lane are mostly done by the same worker, which keeps what
   * it derived. Throws what the work threw; TransientError `WORKER_ENDED` where whoever did it came to an end.
   */
  work(job: CellJob, lane?: number): Promise<PackedTexts>;
  /** Into so many lanes work is best parted by its people: all that is of one in the same. One unless said. */
  readonly lanes?: number;
  /** Ends them, and with them what they know; jobs under way fail. */
  close(): Promise<void>;
}

/** Gets workers, which are closed by whoever asked. None need be started before there is work. */
export type OpenCellWorkers = () => CellWorkers;

/** So many cells are worked on here before others are asked, who take a while to start. */
const FEW_CELLS = 40_000;

/** A power of two, and as many as there are workers at most: any number of them shares lanes evenly enough. */
const LANES = 4;

/** Does the jobs of one file: few cells on this thread, many by workers where there are any. */
export class CellWork implements CellWorkers {
  readonly #open: OpenCellWorkers | undefined;
  readonly #fewCells: number;
  readonly lanes: number;
  #workers: CellWorkers | undefined;
  #here: Promise<Here> | undefined;
  #cells = 0;

  constructor(open: OpenCellWorkers | undefined, fewCells = FEW_CELLS) {
    this.#open = open;
    this.#fewCells = fewCells;
    this.lanes = open === undefined ? 1 : LANES;
  }

  async work(job: CellJob, lane?: number): Promise<PackedTexts> {
    this.#cells += job.secrets.subjects.length;
    if (this.#open !== undefined && this.#cells > this.#fewCells) {
      this.#workers ??= this.#open();
      return await this.#workers.work(job, lane);
    }
    this.#here ??= openHere();
    return workOn((await this.#here).cipher, job);
  }

  async close(): Promise<void> {
    const [workers, here] = [this.#workers, this.#here];
    this.#workers = undefined;
    this.#here = undefined;
    await workers?.close();
    (await here)?.sodium.dispose();
  }
}

interface Here {
  readonly cipher: CellCipher;
  readonly sodium: Sodium;
}

async function openHere(): Promise<Here> {
  const sodium = await Sodium.open();
  return { cipher: new CellCipher(sodium), sodium };
}

/** Does jobs on this thread; what it keeps is gone with the Sodium. */
export function workWith(sodium: Sodium): Pick<CellWorkers, 'work'> {
  const cipher = new CellCipher(sodium);
  return { work: async (job) => workOn(cipher, job) };
}

/** What comes of a job. */
export const workOn = (cipher: CellCipher, job: CellJob): PackedTexts =>
  job.kind === 'seal' ? cipher.seal(job) : cipher.open(job);
