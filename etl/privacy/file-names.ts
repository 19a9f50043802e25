import { createHmac } from 'node:crypto';
import { toBase32 } from './base32.ts';

/** 26 digits of base32. */
const NAME_BYTES = 16;

/**
 * What stands for the bytes of source files: keyed by another secret than the indexes of subjects, so that whoever has
 * the pepper can test no guess against a file's name.
 */
export function fileNames(secret: Uint8Array, dataset: string, digests: readonly string[]): string[] {
  return digests.map((digest) => {
    const text = JSON.stringify(['file', dataset, digest]);
    return toBase32(createHmac('sha256', secret).update(text).digest().subarray(0, NAME_BYTES));
  });
}
