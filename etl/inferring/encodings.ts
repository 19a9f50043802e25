import type { Encoding } from '../contract/contract.ts';
import { type Note, review, seen, several } from './notes.ts';
import type { OpenedFile } from './open-files.ts';
import type { ReadFile } from './sample-table.ts';

/** The encodings that files need, in the order in which a contract lists them, and what speaks for each. */
export function encodingsOf(
  opened: readonly OpenedFile[],
  read: readonly ReadFile[],
): { readonly values: readonly Encoding[]; readonly notes: readonly Note[] } {
  const unmarked = [...new Set(opened.flatMap(({ file }) => file.unmarked ?? []))];
  const isAllUnmarked = opened.every(({ file }) => file.unmarked !== undefined);
  const legacy = read.filter(({ isWindows1252 }) => isWindows1252).map(({ name }) => name);
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
      ...(legacy.length > 0 ? [legacyNote(legacy)] : isAllUnmarked ? [] : [seen('Every record is UTF-8.')]),
    ],
  };
}

function legacyNote(names: readonly string[]): Note {
  return review(
    `${some(names)} have records that are not UTF-8; they read as Windows-1252, as nearly any bytes would.`,
  );
}

function some([first = '', ...more]: readonly string[]): string {
  return more.length === 0 ? first : `${first} and ${several(more.length, 'other file')}`;
}
