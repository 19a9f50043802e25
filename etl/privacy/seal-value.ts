import { type Envelope, type EnvelopeHeader, headerText } from './envelope.ts';
import type { SealingKeys, Sodium } from './sodium.ts';

/*
 * The format of an envelope, version 1. Numbers are of bytes; ‖ joins.
 *
 *   common  = HKDF-SHA-512-Extract(no salt, subject key (32) ‖ period key (32))                      RFC 5869
 *   keys    = HKDF-SHA-512-Expand(common, "~1." ‖ column ‖ ".value", 64): nonce key (32) ‖ text key (32)
 *   header  = "~1." ‖ column ‖ "." ‖ subject ‖ "." ‖ period ‖ "."
 *   text    = length of the value's UTF-8 as unsigned LEB128 ‖ the UTF-8 ‖ zeros up to a multiple of 16
 *   nonce   = the first 12 of BLAKE2b(header ‖ text, key = nonce key, 16)                             RFC 7693
 *   sealed  = ChaCha20-Poly1305(text key, nonce, text, additional data = header): text, then tag (16)  RFC 8439
 *   payload = base64url(nonce ‖ sealed), without padding
 *   envelope = header ‖ payload
 *
 * The nonce is a synthetic IV: the same value under the same header and keys is the same envelope, and nothing else is
 * told of it. test/privacy/vectors/make.py makes the same with Python's parts.
 */

/** The two secrets without both of which a value is nothing: the subject's for the data group, and the period's. */
export interface ValueSecrets {
  /** 32 bytes. */
  readonly subjectKey: Uint8Array;
  /** 32 bytes. */
  readonly periodKey: Uint8Array;
}

/** What a subject's values of one group and period have in common: HKDF's extract of both secrets. */
export const commonSecret = (sodium: Sodium, { subjectKey, periodKey }: ValueSecrets): Uint8Array =>
  sodium.extract(subjectKey, periodKey);

/** The keys of one column's values among them. */
export const columnKeys = (sodium: Sodium, common: Uint8Array, column: string): SealingKeys =>
  sodium.expand(common, `~1.${column}.value`);

/** The envelope of a value: the same for the same value under the same header and keys. */
export function sealValue(sodium: Sodium, keys: SealingKeys, header: EnvelopeHeader, value: string): string {
  const head = headerText(header);
  return head + sodium.seal(keys, head, value);
}

/** The value in an envelope; undefined where it has none, or was not made so under these keys. */
export const openValue = (sodium: Sodium, keys: SealingKeys, envelope: Envelope): string | undefined =>
  sodium.open(keys, headerText(envelope), envelope.payload);
