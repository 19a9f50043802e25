import { isUtf8 } from 'node:buffer';
import type { SourceContract } from '../contract/contract.ts';
import { type BrokenLine, brokenLine } from '../jsonl/broken-line.ts';
import { isBlankLine } from '../jsonl/json-pieces.ts';
import { RecordScanner } from '../jsonl/scan-record.ts';
import { jsonShape } from '../jsonl/shape.ts';
import { FieldWriter } from '../jsonl/write-fields.ts';
import type { RawRecord } from './record-judge.ts';

/** Reads records of JSON into raw values, as files of JSON Lines are. */
export class JsonRecords {
  readonly #scanner: RecordScanner;
  readonly #writer: FieldWriter;
  readonly #columns: number;
  readonly #unknownAt: number;
  readonly #gatesAt: number | undefined;
  readonly #maxBytes: number;
  readonly #nothing: RawRecord;

  /** With `isEvents` each record is an event as it lands. */
  constructor(contract: SourceContract, { isEvents = false }: { readonly isEvents?: boolean } = {}) {
    const shape = jsonShape(contract, isEvents);
    this.#unknownAt = shape.commas.length;
    this.#gatesAt = shape.gates;
    this.#scanner = new RecordScanner(shape);
    this.#writer = new FieldWriter(shape);
    this.#columns = contract.columns.length;
    this.#maxBytes = contract.limits.maxRecordBytes;
    this.#nothing = { values: contract.columns.map(() => null), unknown: null };
  }

  /** The raw values of the record in some bytes, which hold no line feed, or why it is none. */
  read(bytes: Uint8Array): RawRecord | BrokenLine {
    if (bytes.length > this.#maxBytes)
      return {
        problem: 'a record longer than the limit',
        detail: `${bytes.length} bytes of ${this.#maxBytes}`,
      };
    if (isBlankLine(bytes, 0, bytes.length)) return this.#nothing;
    if (!isUtf8(bytes)) return { problem: 'bytes that are not UTF-8', detail: '' };
    const scanner = this.#scanner;
    if (!scanner.scan(bytes, 0, bytes.length)) {
      const broken = brokenLine(bytes, 0, scanner);
      if (broken !== undefined) return broken;
    }
    this.#writer.begin();
    this.#writer.record(bytes, scanner);
    const fields = plainFields(new TextDecoder().decode(this.#writer.written));
    const gates = this.#gatesAt === undefined ? null : (fields[this.#gatesAt] ?? null);
    return {
      values: fields.slice(0, this.#columns),
      unknown: fields[this.#unknownAt] ?? null,
      ...(gates === null ? {} : { gates }),
    };
  }
}

/** The fields of one line of CSV as `FieldWriter` has it: quoted texts, numbers as they are, nothing for NULL. */
function plainFields(line: string): (string | null)[] {
  return [...line.matchAll(/(?:"((?:[^"]|"")*)"|([^,\n]*))[,\n]/g)].map(([, quoted, bare = '']) =>
    quoted === undefined ? (bare === '' ? null : bare) : quoted.replaceAll('""', '"'),
  );
}
