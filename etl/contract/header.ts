/**
 * The form in which header spellings are compared: NFKC, without letter case, trimmed, and every run of
 * white space one blank. Idempotent. Upper case first, because some letters (`ß`, `ς`) have no single lower case.
 */
export function normaliseHeader(text: string): string {
  const folded = text.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');
  return folded.replace(/[\s\ufeff]+/g, ' ').trim();
}
