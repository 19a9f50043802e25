import { createHash } from 'node:crypto';

/** The digest of a projection: of its contract's digest and its code, whatever ends the lines of that. */
export const codeDigest = (contractDigest: string, code: string): string =>
  createHash('sha256')
    .update(`${contractDigest}\n${code.replaceAll('\r\n', '\n')}`)
    .digest('hex');
