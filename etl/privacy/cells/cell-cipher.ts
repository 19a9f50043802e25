import { Buffer } from 'node:buffer';
import type { LibSodium } from 'libsodium';
import { UNOPENED } from '../../contract/compile-sealed.ts';
import { newCellBytes } from '../cell-bytes.ts';
import { paddedLength, paddedTextBytes, prefixLength, writeLength } from '../padding.ts';
import { columnKeys, commonSecret } from '../seal-value.ts';
import type { Sodium } from '../sodium.ts';
import { base64urlLength, readBase64url, writeBase64url } from './base64url.ts';
import {
  type CellSecrets,
  HEADER_BYTES,
  type OpeningJob,
  type PackedTexts,
  SECRET_BYTES,
  type SealingJob,
} from './cell-job.ts';
import { CellKeys } from './cell-keys.ts';
import { SHORT_BYTES } from './copy-bytes.ts';
import { COLUMN_AT, hasHeader, isForgottenBytes } from './envelope-bytes.ts';
import { HeaderWriter } from './header-writer.ts';

const [NONCE_BYTES, TAG_BYTES, HASH_BYTES, KEY_BYTES] = [12, 16, 16, 32];
const COLUMN_LENGTH = 8;
const OVERHEAD = NONCE_BYTES + TAG_BYTES;
/** Memory of this size is kept from one cell to the next. */
const SMALL_BYTES = 64 * 1024;

const GONE = Buffer.from(UNOPENED.gone);
const TAMPERED = Buffer.from(UNOPENED.tampered);
const FORGOTTEN = Buffer.from(UNOPENED.forgotten);
const LONGEST_UNOPENED = Math.max(GONE.length, TAMPERED.length, FORGOTTEN.length);

/**
 * Seals and opens the cells of whole jobs as seal-value.ts says, from bytes to bytes, and keeps derived keys from one job
 * to the next: it is not to live longer than the work on one file.
 */
export class CellCipher {
  readonly #lib: LibSodium;
  readonly #sodium: Sodium;
  readonly #keys: CellKeys;
  #start: number;
  #size = SMALL_BYTES;
  readonly #columns = new Map<number, readonly string[]>();
  /** Where the cell at hand is worked on: addresses of its header, its text and what is sealed, and the text's length once padded. */
  #header = 0;
  #text = 0;
  #payload = 0;
  #length = 0;
  /** The cell that is opened, and where is written next. */
  readonly #cell = newCellBytes();
  #at = 0;
  /** What the values of the last subject and period had in common: a row has several. */
  #last: { subject: number; period: number; common: Uint8Array } | undefined;

  /** A cipher that has no keys yet; its memory is wiped and freed with the Sodium's. */
  constructor(sodium: Sodium) {
    this.#lib = sodium.lib;
    this.#sodium = sodium;
    this.#keys = new CellKeys(sodium.lib);
    this.#start = sodium.lib._malloc(SMALL_BYTES);
    sodium.follow(() => this.#dispose());
  }

  /** The envelopes of a job's values, in their order. */
  seal({ headers, texts, secrets }: SealingJob): PackedTexts {
    const { starts, lengths } = texts;
    this.#last = undefined;
    const header = new HeaderWriter(headers);
    const out = new Uint8Array(sealedBytes(lengths));
    const ends = new Uint32Array(lengths.length);
    let at = 0;
    for (let cell = 0; cell < lengths.length; cell++) {
      const length = lengths[cell] ?? 0;
      const start = starts[cell] ?? 0;
      const bytes = header.of(cell);
      const keys = this.#keys.find(bytes, 0) || this.#derive(bytes, 0, secrets, cell);
      this.#place(bytes, 0, paddedLength(length));
      if (start >= 0) this.#write(texts.common, start, start + length);
      else this.#write(texts.beside, -1 - start, length - 1 - start);
      for (let n = 0; n < HEADER_BYTES; n++) out[at + n] = bytes[n] ?? 0;
      at = this.#sealed(keys, out, at + HEADER_BYTES);
      ends[cell] = at;
    }
    return { bytes: out, ends };
  }

  /** What stands in a job's cells, in their order: the values, or one of UNOPENED. */
  open({ texts, secrets }: OpeningJob): PackedTexts {
    const { starts, lengths, common, beside } = texts;
    this.#last = undefined;
    const out = new Uint8Array(openedBytes(lengths));
    const openedEnds = new Uint32Array(lengths.length);
    this.#at = 0;
    for (let cell = 0; cell < lengths.length; cell++) {
      const start = starts[cell] ?? 0;
      this.#cell.bytes = start >= 0 ? common : beside;
      this.#cell.start = start >= 0 ? start : -1 - start;
      this.#cell.end = this.#cell.start + (lengths[cell] ?? 0);
      this.#open(secrets, cell, out);
      openedEnds[cell] = this.#at;
    }
    return { bytes: out, ends: openedEnds };
  }

  #dispose(): void {
    this.#lib.HEAPU8.fill(0, this.#start, this.#start + this.#size);
    this.#lib._free(this.#start);
    this.#keys.dispose();
    this.#size = 0;
    this.#last = undefined;
  }

