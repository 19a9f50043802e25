import { Buffer } from 'node:buffer';
import type { LibSodium } from 'libsodium';
import { paddedLength, readPadded, writePadded } from './padding.ts';

/** Bytes of a nonce and of an authentication tag of RFC 8439. */
const [NONCE_BYTES, TAG_BYTES] = [12, 16];
/** Bytes of what HKDF-SHA-512 extracts, and of the one block that is expanded. */
const PRK_BYTES = 64;
/** A synthetic nonce is the first bytes of a BLAKE2b of this size, the smallest that libsodium makes. */
const HASH_BYTES = 16;
/** Memory of this size is kept from one call to the next. */
const SMALL_BYTES = 64 * 1024;
const KEY_BYTES = 32;

/** Two keys of 32 bytes each, one behind the other: for nonces, then for texts. */
export type SealingKeys = Uint8Array;

/**
 * Standard constructions of libsodium in memory of their own: HKDF-SHA-512 (RFC 5869), keyed BLAKE2b (RFC 7693),
 * ChaCha20-Poly1305 (RFC 8439). All calls are synchronous; headers and purposes are ASCII.
 */
export class Sodium {
  /** For what works in its memory beside it. */
  readonly lib: LibSodium;
  #memory: Buffer;
  #start: number;
  #size = SMALL_BYTES;
  readonly #states: HmacStates;
  /** The secret whose state is kept: beginning costs as much as ending. */
  #expanded: Uint8Array | undefined;
  readonly #followers: (() => void)[] = [];

  private constructor(lib: LibSodium) {
    this.lib = lib;
    this.#start = lib._malloc(this.#size);
    const bytes = lib._crypto_kdf_hkdf_sha512_statebytes();
    const unsalted = lib._malloc(3 * bytes);
    this.#states = { bytes, unsalted, expanded: unsalted + bytes, working: unsalted + 2 * bytes };
    lib._crypto_kdf_hkdf_sha512_extract_init(unsalted, 0, 0);
    this.#memory = Buffer.from(lib.HEAPU8.buffer);
  }

  /** Loads libsodium, once a process or thread (10 ms); nothing of it is loaded before. */
  static async open(): Promise<Sodium> {
    const { default: load } = await import('libsodium');
    loading ??= load();
    return new Sodium(await loading);
  }

  /** HKDF's first half, without salt: 64 bytes out of two secrets, one behind the other. */
  extract(first: Uint8Array, second: Uint8Array): Uint8Array {
    const length = first.length + second.length;
    const at = this.#reserve(Math.max(length, PRK_BYTES));
    this.#memory.set(first, at);
    this.#memory.set(second, at + first.length);
    return this.#hmac(this.#states.unsalted, at, length);
  }

  /** HKDF's second half: 64 bytes for a purpose. Several purposes of the same secret are best asked for one after another. */
  expand(prk: Uint8Array, purpose: string): Uint8Array {
    const length = purpose.length + 1;
    const at = this.#reserve(PRK_BYTES + length);
    const info = at + PRK_BYTES;
    if (prk !== this.#expanded) {
      this.#memory.set(prk, at);
      this.lib._crypto_kdf_hkdf_sha512_extract_init(this.#states.expanded, at, PRK_BYTES);
      this.#expanded = prk;
    }
    this.#memory.write(purpose, info, 'latin1');
    // The number of the block, which is the first and only one.
    this.#memory[info + purpose.length] = 1;
    return this.#hmac(this.#states.expanded, info, length);
  }

  /** HMAC-SHA-512 of some memory, which it is written over, by a state that is begun and stays as it is. */
  #hmac(begun: number, at: number, length: number): Uint8Array {
    const { working, bytes } = this.#states;
    this.#memory.copyWithin(working, begun, begun + bytes);
    this.lib._crypto_kdf_hkdf_sha512_extract_update(working, at, length);
    this.lib._crypto_kdf_hkdf_sha512_extract_final(working, at);
    return this.#copy(at, PRK_BYTES);
  }

