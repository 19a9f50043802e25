import { Buffer, isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { Encoding } from '../contract/csv-dialect.ts';
import { rawText } from './decode.ts';
import type { RecordFormat, RecordScan, StructureProblem } from './record-format.ts';

/** A record that can't be parsed, with what a person needs to find it. */
export interface BrokenRecord {
  /** 1-based among the file's data records. */
  readonly row: number;
  /** 1-based physical line on which the record begins. */
  readonly line: number;
  /** How many physical lines it has. */
  readonly lines: number;
  readonly problem: StructureProblem;
  /** Figures of the problem, e.g. how many fields of how many; never its text. */
  readonly detail: string | undefined;
  /** Its text; of one that is too long the beginning. */
  readonly text: string;
  /** SHA-256 of all its bytes, where the text is only the beginning; else the text has it. */
  readonly hash: string | undefined;
}

type Place = Pick<BrokenRecord, 'row' | 'line' | 'lines'>;
type Format = RecordFormat & { readonly encodings: readonly Encoding[] };

/** Describes a broken record that is no longer than the limit. */
export function describeBroken(
  record: Uint8Array,
  place: Place,
  found: { readonly problem: StructureProblem; readonly format: Format; readonly scan?: RecordScan },
): BrokenRecord {
  const { problem, format, scan } = found;
  const details = [
    ...(scan === undefined ? [] : widthDetail(problem, scan, format)),
    ...(problem === 'the header line again' ? [HEADER_ADVICE] : []),
    ...(place.lines === 1 ? [] : [`${place.lines} lines`]),
  ];
  const detail = details.length === 0 ? undefined : details.join(', ');
  return { ...place, problem, detail, text: rawText(record, format.encodings), hash: undefined };
}

/** Advice for records that repeat a file's header line. */
const HEADER_ADVICE = 'to pass over such lines, set repeatedHeader: skip in assay.csv';

function widthDetail(problem: StructureProblem, scan: RecordScan, { fields }: RecordFormat): string[] {
  if (problem !== 'too few fields' && problem !== 'too many fields') return [];
  const width = `${scan.fields} ${scan.fields === 1 ? 'field' : 'fields'} of ${fields}`;
  return [scan.hasExtraEmpty ? `${width}, the extra ones empty` : width];
}

/** Describes a record that is longer than the limit. */
export function describeLong(long: LongRecord, place: Place, format: Format): BrokenRecord {
  const lines = place.lines === 1 ? '' : `, ${place.lines} lines`;
  return {
    ...place,
    problem: 'a record longer than the limit',
    detail: `${long.sizeBytes} bytes of ${format.maxRecordBytes}${lines}`,
    text: rawText(long.excerpt(), format.encodings),
    hash: long.digest(),
  };
}

/** How much of a record that is too long is kept. */
const EXCERPT_BYTES = 4096;

/** The longest character of UTF-8. */
const CHARACTER_BYTES = 4;

/** A record that is too long, taken in piece by piece: its size, its digest and its beginning. */
export class LongRecord {
  readonly #hash = createHash('sha256');
  #sizeBytes = 0;
  #excerpt = Buffer.alloc(0);

  /** Takes the next bytes in; returns itself. */
  take(bytes: Uint8Array): this {
    this.#hash.update(bytes);
    this.#sizeBytes += bytes.length;
    const missing = EXCERPT_BYTES - this.#excerpt.length;
    if (missing > 0) this.#excerpt = Buffer.concat([this.#excerpt, bytes.subarray(0, missing)]);
    return this;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** SHA-256 of all bytes, in hex; to be asked for once. */
  digest(): string {
    return this.#hash.digest('hex');
  }

  /** The first bytes, up to a whole character where they are UTF-8. */
  excerpt(): Uint8Array {
    for (let less = 0; less < CHARACTER_BYTES; less++) {
      const shorter = this.#excerpt.subarray(0, this.#excerpt.length - less);
      if (isUtf8(shorter)) return shorter;
    }
    return this.#excerpt;
  }
}
