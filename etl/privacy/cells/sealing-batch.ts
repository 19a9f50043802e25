import { Buffer } from 'node:buffer';
import { type CellBytes, newCellBytes } from '../cell-bytes.ts';
import type { EnvelopeHeader } from '../envelope.ts';
import { HEADER_BYTES, type PackedTexts, SECRET_BYTES, type SealingJob } from './cell-job.ts';
import type { CellWorkers } from './cell-work.ts';
import { copyBytes } from './copy-bytes.ts';

/** Cells of one job: enough to be worth handing over, few enough for all workers to have some. */
const JOB_CELLS = 16_384;

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
    const lane = laneOf(value.header.subject, this.#lanes);
    let job = this.#gathered[lane];
    if (job === undefined) {
      job = new GatheredJob(this.#count++);
      this.#gathered[lane] = job;
    }
    const cell = job.number * JOB_CELLS + job.cells;
    job.add(value);
    if (job.cells === JOB_CELLS) this.#begin(lane, job);
    return cell;
  }

  /** All envelopes, once the work is done. */
  async sealed(): Promise<SealedCells> {
    for (const [lane, job] of this.#gathered.entries()) if (job !== undefined) this.#begin(lane, job);
    const jobs = await Promise.all(this.#jobs);
    const span = newCellBytes();
    const find = (cell: number): CellBytes => {
      const job = jobs[Math.floor(cell / JOB_CELLS)];
      const n = cell % JOB_CELLS;
      if (job === undefined) throw new RangeError(`there is no cell ${cell}`);
      span.bytes = job.bytes;
      span.start = n === 0 ? 0 : (job.ends[n - 1] ?? 0);
      span.end = job.ends[n] ?? 0;
      return span;
    };
    return {
      text(cell) {
        const { bytes, start, end } = find(cell);
        return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
      },
      copy: (cell, out, at) => copyBytes(find(cell), out, at),
      lengthOf(cell) {
        const { start, end } = find(cell);
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

/** The lane of a subject's values, of a power of two: told by digits of its reference, which are random. */
const laneOf = (subject: string, lanes: number): number =>
  lanes === 1
    ? 0
    : (subject.charCodeAt(subject.length - 2) ^ subject.charCodeAt(subject.length - 3)) & (lanes - 1);

/** One job's cells so far. */
class GatheredJob {
  readonly #headers = Buffer.from(new ArrayBuffer(JOB_CELLS * HEADER_BYTES));
  readonly #ends = new Uint32Array(JOB_CELLS);
  readonly #subjects = new Int32Array(JOB_CELLS);
  readonly #periods = new Int32Array(JOB_CELLS);
  #texts = Buffer.from(new ArrayBuffer(JOB_CELLS * 32));
  #length = 0;
  /** A row's values are one after another, and mostly of one subject. */
  readonly #subjectKeys = new Uint8Array(JOB_CELLS * SECRET_BYTES);
  #lastKey: Uint8Array | undefined;
  #subjectsGathered = 0;
  readonly #periodKeys = new Map<Uint8Array, number>();
  readonly number: number;
  cells = 0;

  constructor(number: number) {
    this.number = number;
  }

  add({ header, text, subjectKey, periodKey }: ValueToSeal): void {
    const cell = this.cells++;
    writeHeader(header, this.#headers, cell * HEADER_BYTES);
    this.#write(text);
    this.#ends[cell] = this.#length;
    if (this.#lastKey !== subjectKey) {
      this.#lastKey = subjectKey;
      const at = SECRET_BYTES * this.#subjectsGathered++;
      copyBytes({ bytes: subjectKey, start: 0, end: SECRET_BYTES }, this.#subjectKeys, at);
    }
    this.#subjects[cell] = this.#subjectsGathered - 1;
    const period = this.#periodKeys.get(periodKey) ?? this.#periodKeys.size;
    this.#periodKeys.set(periodKey, period);
    this.#periods[cell] = period;
  }

  taken(): SealingJob {
    const { cells } = this;
    return {
      kind: 'seal',
      headers: bytesOf(this.#headers),
      texts: { bytes: bytesOf(this.#texts), ends: this.#ends.subarray(0, cells) },
      secrets: {
        subjectKeys: this.#subjectKeys.subarray(0, SECRET_BYTES * this.#subjectsGathered),
        periodKeys: keysOf([...this.#periodKeys.keys()]),
        subjects: this.#subjects.subarray(0, cells),
        periods: this.#periods.subarray(0, cells),
      },
    };
  }

  #write(text: ValueToSeal['text']): void {
    if (typeof text === 'string') {
      this.#reserve(text.length * 3);
      this.#length += this.#texts.write(text, this.#length);
      return;
    }
    this.#reserve(text.end - text.start);
    this.#length = copyBytes(text, this.#texts, this.#length);
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#texts.length) return;
    const larger = Buffer.from(new ArrayBuffer((this.#length + bytes) * 2));
    this.#texts.copy(larger, 0, 0, this.#length);
    this.#texts = larger;
  }
}

/** The text before a payload, as `headerText` has it. */
function writeHeader({ column, subject, period }: EnvelopeHeader, out: Uint8Array, start: number): void {
  let at = writeAscii('~1.', out, start);
  for (const part of [column, subject, period]) {
    at = writeAscii(part, out, at);
    out[at++] = POINT;
  }
}

const POINT = 0x2e;

function writeAscii(text: string, out: Uint8Array, start: number): number {
  for (let n = 0; n < text.length; n++) out[start + n] = text.charCodeAt(n);
  return start + text.length;
}

/** Keys one behind another, in memory of their own. */
export function keysOf(keys: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(keys.length * SECRET_BYTES);
  for (const [n, key] of keys.entries()) all.set(key, n * SECRET_BYTES);
  return all;
}

const bytesOf = ({ buffer }: Buffer<ArrayBuffer>): Uint8Array<ArrayBuffer> => new Uint8Array(buffer);