  /** A text, padded, under a nonce made of header and text; as base64url of nonce, ciphertext and tag. The header is authenticated. */
  seal(keys: SealingKeys, header: string, text: string): string {
    const bytes = Buffer.byteLength(text);
    const length = paddedLength(bytes);
    const at = this.#place(keys, header, length);
    writePadded(this.#memory, at.text, text, bytes);
    this.#hash(at, header.length + length);
    this.#memory.copyWithin(at.sealed, at.hash, at.hash + NONCE_BYTES);
    const body = at.sealed + NONCE_BYTES;
    const key = at.keys + KEY_BYTES;
    this.lib._crypto_aead_chacha20poly1305_ietf_encrypt(
      body,
      0,
      at.text,
      length,
      0,
      at.header,
      header.length,
      0,
      0,
      at.hash,
      key,
    );
    return this.#memory.toString('base64url', at.sealed, body + length + TAG_BYTES);
  }

  /** The text; undefined unless keys, header and every byte are those of the sealing. */
  open(keys: SealingKeys, header: string, sealed: string): string | undefined {
    const length = Math.floor((sealed.length * 3) / 4) - NONCE_BYTES - TAG_BYTES;
    if (length <= 0) return undefined;
    const at = this.#place(keys, header, length);
    this.#memory.write(sealed, at.sealed, 'base64url');
    const body = at.sealed + NONCE_BYTES;
    const key = at.keys + KEY_BYTES;
    const failed = this.lib._crypto_aead_chacha20poly1305_ietf_decrypt(
      at.text,
      0,
      0,
      body,
      length + TAG_BYTES,
      0,
      at.header,
      header.length,
      0,
      at.sealed,
      key,
    );
    if (failed !== 0) return undefined;
    this.#hash(at, header.length + length);
    return this.#hasNonce(at) ? readPadded(this.#memory, at.text, length) : undefined;
  }

  /** Has something disposed of when this is. */
  follow(dispose: () => void): void {
    this.#followers.push(dispose);
  }

  /** Wipes and frees its memory; it is of no use afterwards. */
  dispose(): void {
    for (const follower of this.#followers.splice(0)) follower();
    const { bytes, unsalted } = this.#states;
    this.#view().fill(0, this.#start, this.#start + this.#size);
    this.#memory.fill(0, unsalted, unsalted + 3 * bytes);
    this.lib._free(this.#start);
    this.lib._free(unsalted);
    this.#size = 0;
    this.#expanded = undefined;
  }

  /** Keyed BLAKE2b of header and text, which lie one behind the other. A header ends at its fourth point, so that both are told apart. */
  #hash(at: Places, length: number): void {
    this.lib._crypto_generichash(at.hash, HASH_BYTES, at.header, length, 0, at.keys, KEY_BYTES);
  }

  /** The nonce commits to the text: no other pair of keys opens the same bytes to another one. */
  #hasNonce(at: Places): boolean {
    for (let n = 0; n < NONCE_BYTES; n++)
      if (this.#memory[at.hash + n] !== this.#memory[at.sealed + n]) return false;
    return true;
  }

  #place(keys: SealingKeys, header: string, length: number): Places {
    const bytes = 2 * KEY_BYTES + HASH_BYTES + header.length + length + NONCE_BYTES + length + TAG_BYTES;
    const start = this.#reserve(bytes);
    const head = start + 2 * KEY_BYTES + HASH_BYTES;
    const text = head + header.length;
    this.#memory.set(keys, start);
    this.#memory.write(header, head, 'latin1');
    return { keys: start, hash: head - HASH_BYTES, header: head, text, sealed: text + length };
  }

  /** Where so many bytes may be written. What a long text needed is given back by the next call. */
  #reserve(bytes: number): number {
    const wanted = Math.max(bytes, SMALL_BYTES);
    if (wanted !== this.#size) this.#resize(wanted);
    this.#view();
    return this.#start;
  }

  #resize(bytes: number): void {
    this.#view().fill(0, this.#start, this.#start + this.#size);
    this.lib._free(this.#start);
    this.#start = this.lib._malloc(bytes);
    this.#size = bytes;
  }

  /** The memory: another view of it once it has grown, which any user of libsodium may cause. */
  #view(): Buffer {
    const { buffer } = this.lib.HEAPU8;
    if (this.#memory.buffer !== buffer) this.#memory = Buffer.from(buffer);
    return this.#memory;
  }

  #copy(from: number, length: number): Uint8Array {
    // A Buffer's own slice is no copy.
    return Uint8Array.prototype.slice.call(this.#memory, from, from + length);
  }
}

let loading: Promise<LibSodium> | undefined;

/** Addresses of what HMAC-SHA-512 keeps of a key: of none, of the secret that is expanded, and of the call under way. */
interface HmacStates {
  readonly bytes: number;
  readonly unsalted: number;
  readonly expanded: number;
  readonly working: number;
}

/** Addresses of what one call works on. */
interface Places {
  readonly keys: number;
  readonly hash: number;
  readonly header: number;
  readonly text: number;
  readonly sealed: number;
}
