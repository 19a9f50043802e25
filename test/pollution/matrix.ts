import { CELL_DEFECTS } from './cell-defects.ts';
import { BASES, type Base, type CleanFile, cleanFile } from './clean-file.ts';
import type { Damage, Defect, Place } from './defects.ts';
import { FILE_DEFECTS } from './file-defects.ts';
import { ROW_DEFECTS } from './row-defects.ts';

/** One file with one defect. */
export interface PollutedFile extends Damage {
  readonly kind: string;
  /** Where the defect is, for people. */
  readonly where: string;
  readonly clean: CleanFile;
}

/** Every kind of defect, in the order of the report. */
export const DEFECTS: readonly Defect[] = [...FILE_DEFECTS, ...ROW_DEFECTS, ...CELL_DEFECTS];

/** Why a kind of defect puts values into Silver that are not the record's own, where it can't be told. */
export const LIMITS: ReadonlyMap<string, string> = new Map([
  [
    'a line end in an unquoted cell',
    'an unquoted line end ends a record: in the last cell it leaves a record of the right width, and in the first one the rest is such a record. The other part is quarantined.',
  ],
]);

const ENDS = ['\n', '\r\n'] as const;

/** The whole matrix: every defect at every place of every clean file, with either line end. */
export function pollutionMatrix(): PollutedFile[] {
  const files: PollutedFile[] = [];
  for (const defect of DEFECTS) {
    for (const base of BASES) {
      for (const end of ENDS) {
        for (const place of defect.places) {
          const file = pollute(defect, { base, end, place, number: files.length });
          if (file !== undefined) files.push(file);
        }
      }
    }
  }
  return files;
}

function pollute(
  defect: Defect,
  how: {
    readonly base: Base;
    readonly end: CleanFile['end'];
    readonly place: Place;
    readonly number: number;
  },
): PollutedFile | undefined {
  const { base, end, place, number } = how;
  const clean = cleanFile(base, end, number);
  const damage = defect.damage(clean, place);
  const where = `${base}, ${end === '\n' ? 'LF' : 'CRLF'}, record ${place.row + 1}, column ${place.column + 1}`;
  return damage && { ...damage, kind: defect.kind, where, clean };
}
