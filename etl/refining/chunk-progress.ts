import type { Segment } from '../csv/segments.ts';
import type { ProgressEvent } from '../ports.ts';

/** Tells how far refining a chunk has come: by segments that were refined, and by files that were read to their ends. */
export class ChunkProgress {
  readonly #tell: ((event: ProgressEvent) => void) | undefined;
  readonly #chunk: Pick<ProgressEvent, 'runId' | 'totalBytes'>;
  #fileBytes = 0;
  #segmentBytes = 0;
  #records = 0;

  constructor(
    tell: ((event: ProgressEvent) => void) | undefined,
    chunk: Pick<ProgressEvent, 'runId' | 'totalBytes'>,
  ) {
    this.#tell = tell;
    this.#chunk = chunk;
  }

  segmentDone({ pieces, rows }: Pick<Segment, 'pieces' | 'rows'>): void {
    this.#segmentBytes += pieces.at(-1)?.byte ?? 0;
    this.#records += rows;
    this.#told();
  }

  fileDone(sizeBytes: number): void {
    this.#fileBytes += sizeBytes;
    this.#told();
  }

  /** The text of a packed file is longer than the file: no more than all bytes are told. */
  #told(): void {
    const { totalBytes } = this.#chunk;
    const doneBytes = Math.max(this.#fileBytes, Math.min(this.#segmentBytes, totalBytes));
    this.#tell?.({ stage: 'refine', ...this.#chunk, doneBytes, doneRecords: this.#records });
  }
}
