import { Buffer } from 'node:buffer';
import type { BrokenRecord } from '../csv/broken-record.ts';
import { PERSONAL_PROBLEM, type StructureProblem } from '../csv/record-format.ts';
import type { PlainSigns } from '../csv/rewrite.ts';
import { sealedLine } from '../csv/sealed-line.ts';
import { copyBytes } from './cells/copy-bytes.ts';
import type { SealedCells } from './cells/sealing-batch.ts';
import { startsLikeEnvelope } from './envelope.ts';
import type { PieceToProtect } from './joined-pieces.ts';
import { cellEnd, cellStart, cellText, type PlainRecords, plainRecords } from './plain-records.ts';
import type { BegunRows, ChangeVisitor, PreparedRows, RowProtector } from './protect-rows.ts';
import { plainRows } from './rows.ts';

/** What the pieces of one file are protected with. */
export interface PieceProtection {
  readonly protector: RowProtector;
  /** Fields whose text the plan needs: subjects, protected and dropped cells, dates. */
  readonly needed: readonly number[];
  /** The width of the file's records. */
  readonly fields: number;
  readonly plain: PlainSigns;
  readonly newline: string;
  /** Whether a record's text has the form of a footer's; absent where files have none that is known by it. */
  readonly isFooter?: ((text: string) => boolean) | undefined;
  /** Is shown every record; throws where one begins a second table, whose values would be sealed, or left clear, under wrong names. */
  readonly look: (records: PlainRecords, record: number, row: number) => void;
  /** Names the columns in which a record would be stored with personal data in the clear: it is sealed whole. Absent where that is no matter of one record. */
  readonly personalIn?: ((records: PlainRecords, record: number) => readonly string[]) | undefined;
  /** The delimiter of the source. */
  readonly delimiter: string;
}

/**
 * Begins to protect a piece of a file: returns what waits until it is done, and then gives its bytes slice by slice, each
 * of which is good until the next is asked for. Each record has its place then, and all bytes of
 * it that aren't protected are as they were. A broken record is one of another width, as sealedLine writes it. So is a
 * record whose form says something that its envelopes no longer would.
 */
export async function beginPiece(
  piece: PieceToProtect,
  firstRow: number,
  protection: PieceProtection,
): Promise<() => Promise<Iterable<Buffer>>> {
  const { protector, needed, fields, plain, look } = protection;
  const records = plainRecords(piece.bytes, fields, plain);
  for (let record = 0; record < records.count; record++) look(records, record, firstRow + record);
  const begun = await protector.begin(plainRows(records, needed));
  const whole = new Map(piece.broken.map((one) => [one.row - firstRow, brokenWhole(one, protection)]));
  for (let record = 0; record < records.count; record++) {
    const found = whole.has(record) ? undefined : problemOf(records, record, { begun, protection });
    if (found !== undefined) whole.set(record, { ...found, text: recordText(records, record), lines: 1 });
  }
  const sealed = await protector.lines([...whole.values()].map(({ text }) => text));
  const lines = new Map(
    [...whole].map(([record, one], n) => [
      record,
      sealedLine({ ...one, text: sealed[n] ?? '' }, fields, plain),
    ]),
  );
  return async () => slicesOf(records, { prepared: await begun.prepared(), lines, protection });
}

/** A piece's records as they are once it is protected. */
interface ProtectedPiece {
  readonly prepared: PreparedRows;
  /** By record, what stands for those that are sealed whole. */
  readonly lines: ReadonlyMap<number, string>;
  readonly protection: Pick<PieceProtection, 'plain' | 'newline'>;
}

function* slicesOf(
  records: PlainRecords,
  { prepared, lines, protection }: ProtectedPiece,
): Generator<Buffer> {
  const out = new PieceWriter(records, protection.plain, protection.newline);
  for (let record = 0; record < records.count; record++) {
    const line = lines.get(record);
    if (line === undefined) out.record(record, prepared);
    else out.line(line);
    if (out.isFull) yield out.taken();
  }
  yield out.taken();
}

/** A record that is sealed whole. */
interface WholeRecord {
  readonly problem: StructureProblem;
  readonly detail: string;
  readonly text: string;
  readonly lines: number;
}

/** Of a record that is too long, what tells it from others with the same beginning is sealed with that. */
function brokenWhole(
  { problem, detail = '', text, hash, lines }: BrokenRecord,
  { isFooter }: PieceProtection,
): WholeRecord {
  const isForm = isFooter?.(text.replace(/[\r\n]+$/, '')) === true;
  return {
    problem: isForm ? 'the form of a footer' : problem,
    detail,
    text: hash === undefined ? text : `${text}\n… (SHA-256 of the whole record: ${hash})`,
    lines,
  };
}

