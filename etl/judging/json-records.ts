import { isUtf8 } from 'node:buffer';
import type { SourceContract } from '../contract/contract.ts';
import { type BrokenLine, brokenLine } from '../jsonl/broken-line.ts';
import { isBlankLine } from '../jsonl/json-pieces.ts';
import { LineText } from '../jsonl/line-text.ts';
import { KIND, RecordScanner } from '../jsonl/scan-record.ts';
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
  /** Whether each value is handed on as it stands. */
  readonly #isPlain: boolean;

  /** With `isEvents` each record is an event as it lands. */
  constructor(contract: SourceContract, { isEvents = false }: { readonly isEvents?: boolean } = {}) {
    const shape = jsonShape(contract, isEvents);
    this.#unknownAt = shape.commas.length;
    this.#gatesAt = shape.gates;
    this.#isPlain = shape.row === undefined && shape.others === undefined && !shape.commas.includes(true);
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
    return this.#asItStands(bytes) ?? this.#written(bytes);
  }

  /** The record where each of its values is one text, which needs no writing; undefined where it isn't so. */
  #asItStands(bytes: Uint8Array): RawRecord | undefined {
    const { unknown, hasUnknown } = this.#scanner;
    if (!this.#isPlain || unknown.length > 0) return undefined;
    const text = new LineText(bytes);
    const values: (string | null)[] = [];
    for (let slot = 0; slot < this.#columns; slot++) {
      const value = this.#valueAt(slot, text);
      if (value === undefined) return undefined;
      values.push(value);
    }
    const gates = this.#gatesAt === undefined ? null : this.#valueAt(this.#gatesAt, text);
    if (gates === undefined) return undefined;
    return { values, unknown: hasUnknown ? SOME_UNKNOWN : null, ...(gates === null ? {} : { gates }) };
  }

  #valueAt(slot: number, text: LineText): string | null | undefined {
    const { kinds, starts, ends } = this.#scanner;
    const [kind, start, end] = [kinds[slot], starts[slot] as number, ends[slot] as number];
    if (kind === KIND.absent || kind === KIND.null) return null;
    if (kind === KIND.container) return undefined;
    return kind === KIND.escapedText ? text.unescaped(start, end) : text.between(start, end);
  }

  /** The record by way of the fields that files become. */
  #written(bytes: Uint8Array): RawRecord {
    this.#writer.begin();
    this.#writer.record(bytes, this.#scanner);
    const fields = plainFields(new TextDecoder().decode(this.#writer.written));
    const gates = this.#gatesAt === undefined ? null : (fields[this.#gatesAt] ?? null);
    return {
      values: fields.slice(0, this.#columns),
      unknown: fields[this.#unknownAt] ?? null,
      ...(gates === null ? {} : { gates }),
    };
  }
}

/** As `FieldWriter` marks that there are members that nobody wants. */
const SOME_UNKNOWN = '{}';

/** The fields of one line of CSV as `FieldWriter` has it: quoted texts, numbers as they are, nothing for NULL. */
function plainFields(line: string): (string | null)[] {
  return [...line.matchAll(/(?:"((?:[^"]|"")*)"|([^,\n]*))[,\n]/g)].map(([, quoted, bare = '']) =>
    quoted === undefined ? (bare === '' ? null : bare) : quoted.replaceAll('""', '"'),
  );
}
