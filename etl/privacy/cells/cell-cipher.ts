import { Buffer } from 'node:buffer';
import type { LibSodium } from 'libsodium';
import { UNOPENED } from '../../contract/compile-sealed.ts';
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
import { copyBytes, type Span } from './copy-bytes.ts';
import { COLUMN_AT, hasHeader, isForgottenBytes, isSealedBytes } from './envelope-bytes.ts';

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
    const { ends } = texts;
    this.#last = undefined;
    const out = new Uint8Array(sealedBytes(ends));
    const sealedEnds = new Uint32Array(ends.length);
    let [start, at] = [0, 0];
    for (let cell = 0; cell < ends.length; cell++) {
      const end = ends[cell] ?? 0;
      const header = cell * HEADER_BYTES;
      const keys = this.#keys.find(headers, header) || this.#derive(headers, header, secrets, cell);
      const place = this.#place(headers, header, paddedLength(end - start));
      this.#write(texts.bytes, start, end, place);
      at = copyBytes({ bytes: headers, start: header, end: header + HEADER_BYTES }, out, at);
      at = this.#sealed(keys, place, out, at);
      sealedEnds[cell] = at;
      start = end;
    }
    return { bytes: out, ends: sealedEnds };
  }

  /** By field what stands in a job's cells, with the job's separator between two: the values, or one of UNOPENED. */
  open({ fields, secrets, separator }: OpeningJob): readonly Uint8Array<ArrayBuffer>[] {
    this.#last = undefined;
    const outs = fields.map(({ bytes, ends }): Writing => {
      const most = bytes.length + ends.length * (separator.length + LONGEST_UNOPENED);
      return { bytes: new Uint8Array(most), at: 0, start: 0 };
    });
    const records = fields[0]?.ends.length ?? 0;
    for (let record = 0, cell = 0; record < records; record++) {
      for (let field = 0; field < fields.length; field++, cell++) {
        const [packed, out] = [fields[field], outs[field]];
        if (packed === undefined || out === undefined) continue;
        const { bytes, ends } = packed;
        const { start } = out;
        const end = ends[record] ?? 0;
        if (record > 0) out.at = written(separator, out.bytes, out.at);
        if (isSealedBytes(bytes, start, end))
          out.at = this.#open({ bytes, start, end }, { secrets, cell }, out);
        // The next cell begins behind a NUL.
        out.start = end + 1;
      }
    }
    return outs.map(({ bytes, at }) => bytes.subarray(0, at));
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

  /** Where a cell with a text of so many bytes, once padded, is worked on; its header is there. */
  #place(bytes: Uint8Array, header: number, length: number): Place {
    this.#reserve(HASH_BYTES + HEADER_BYTES + length + OVERHEAD + length);
    const memory = this.#lib.HEAPU8;
    const at = this.#start + HASH_BYTES;
    const text = copyBytes({ bytes, start: header, end: header + HEADER_BYTES }, memory, at);
    return { hash: this.#start, header: at, text, sealed: text + length, length };
  }

  /** Writes a text as it is sealed: its length, its bytes, and zeros up to a full block. */
  #write(bytes: Uint8Array, start: number, end: number, { text, length }: Place): void {
    const memory = this.#lib.HEAPU8;
    const begin = writeLength(memory, text, end - start);
    memory.fill(0, copyBytes({ bytes, start, end }, memory, begin), text + length);
  }

  #sealed(keys: number, { hash, header, text, sealed, length }: Place, out: Uint8Array, at: number): number {
    const lib = this.#lib;
    const body = sealed + NONCE_BYTES;
    lib._crypto_generichash(hash, HASH_BYTES, header, HEADER_BYTES + length, 0, keys, KEY_BYTES);
    lib.HEAPU8.copyWithin(sealed, hash, hash + NONCE_BYTES);
    lib._crypto_aead_chacha20poly1305_ietf_encrypt(
      body,
      0,
      text,
      length,
      0,
      header,
      HEADER_BYTES,
      0,
      0,
      hash,
      keys + KEY_BYTES,
    );
    return writeBase64url({ bytes: lib.HEAPU8, start: sealed, end: body + length + TAG_BYTES }, out, at);
  }

  /** Writes what stands in a sealed cell; returns where it ends. */
  #open({ bytes, start, end }: Span, { secrets, cell }: CellOf, { bytes: out, at }: Writing): number {
    const hasKeys = (secrets.subjects[cell] ?? -1) >= 0 && (secrets.periods[cell] ?? -1) >= 0;
    if (!hasKeys && isForgottenBytes(bytes, start, end)) return written(FORGOTTEN, out, at);
    // What has keys was found by its header.
    if (!hasKeys && !hasHeader(bytes, start, end)) return written(TAMPERED, out, at);
    const payload = start + HEADER_BYTES;
    const length = Math.floor(((end - payload) * 3) / 4) - OVERHEAD;
    const place = this.#place(bytes, start, Math.max(length, 0));
    const isPayload = readBase64url({ bytes, start: payload, end }, this.#lib.HEAPU8, place.sealed);
    if (!isPayload) return written(TAMPERED, out, at);
    if (!hasKeys || payload === end) return written(GONE, out, at);
    const keys = this.#keys.find(bytes, start) || this.#derive(bytes, start, secrets, cell);
    const opened = length <= 0 ? -1 : this.#opened(keys, place);
    return opened < 0 ? written(TAMPERED, out, at) : this.#copied(place.text, opened, out, at);
  }

  /** How many bytes the text has, which is in its place then; -1 unless keys, header and every byte are those of the sealing. */
  #opened(keys: number, { hash, header, text, sealed, length }: Place): number {
    const lib = this.#lib;
    const body = sealed + NONCE_BYTES;
    const failed = lib._crypto_aead_chacha20poly1305_ietf_decrypt(
      text,
      0,
      0,
      body,
      length + TAG_BYTES,
      0,
      header,
      HEADER_BYTES,
      0,
      sealed,
      keys + KEY_BYTES,
    );
    if (failed !== 0) return -1;
    // The nonce commits to the text: no other pair of keys opens the same bytes to another one.
    lib._crypto_generichash(hash, HASH_BYTES, header, HEADER_BYTES + length, 0, keys, KEY_BYTES);
    const memory = lib.HEAPU8;
    for (let n = 0; n < NONCE_BYTES; n++) if (memory[hash + n] !== memory[sealed + n]) return -1;
    return paddedTextBytes(memory, text, length);
  }

  #copied(text: number, length: number, out: Uint8Array, at: number): number {
    const start = text + prefixLength(length);
    return copyBytes({ bytes: this.#lib.HEAPU8, start, end: start + length }, out, at);
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

/** The n-th cell of a job with these secrets. */
interface CellOf {
  readonly secrets: CellSecrets;
  readonly cell: number;
}

/** Where is written next, and where the next cell begins that is read. */
interface Writing {
  readonly bytes: Uint8Array<ArrayBuffer>;
  at: number;
  start: number;
}

/** Addresses of what one cell is worked on with, and how long its text is once padded. */
interface Place {
  readonly hash: number;
  readonly header: number;
  readonly text: number;
  readonly sealed: number;
  readonly length: number;
}

function isAt(column: string, bytes: Uint8Array, at: number): boolean {
  for (let n = 0; n < COLUMN_LENGTH; n++) if (column.charCodeAt(n) !== bytes[at + n]) return false;
  return true;
}

const written = (bytes: Uint8Array, out: Uint8Array, at: number): number =>
  copyBytes({ bytes, start: 0, end: bytes.length }, out, at);

/** How many bytes the envelopes of texts have that end so. */
function sealedBytes(ends: Uint32Array): number {
  let [total, start] = [0, 0];
  for (const end of ends) {
    total += HEADER_BYTES + base64urlLength(paddedLength(end - start) + OVERHEAD);
    start = end;
  }
  return total;
}
