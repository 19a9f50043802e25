import { Buffer } from 'node:buffer';
import { parse } from 'csv-parse/sync';
import { SPACE } from './record-fields.ts';
import { ANY_WIDTH, type RecordFormat } from './record-format.ts';

/** A delimiter and a quote. Plain they are where the delimiter is one sign, and quotes are doubled within quotes. */
export interface PlainSigns {
  readonly delimiter: string;
  readonly quote: string;
}

/** The plain signs that records of a dialect are handed on in: its own, as far as it can be. */
export function plainSigns({ delimiter, quote }: PlainSigns): PlainSigns {
  if (delimiter.length === 1) return { delimiter, quote };
  return { delimiter: quote === ',' ? ';' : ',', quote };
}

/** Whether every record of a dialect must be rewritten. */
export function isAlwaysRewritten(format: RecordFormat): boolean {
  return format.delimiterRest !== undefined;
}

/**
 * A well-formed record in plain signs, without its terminator. Fields with text, and fields that were quoted, are
 * quoted; empty ones stay empty. Fields past the header's width are dropped.
 */
export function rewriteRecord(record: Uint8Array, format: RecordFormat, plain: PlainSigns): Uint8Array {
  return new Rewriter(record, format, plain).rewrite();
}

/** The texts of a well-formed record's fields, from its UTF-8. */
export function fieldTexts(utf8: Uint8Array, format: RecordFormat, dialect: PlainSigns): string[] {
  if (isSplitByDelimiters(utf8, format))
    return Buffer.from(utf8).toString('utf8').split(String.fromCharCode(format.delimiter));
  const plain = plainSigns(dialect);
  const text = Buffer.from(rewriteRecord(utf8, { ...format, fields: ANY_WIDTH }, plain));
  const rows: string[][] = parse(text, { ...plain, escape: plain.quote });
  return rows[0] ?? [];
}

/** Whether a record's fields are what stands between its delimiters, byte by byte. */
function isSplitByDelimiters(utf8: Uint8Array, format: RecordFormat): boolean {
  const { quote, delimiter, delimiterRest, skipsSpaces } = format;
  const isOneSign = delimiterRest === undefined && delimiter < 0x80;
  return utf8.length > 0 && isOneSign && !skipsSpaces && !utf8.includes(quote);
}

class Rewriter {
  readonly #record: Uint8Array;
  readonly #format: RecordFormat;
  readonly #delimiter: number;
  readonly #out: Uint8Array;
  #at = 0;
  #length = 0;

  constructor(record: Uint8Array, format: RecordFormat, plain: PlainSigns) {
    this.#record = record;
    this.#format = format;
    this.#delimiter = plain.delimiter.charCodeAt(0);
    // At most, each byte is a quote to be doubled, or a field of its own in new quotes.
    this.#out = Buffer.allocUnsafe(record.length * 3 + 2);
  }

  rewrite(): Uint8Array {
    const { fields, delimiterRest } = this.#format;
    for (let field = 1; ; field++) {
      this.#field();
      if (this.#at >= this.#record.length || field === fields) break;
      this.#at += 1 + (delimiterRest?.length ?? 0);
      this.#put(this.#delimiter);
    }
    return this.#out.subarray(0, this.#length);
  }

  #field(): void {
    const { quote, skipsSpaces } = this.#format;
    while (skipsSpaces && this.#record[this.#at] === SPACE) this.#at++;
    if (this.#record[this.#at] === quote) {
      this.#put(quote);
      this.#quoted();
      this.#put(quote);
    } else if (this.#at < this.#record.length && !this.#isDelimiter()) {
      this.#put(quote);
      for (; this.#at < this.#record.length && !this.#isDelimiter(); this.#at++) this.#putText();
      this.#put(quote);
    }
  }

  /** The text between quotes. Escapes are dropped; one that escapes nothing is text. */
  #quoted(): void {
    const { quote, escape: escaping, escapesItself } = this.#format;
    for (this.#at++; this.#at < this.#record.length; this.#at++) {
      const [byte, next] = [this.#record[this.#at], this.#record[this.#at + 1]];
      const isEscape = byte === escaping && (next === quote || (escapesItself && next === escaping));
      if (isEscape) this.#at++;
      else if (byte === quote) break;
      this.#putText();
    }
    this.#at++;
  }

  #putText(): void {
    const byte = this.#record[this.#at] ?? 0;
    if (byte === this.#format.quote) this.#put(byte);
    this.#put(byte);
  }

  #put(byte: number): void {
    this.#out[this.#length++] = byte;
  }

  #isDelimiter(): boolean {
    const { delimiter, delimiterRest: rest } = this.#format;
    if (this.#record[this.#at] !== delimiter) return false;
    return rest === undefined || rest.every((byte, n) => this.#record[this.#at + 1 + n] === byte);
  }
}