  #derive(bytes: Uint8Array, header: number, secrets: CellSecrets, cell: number): number {
    const { subjectKeys, periodKeys, subjects, periods } = secrets;
    const [subject, period] = [subjects[cell] ?? 0, periods[cell] ?? 0];
    if (this.#last?.subject !== subject || this.#last.period !== period) {
      const subjectKey = subjectKeys.subarray(subject * SECRET_BYTES, (subject + 1) * SECRET_BYTES);
      const periodKey = periodKeys.subarray(period * SECRET_BYTES, (period + 1) * SECRET_BYTES);
      this.#last = { subject, period, common: commonSecret(this.#sodium, { subjectKey, periodKey }) };
    }
    const column = this.#columnAt(bytes, header + COLUMN_AT);
    return this.#keys.add(bytes, header, columnKeys(this.#sodium, this.#last.common, column));
  }

  /** The id of a column; there are few of them. */
  #columnAt(bytes: Uint8Array, at: number): string {
    const first = ((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8);
    for (const column of this.#columns.get(first) ?? []) if (isAt(column, bytes, at)) return column;
    const column = String.fromCharCode(...bytes.subarray(at, at + COLUMN_LENGTH));
    this.#columns.set(first, [...(this.#columns.get(first) ?? []), column]);
    return column;
  }

  /** Makes room for a cell with a text of so many bytes, once padded, and puts its header there. */
  #place(bytes: Uint8Array, header: number, length: number): void {
    this.#reserve(HASH_BYTES + HEADER_BYTES + length + OVERHEAD + length);
    const memory = this.#lib.HEAPU8;
    const at = this.#start + HASH_BYTES;
    for (let n = 0; n < HEADER_BYTES; n++) memory[at + n] = bytes[header + n] ?? 0;
    this.#header = at;
    this.#text = at + HEADER_BYTES;
    this.#length = length;
    this.#payload = this.#text + length;
  }

  /** Writes a text as it is sealed: its length, its bytes, and zeros up to a full block. */
  #write(bytes: Uint8Array, start: number, end: number): void {
    const memory = this.#lib.HEAPU8;
    let at = writeLength(memory, this.#text, end - start);
    if (end - start > SHORT_BYTES) memory.set(bytes.subarray(start, end), at);
    else for (let n = start; n < end; n++) memory[at + n - start] = bytes[n] ?? 0;
    for (at += end - start; at < this.#payload; at++) memory[at] = 0;
  }

  #sealed(keys: number, out: Uint8Array, at: number): number {
    const lib = this.#lib;
    const [hash, sealed, length] = [this.#start, this.#payload, this.#length];
    const body = sealed + NONCE_BYTES;
    lib._crypto_generichash(hash, HASH_BYTES, this.#header, HEADER_BYTES + length, 0, keys, KEY_BYTES);
    const memory = lib.HEAPU8;
    for (let n = 0; n < NONCE_BYTES; n++) memory[sealed + n] = memory[hash + n] ?? 0;
    lib._crypto_aead_chacha20poly1305_ietf_encrypt(
      body,
      0,
      this.#text,
      length,
      0,
      this.#header,
      HEADER_BYTES,
      0,
      0,
      hash,
      keys + KEY_BYTES,
    );
    return writeBase64url({ bytes: memory, start: sealed, end: body + length + TAG_BYTES }, out, at);
  }

  /** Writes what stands in the cell at hand, and goes on behind it. */
  #open(secrets: CellSecrets, cell: number, out: Uint8Array): void {
    const hasKeys = (secrets.subjects[cell] ?? -1) >= 0 && (secrets.periods[cell] ?? -1) >= 0;
    const shut = this.#decode(hasKeys);
    if (shut !== undefined) {
      this.#say(shut, out);
      return;
    }
    const { bytes, start } = this.#cell;
    const keys = this.#keys.find(bytes, start) || this.#derive(bytes, start, secrets, cell);
    const opened = this.#length <= 0 ? -1 : this.#opened(keys);
    if (opened < 0) this.#say(TAMPERED, out);
    else this.#copy(opened, out);
  }

  /** Puts what is sealed in its place; returns what is to be said of a cell that can't be opened, whatever its keys say. */
  #decode(hasKeys: boolean): Uint8Array | undefined {
    const { bytes, start, end } = this.#cell;
    if (!hasKeys && isForgottenBytes(bytes, start, end)) return FORGOTTEN;
    // What has keys was found by its header.
    if (!hasKeys && !hasHeader(bytes, start, end)) return TAMPERED;
    const payload = start + HEADER_BYTES;
    const length = Math.floor(((end - payload) * 3) / 4) - OVERHEAD;
    this.#place(bytes, start, Math.max(length, 0));
    const isPayload = readBase64url({ bytes, start: payload, end }, this.#lib.HEAPU8, this.#payload);
    if (!isPayload) return TAMPERED;
    return !hasKeys || payload === end ? GONE : undefined;
  }

  /** How many bytes the text has, which is in its place then; -1 unless keys, header and every byte are those of the sealing. */
  #opened(keys: number): number {
    const lib = this.#lib;
    const [hash, sealed, length] = [this.#start, this.#payload, this.#length];
    const failed = lib._crypto_aead_chacha20poly1305_ietf_decrypt(
      this.#text,
      0,
      0,
      sealed + NONCE_BYTES,
      length + TAG_BYTES,
      0,
      this.#header,
      HEADER_BYTES,
      0,
      sealed,
      keys + KEY_BYTES,
    );
    if (failed !== 0) return -1;
    // The nonce commits to the text: no other pair of keys opens the same bytes to another one.
    lib._crypto_generichash(hash, HASH_BYTES, this.#header, HEADER_BYTES + length, 0, keys, KEY_BYTES);
    const memory = lib.HEAPU8;
    for (let n = 0; n < NONCE_BYTES; n++) if (memory[hash + n] !== memory[sealed + n]) return -1;
    return paddedTextBytes(memory, this.#text, length);
  }

  /** Writes a text of so many bytes that was opened. */
  #copy(length: number, out: Uint8Array): void {
    const memory = this.#lib.HEAPU8;
    const start = this.#text + prefixLength(length);
    if (length > SHORT_BYTES) out.set(memory.subarray(start, start + length), this.#at);
    else for (let n = 0; n < length; n++) out[this.#at + n] = memory[start + n] ?? 0;
    this.#at += length;
  }

  /** Writes what is said of a cell that stays shut. */
  #say(text: Uint8Array, out: Uint8Array): void {
    out.set(text, this.#at);
    this.#at += text.length;
  }

  /** Has room for so many bytes. What a long text needed is given back by the next cell. */
  #reserve(bytes: number): void {
    const wanted = Math.max(bytes, SMALL_BYTES);
    if (wanted === this.#size) return;
    this.#lib.HEAPU8.fill(0, this.#start, this.#start + this.#size);
    this.#lib._free(this.#start);
    this.#start = this.#lib._malloc(wanted);
    this.#size = wanted;
  }
}

function isAt(column: string, bytes: Uint8Array, at: number): boolean {
  for (let n = 0; n < COLUMN_LENGTH; n++) if (column.charCodeAt(n) !== bytes[at + n]) return false;
  return true;
}

/** How many bytes the envelopes of texts of such lengths have. */
function sealedBytes(lengths: Uint32Array): number {
  let total = 0;
  for (const length of lengths) total += HEADER_BYTES + base64urlLength(paddedLength(length) + OVERHEAD);
  return total;
}

/** How many bytes what stands in cells of such lengths has at most: a value is shorter than its envelope. */
function openedBytes(lengths: Uint32Array): number {
  let total = lengths.length * LONGEST_UNOPENED;
  for (const length of lengths) total += length;
  return total;
}
