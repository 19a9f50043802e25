import type { Encoding } from '../contract/csv-dialect.ts';
import { type Note, review, seen, several } from './notes.ts';
import type { OpenedFile } from './opened-files.ts';
import type { ReadFile } from './sample-table.ts';

/** The encodings that files need, in the order in which a contract lists them, and what speaks for each. */
export function encodingsOf(
  opened: readonly OpenedFile[],
  read: readonly ReadFile[],
): { readonly values: readonly Encoding[]; readonly notes: readonly Note[] } {
  const unmarked = [...new Set(opened.flatMap(({ file }) => file.unmarked ?? []))];
  const isAllUnmarked = opened.every(({ file }) => file.unmarked !== undefined);
  const records = read.filter(({ isWindows1252 }) => isWindows1252).map(({ name }) => name);
  const headers = opened.filter(({ isHeaderUtf8 }) => !isHeaderUtf8).map(({ file }) => file.name);
  const legacy = [...records, ...headers];
  return {
    values: [
      ...(isAllUnmarked ? [] : (['utf-8'] as const)),
      ...unmarked,
      ...(legacy.length === 0 ? [] : (['windows-1252'] as const)),
    ],
    notes: [
      ...unmarked.map((encoding) => {
        const names = opened.filter(({ file }) => file.unmarked === encoding).map(({ file }) => file.name);
        return seen(
          `${some(names)} ${names.length === 1 ? 'is' : 'are'} ${encoding} without a byte order mark.`,
        );
      }),
      ...(records.length > 0 ? [legacyNote(records, 'records that are')] : []),
      ...(headers.length > 0 ? [legacyNote(headers, 'a header that is')] : []),
      ...(legacy.length > 0 || isAllUnmarked ? [] : [seen('Every record is UTF-8.')]),
    ],
  };
}

function legacyNote(names: readonly string[], what: string): Note {
  const have = names.length === 1 ? 'has' : 'have';
  return review(
    `${some(names)} ${have} ${what} not UTF-8; as Windows-1252 they can be read, as nearly any bytes can.`,
  );
}

function some([first = '', ...more]: readonly string[]): string {
  return more.length === 0 ? first : `${first} and ${several(more.length, 'other file')}`;
}
