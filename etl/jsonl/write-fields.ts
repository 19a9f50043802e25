import { Buffer } from 'node:buffer';
import type { ChangedRow } from './changed-row.ts';
import { KIND, type RecordScanner, UNKNOWN } from './scan-record.ts';
import type { JsonShape } from './shape.ts';
import { BACKSLASH, CLOSE, COLON, COMMA, codeUnit, ESCAPED, LETTER_U, OPEN, QUOTE, SPACE } from './tokens.ts';

const LETTER_D = 0x64;

const [TAB, LF, CR, DOT, NBSP_LEAD, NBSP_TAIL] = [9, 10, 13, 0x2e, 0xc2, 0xa0];

/**
 * Writes scanned JSON records as CSV in plain signs (`,`, `"`, LF), a field a column, and behind them the unknown members
 * as one JSON object. A text is quoted, so that an empty one is no NULL; NULL and what is absent are nothing; a number
 * is what was written, an object or array its canonical text:
 * without white space, in the order in which it came, numbers as written, texts with the shortest escapes that JSON needs
 * (`\"`, `\\`, `\b`, `\f`, `\n`, `\r`, `\t`, `\u00xx` for other control characters).
 */
export class FieldWriter {
  readonly #commas: readonly boolean[];
  readonly #row: ChangedRow | undefined;
  readonly #others: JsonShape['others'];
  #out: Uint8Array = Buffer.allocUnsafeSlow(64 * 1024);
  #length = 0;
  /** Whether some text begins or ends with a blank, or holds a line end. */
  hasEdgeBlanks = false;
  hasLineEnds = false;
  longestBytes = 0;

  constructor({ commas, row, others }: JsonShape) {
    this.#commas = commas;
    this.#row = row;
    this.#others = others;
  }

  /** Forgets what was written. */
  begin(): void {
    this.#length = 0;
    this.hasEdgeBlanks = false;
    this.hasLineEnds = false;
    this.longestBytes = 0;
  }

  /** What was written; good until `begin`. */
  get written(): Uint8Array {
    return this.#out.subarray(0, this.#length);
  }

  /** Adds a record without any value. */
  blank(): void {
    const fields = this.#commas.length + 1;
    this.#makeRoom(fields);
    for (let field = 1; field < fields; field++) this.#put(COMMA);
    this.#put(LF);
  }

  /** Adds the record that was scanned in some bytes. */
  record(bytes: Uint8Array, scanned: RecordScanner): void {
    const from = this.#length;
    const { kinds, starts, ends } = scanned;
    const before = this.#rowBefore(bytes, scanned);
    for (let field = 0; field < this.#commas.length; field++) {
      const slot = before?.get(field) ?? this.#placeOf(field, kinds);
      const kind = kinds[slot] as number;
      if (kind > KIND.null) {
        this.#field(bytes, kind, { start: starts[slot] as number, end: ends[slot] as number, field });
      } else this.#makeRoom(1);
      this.#put(COMMA);
    }
    if (scanned.unknown.length > 0) this.#unknown(bytes, scanned.unknown);
    else if (scanned.hasUnknown) this.#mark();
    this.#makeRoom(1);
    this.#put(LF);
    if (this.#length - from > this.longestBytes) this.longestBytes = this.#length - from;
  }

  /** The slot of a field: its own, or the first of its others with a value where that has none. */
  #placeOf(field: number, kinds: Uint8Array): number {
    const others = this.#others?.get(field);
    if (others === undefined || (kinds[field] as number) > KIND.null) return field;
    return others.find((slot) => (kinds[slot] as number) > KIND.null) ?? field;
  }

