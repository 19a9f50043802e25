import { Buffer } from 'node:buffer';
import { createHmac } from 'node:crypto';
import type { ShortHmac } from './short-hmac.ts';

/** Stands before a reference that is digested. */
const LABEL = 'digest';
const REFERENCE_BYTES = 16;

/** What stands for a reference in the log of erasures. */
export const referenceDigest = (secret: Uint8Array, reference: Uint8Array): string =>
  createHmac('sha256', secret).update(LABEL).update(reference).digest('hex');

/** The same for many, as bytes; `hmac` is keyed with the secret. */
export function referenceDigests(hmac: ShortHmac): (reference: Uint8Array) => Uint8Array {
  const message = Buffer.alloc(LABEL.length + REFERENCE_BYTES);
  message.write(LABEL);
  return (reference) => {
    message.set(reference, LABEL.length);
    return hmac.digest(message);
  };
}
