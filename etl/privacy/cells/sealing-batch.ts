import { Buffer } from 'node:buffer';
import type { CellBytes } from '../cell-bytes.ts';
import type { EnvelopeHeader } from '../envelope.ts';
import type { PackedTexts, SealingJob } from './cell-job.ts';
import type { CellWorkers } from './cell-work.ts';
import { copyBytes } from './copy-bytes.ts';
import { GatheredCells, JOB_CELLS } from './gathered-cells.ts';
import { GatheredHeaders } from './gathered-headers.ts';
import { LANE_DIGIT, laneOf, OTHER_LANE_DIGIT } from './lanes.ts';
import { PackedCells } from './packed-cells.ts';

/** A value that is to be sealed. */
export interface ValueToSeal {
  readonly header: EnvelopeHeader;
  /** As a text, or as where its bytes lie. */
  readonly text: string | Readonly<CellBytes>;
  readonly subjectKey: Uint8Array;
  readonly periodKey: Uint8Array;
}

/** Envelopes by their numbers. */
export interface SealedCells {
  text(cell: number): string;
  /** Copies one's bytes, for which there is room; returns where it ends. */
  copy(cell: number, out: Buffer, at: number): number;
  lengthOf(cell: number): number;
}

/** What seals a batch, parted by people into lanes where that is of use. */
type SealingWork = Pick<CellWorkers, 'work' | 'lanes'>;

/** Gathers values to be sealed into jobs, each of which begins as soon as it is full. */
export class SealingBatch {
  readonly #work: SealingWork;
  readonly #lanes: number;
  readonly #jobs: Promise<PackedTexts>[] = [];
  /** By lane what is gathered. */
  readonly #gathered: (GatheredJob | undefined)[] = [];
  #count = 0;

  constructor(work: SealingWork) {
    this.#work = work;
    this.#lanes = work.lanes ?? 1;
  }

  /** The number of the value's envelope. */
  add(value: ValueToSeal): number {
    const { subject } = value.header;
    const { length } = subject;
    const digit = subject.charCodeAt(length - LANE_DIGIT);
    const lane = laneOf(digit, subject.charCodeAt(length - OTHER_LANE_DIGIT), this.#lanes);
    let job = this.#gathered[lane];
    if (job === undefined) {
      job = new GatheredJob(this.#count++);
      this.#gathered[lane] = job;
    }
    const { count } = job.cells;
    job.add(value);
    if (count + 1 === JOB_CELLS) this.#begin(lane, job);
    return job.number * JOB_CELLS + count;
  }

  /** All envelopes, once the work is done. */
  async sealed(): Promise<SealedCells> {
    for (const [lane, job] of this.#gathered.entries()) if (job !== undefined) this.#begin(lane, job);
    const cells = new PackedCells(await Promise.all(this.#jobs));
    return {
      text(cell) {
        const { bytes, start, end } = cells.find(cell);
        return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
      },
      copy: (cell, out, at) => copyBytes(cells.find(cell), out, at),
      lengthOf(cell) {
        const { start, end } = cells.find(cell);
        return end - start;
      },
    };
  }

  #begin(lane: number, job: GatheredJob): void {
    const begun = this.#work.work(job.taken(), lane);
    // Whoever waits for all of them gets the error.
    begun.catch(() => undefined);
    this.#jobs[job.number] = begun;
    this.#gathered[lane] = undefined;
  }
}

/** One job's cells so far. */
class GatheredJob {
  readonly #headers = new GatheredHeaders();
  readonly cells = new GatheredCells();
  readonly number: number;

  constructor(number: number) {
    this.number = number;
  }

  add({ header, text, subjectKey, periodKey }: ValueToSeal): void {
    this.#headers.add(this.cells.count, header);
    this.cells.add(text, subjectKey, periodKey);
  }

  taken(): SealingJob {
    return {
      kind: 'seal',
      headers: this.#headers.taken(),
      texts: this.cells.texts(),
      secrets: this.cells.secrets(),
    };
  }
}
