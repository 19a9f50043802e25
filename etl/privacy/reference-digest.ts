import { createHmac } from 'node:crypto';

/** What stands for a reference in the log of erasures. */
export const referenceDigest = (secret: Uint8Array, reference: Uint8Array): string =>
  createHmac('sha256', secret).update('digest').update(reference).digest('hex');