  /** Which slots have the row where it was deleted. */
  #rowBefore(bytes: Uint8Array, { kinds, starts, ends }: RecordScanner): ChangedRow['before'] | undefined {
    const row = this.#row;
    if (row === undefined || kinds[row.operation] !== KIND.text) return undefined;
    const start = starts[row.operation] as number;
    return bytes[start] === LETTER_D && ends[row.operation] === start + 1 ? row.before : undefined;
  }

  #field(
    bytes: Uint8Array,
    kind: number,
    { start, end, field }: { start: number; end: number; field: number },
  ): void {
    this.#makeRoom(2 * (end - start) + 3);
    switch (kind) {
      case KIND.text:
        this.#plainText(bytes, start, end);
        break;
      case KIND.escapedText:
        this.#escapedText(bytes, start, end);
        break;
      case KIND.container:
        this.#put(QUOTE);
        this.#canonical(bytes, start, end);
        this.#put(QUOTE);
        break;
      default:
        this.#copy(bytes, start, end);
        if (kind === KIND.number && this.#commas[field] === true) this.#comma(end - start);
    }
  }

  /** A number's point as a comma, in quotes. */
  #comma(size: number): void {
    const start = this.#length - size;
    const dot = this.#out.subarray(start, this.#length).indexOf(DOT);
    if (dot < 0) return;
    this.#out.copyWithin(start + 1, start, this.#length);
    this.#out[start] = QUOTE;
    this.#out[start + 1 + dot] = COMMA;
    this.#length++;
    this.#put(QUOTE);
  }

  #plainText(bytes: Uint8Array, start: number, end: number): void {
    if (end > start && isAnyBlank(bytes[start] as number, bytes[end - 1] as number))
      this.hasEdgeBlanks = true;
    this.#put(QUOTE);
    this.#copy(bytes, start, end);
    this.#put(QUOTE);
  }

  #escapedText(bytes: Uint8Array, start: number, end: number): void {
    this.#put(QUOTE);
    const from = this.#length;
    for (let at = start; at < end; ) {
      const byte = bytes[at] as number;
      if (byte !== BACKSLASH) {
        this.#put(byte);
        at++;
        continue;
      }
      const character = characterAt(bytes, at);
      at += sizeOfEscape(bytes, at, character);
      if (character === LF || character === CR) this.hasLineEnds = true;
      if (character === QUOTE) this.#put(QUOTE);
      this.#putCharacter(character);
    }
    if (this.#length > from && isAnyBlank(this.#out[from] as number, this.#out[this.#length - 1] as number))
      this.hasEdgeBlanks = true;
    this.#put(QUOTE);
  }

  /** The canonical text of an object or array, its quotes doubled. */
  #canonical(bytes: Uint8Array, start: number, end: number): void {
    let isInText = false;
    for (let at = start; at < end; at++) {
      const byte = bytes[at] as number;
      if (byte === QUOTE) {
        isInText = !isInText;
        this.#put(QUOTE);
        this.#put(QUOTE);
      } else if (byte === BACKSLASH) {
        const character = characterAt(bytes, at);
        at += sizeOfEscape(bytes, at, character) - 1;
        this.#putEscaped(character);
      } else if (isInText || !(byte === SPACE || byte === TAB || byte === CR)) this.#put(byte);
    }
  }

  /** A character that was escaped as JSON has to write it, quotes doubled. */
  #putEscaped(character: number): void {
    const short = SHORT.get(character);
    if (short !== undefined) {
      this.#put(BACKSLASH);
      if (short === QUOTE) this.#put(QUOTE);
      this.#put(short);
    } else if (character < SPACE) {
      for (const byte of Buffer.from(`\\u${character.toString(16).padStart(4, '0')}`)) this.#put(byte);
    } else this.#putCharacter(character);
  }

  /** The unknown members as an object in a quoted field. */
  #unknown(bytes: Uint8Array, unknown: readonly number[]): void {
    const at = (n: number): number => unknown[n] as number;
    this.#makeRoom(2);
    this.#put(QUOTE);
    this.#put(OPEN);
    let isFirst = true;
    for (let n = 0; n < unknown.length; ) {
      const what = at(n);
      if (what === UNKNOWN.close) {
        this.#makeRoom(1);
        this.#put(CLOSE);
        n++;
        continue;
      }
      const isMember = what === UNKNOWN.member;
      this.#makeRoom(2 * (at(n + 2) - at(n + 1) + (isMember ? at(n + 4) - at(n + 3) : 0)) + 8);
      if (!isFirst) this.#put(COMMA);
      this.#canonical(bytes, at(n + 1) - 1, at(n + 2) + 1);
      this.#put(COLON);
      if (isMember) this.#canonical(bytes, at(n + 3), at(n + 4));
      else this.#put(OPEN);
      isFirst = !isMember;
      n += isMember ? 5 : 3;
    }
    this.#makeRoom(2);
    this.#put(CLOSE);
    this.#put(QUOTE);
  }

  /** Something in the last field: a record with unknown members is not blank, even if it has none of the wanted values. */
  #mark(): void {
    this.#makeRoom(2);
    this.#put(OPEN);
    this.#put(CLOSE);
  }

  #putCharacter(character: number): void {
    if (character < 0x80) this.#put(character);
    else for (const byte of Buffer.from(String.fromCodePoint(character))) this.#put(byte);
  }

  #copy(bytes: Uint8Array, start: number, end: number): void {
    const out = this.#out;
    if (end - start > LONG) {
      out.set(bytes.subarray(start, end), this.#length);
      this.#length += end - start;
      return;
    }
    let to = this.#length;
    for (let at = start; at < end; at++) out[to++] = bytes[at] as number;
    this.#length = to;
  }

  #put(byte: number): void {
    this.#out[this.#length++] = byte;
  }

  #makeRoom(moreBytes: number): void {
    if (this.#length + moreBytes <= this.#out.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#length + moreBytes, this.#out.length * 2));
    larger.set(this.#out.subarray(0, this.#length));
    this.#out = larger;
  }
}

/** Longer values are copied by the machine; for shorter ones a loop is faster. */
const LONG = 64;

/** Whether a text's first or last byte may be one of a blank's. */
const isAnyBlank = (first: number, last: number): boolean =>
  first <= SPACE || first === NBSP_LEAD || last <= SPACE || last === NBSP_TAIL;

/** Letters behind a backslash by what they stand for; a solidus needs none. */
const SHORT: ReadonlyMap<number, number> = new Map(
  [...ESCAPED].filter(([letter]) => letter !== 0x2f).map(([letter, character]) => [character, letter]),
);

/** The character that an escape stands for; it is a right one. */
function characterAt(bytes: Uint8Array, at: number): number {
  const letter = bytes[at + 1] as number;
  if (letter !== LETTER_U) return ESCAPED.get(letter) as number;
  const unit = codeUnit(bytes, at + 2, bytes.length);
  if (unit < 0xd800 || unit > 0xdfff) return unit;
  return 0x10000 + (unit - 0xd800) * 0x400 + codeUnit(bytes, at + 8, bytes.length) - 0xdc00;
}

function sizeOfEscape(bytes: Uint8Array, at: number, character: number): number {
  if (bytes[at + 1] !== LETTER_U) return 2;
  return character > 0xffff ? 12 : 6;
}
