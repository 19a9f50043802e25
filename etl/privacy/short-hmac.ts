import type { Sodium } from './sodium.ts';

/** Messages up to this length have their place. */
const MESSAGE_BYTES = 1024;
const DIGEST_BYTES = 32;

/**
 * HMAC-SHA-256 (RFC 2104) of many short messages under one key: its state is begun once, which node:crypto does for each.
 * It serves as long as the Sodium does.
 */
export class ShortHmac {
  readonly #sodium: Sodium;
  readonly #begun: number;
  readonly #working: number;
  readonly #message: number;

  /** The key is of any length up to 64 bytes. */
  constructor(sodium: Sodium, key: Uint8Array) {
    const { lib } = sodium;
    const bytes = lib._crypto_kdf_hkdf_sha256_statebytes();
    this.#sodium = sodium;
    this.#begun = lib._malloc(2 * bytes + MESSAGE_BYTES);
    this.#working = this.#begun + bytes;
    this.#message = this.#working + bytes;
    lib.HEAPU8.set(key, this.#message);
    lib._crypto_kdf_hkdf_sha256_extract_init(this.#begun, this.#message, key.length);
    lib.HEAPU8.fill(0, this.#message, this.#message + key.length);
    sodium.follow(() => {
      lib.HEAPU8.fill(0, this.#begun, this.#message + MESSAGE_BYTES);
      lib._free(this.#begun);
    });
  }

  /** Throws RangeError for a message of more than a KiB. */
  digest(message: Uint8Array): Uint8Array {
    if (message.length > MESSAGE_BYTES) throw new RangeError(`${message.length} bytes are no short message`);
    const { lib } = this.#sodium;
    const [begun, working, at] = [this.#begun, this.#working, this.#message];
    lib.HEAPU8.copyWithin(working, begun, working);
    lib.HEAPU8.set(message, at);
    lib._crypto_kdf_hkdf_sha256_extract_update(working, at, message.length);
    lib._crypto_kdf_hkdf_sha256_extract_final(working, at);
    const digest = new Uint8Array(DIGEST_BYTES);
    for (let n = 0; n < DIGEST_BYTES; n++) digest[n] = lib.HEAPU8[at + n] ?? 0;
    return digest;
  }
}