/** Why a record that can be read is sealed whole nevertheless. */
function problemOf(
  records: PlainRecords,
  record: number,
  { begun, protection }: { begun: BegunRows; protection: PieceProtection },
): Pick<WholeRecord, 'problem' | 'detail'> | undefined {
  const { isFooter, delimiter, needed, personalIn } = protection;
  if (beginsLikeEnvelope(records, record) && firstChanged(begun, record, needed) !== 0)
    return { problem: 'text that begins like an envelope', detail: '' };
  const personal = personalIn?.(records, record) ?? [];
  if (personal.length > 0) return { problem: PERSONAL_PROBLEM, detail: personal.join(', ') };
  if (isFooter === undefined) return undefined;
  const cells = Array.from({ length: records.fields }, (_, field) => cellText(records, record, field));
  const isForm = isFooter(cells.join(delimiter)) && firstChanged(begun, record, needed) !== undefined;
  return isForm ? { problem: 'the form of a footer', detail: '' } : undefined;
}

/** The first of the needed fields whose cell becomes another. */
function firstChanged(begun: BegunRows, record: number, needed: readonly number[]): number | undefined {
  const places = new Set(begun.places(record));
  return needed.find((field) => places.has(field));
}

const beginsLikeEnvelope = (records: PlainRecords, record: number): boolean =>
  hasTilde(records, record) && startsLikeEnvelope(cellText(records, record, 0));

/** Whether the first cell may begin with a tilde, told without making a text of it. */
function hasTilde(records: PlainRecords, record: number): boolean {
  const first = records.bytes[cellStart(records, record, 0)];
  return first === TILDE || first === records.quote;
}

const TILDE = 0x7e;

const recordText = (records: PlainRecords, record: number): string =>
  records.bytes.toString('utf8', cellStart(records, record, 0), cellEnd(records, record, records.fields - 1));

/** A text as a cell; in quotes only where a delimiter is in it. None of ours has a quote. */
const cellOf = (text: string, { delimiter, quote }: PlainSigns): string =>
  text.includes(delimiter) ? quote + text + quote : text;

/** All that an envelope is written with. */
const OF_ENVELOPES = /^[\w.~-]+$/;

/** So much of a piece is put together before it is handed on. */
const SLICE_BYTES = 1024 * 1024;

/** Puts a piece together of the bytes that stay and the texts that don't. */
class PieceWriter implements ChangeVisitor {
  readonly #records: PlainRecords;
  readonly #plain: PlainSigns;
  readonly #newline: Buffer;
  /** Whether a delimiter can stand in an envelope. */
  readonly #isToBeQuoted: boolean;
  #record = 0;
  /** Where what stays of the record goes on. */
  #from = 0;
  #out = Buffer.allocUnsafeSlow(SLICE_BYTES + SLICE_BYTES / 8);
  #length = 0;

  constructor(records: PlainRecords, plain: PlainSigns, newline: string) {
    this.#records = records;
    this.#plain = plain;
    this.#newline = Buffer.from(newline);
    this.#isToBeQuoted = OF_ENVELOPES.test(plain.delimiter);
  }

  record(record: number, prepared: PreparedRows): void {
    this.#record = record;
    this.#from = cellStart(this.#records, record, 0);
    prepared.visit(record, this);
    this.#copy(this.#from, cellEnd(this.#records, record, this.#records.fields - 1));
    this.#endLine();
  }

  text(place: number, text: string): void {
    this.#pass(place);
    this.#write(cellOf(text, this.#plain));
  }

  sealed(place: number, cell: number, sealed: SealedCells): void {
    this.#pass(place);
    if (this.#isToBeQuoted) {
      this.#write(cellOf(sealed.text(cell), this.#plain));
      return;
    }
    this.#reserve(sealed.lengthOf(cell));
    this.#length = sealed.copy(cell, this.#out, this.#length);
  }

  line(text: string): void {
    this.#write(text);
    this.#endLine();
  }

  get isFull(): boolean {
    return this.#length >= SLICE_BYTES;
  }

  /** What was written since the last time; good until more is. */
  taken(): Buffer {
    const taken = this.#out.subarray(0, this.#length);
    this.#length = 0;
    return taken;
  }

  /** Copies what stands before a cell, and goes on behind it. */
  #pass(place: number): void {
    this.#copy(this.#from, cellStart(this.#records, this.#record, place));
    this.#from = cellEnd(this.#records, this.#record, place);
  }

  #copy(from: number, to: number): void {
    this.#reserve(to - from);
    this.#length = copyBytes({ bytes: this.#records.bytes, start: from, end: to }, this.#out, this.#length);
  }

  #endLine(): void {
    const { length } = this.#newline;
    this.#reserve(length);
    this.#length = copyBytes({ bytes: this.#newline, start: 0, end: length }, this.#out, this.#length);
  }

  #write(text: string): void {
    this.#reserve(text.length * 3);
    this.#length += this.#out.write(text, this.#length);
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#out.length) return;
    const larger = Buffer.allocUnsafeSlow((this.#length + bytes) * 2);
    this.#out.copy(larger, 0, 0, this.#length);
    this.#out = larger;
  }
}
