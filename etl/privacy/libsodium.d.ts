/** libsodium compiled to WebAssembly, as far as it is used: addresses are those of its memory, lengths of 64 bits come as two halves. */
declare module 'libsodium' {
  export interface LibSodium {
    /** Its memory; another object once it has grown. */
    readonly HEAPU8: Uint8Array;
    _malloc(size: number): number;
    _free(address: number): void;
    _crypto_generichash(
      out: number,
      outLength: number,
      text: number,
      lengthLow: number,
      lengthHigh: number,
      key: number,
      keyLength: number,
    ): number;
    /** HMAC-SHA-256, as below with SHA-512; it gives 32 bytes. */
    _crypto_kdf_hkdf_sha256_extract_init(state: number, key: number, keyLength: number): number;
    _crypto_kdf_hkdf_sha256_extract_update(state: number, text: number, length: number): number;
    _crypto_kdf_hkdf_sha256_extract_final(state: number, out: number): number;
    _crypto_kdf_hkdf_sha256_statebytes(): number;
    /** HMAC-SHA-512 begins, under a key of any length, in memory of `statebytes`. */
    _crypto_kdf_hkdf_sha512_extract_init(state: number, key: number, keyLength: number): number;
    _crypto_kdf_hkdf_sha512_extract_update(state: number, text: number, length: number): number;
    /** Its 64 bytes; the state is wiped. */
    _crypto_kdf_hkdf_sha512_extract_final(state: number, out: number): number;
    _crypto_kdf_hkdf_sha512_statebytes(): number;
    _crypto_aead_chacha20poly1305_ietf_encrypt(
      out: number,
      outLength: number,
      text: number,
      lengthLow: number,
      lengthHigh: number,
      data: number,
      dataLow: number,
      dataHigh: number,
      none: number,
      nonce: number,
      key: number,
    ): number;
    _crypto_aead_chacha20poly1305_ietf_decrypt(
      out: number,
      outLength: number,
      none: number,
      text: number,
      lengthLow: number,
      lengthHigh: number,
      data: number,
      dataLow: number,
      dataHigh: number,
      nonce: number,
      key: number,
    ): number;
  }
  const load: () => Promise<LibSodium>;
  // biome-ignore lint/style/noDefaultExport: so it is exported
  export default load;
}
