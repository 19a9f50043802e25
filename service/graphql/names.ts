import { createHash } from 'node:crypto';

/** Words that GraphQL has for values: none may be one of an enum. */
const WORDS: ReadonlySet<string> = new Set(['true', 'false', 'null']);

/** What becomes a name as it is, but for its dot: words joined by single underscores, with one dot at most. */
const PLAIN = /^[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*(\.[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*)?$/;

/**
 * The name in GraphQL of a dataset or a column: `spend.council_payments` → `spend__council_payments`. Different
 * originals always get different names: one that can't be kept ends in three underscores and a digest of the original.
 */
export function graphqlName(original: string): string {
  if (PLAIN.test(original) && !WORDS.has(original)) return original.replace('.', '__');
  const digest = createHash('sha256').update(original, 'utf16le').digest('hex').slice(0, 16);
  const readable = original
    .replaceAll(/[^A-Za-z0-9]+/g, '_')
    .replace(/^[_0-9]+/, '')
    .replace(/_+$/, '')
    .slice(0, 60);
  return `${readable === '' ? 'n' : readable}___${digest}`;
}
