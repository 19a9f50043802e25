import type { CsvDialect } from '../contract/csv-dialect.ts';
import { isBlank, readRecord } from '../csv/record.ts';
import { ANY_WIDTH, newScan, recordFormat } from '../csv/record-format.ts';

/** The signs that a CSV text is written with; `format` where it is JSON Lines. */
export type Signs = Pick<CsvDialect, 'format' | 'delimiter' | 'quote' | 'escape'>;

/** The signs that fit a text best, and how well. */
export interface SniffedDialect {
  readonly signs: Signs;
  /** Fields of most records. */
  readonly fields: number;
  /** Records that are not blank, among those looked at. */
  readonly records: number;
  /** Those of them that have so many fields and no stray quote. */
  readonly regular: number;
}

const DELIMITERS = [',', ';', '\t', '|'];
const QUOTES: readonly Omit<Signs, 'delimiter'>[] = [
  { quote: '"', escape: '"' },
  { quote: '"', escape: '\\' },
  { quote: "'", escape: "'" },
];
const MOST_RECORDS = 1000;
const LONGEST_RECORD = 1 << 20;

/**
 * Finds the signs by which most records of a text have one and the same number of fields. What comes first wins
 * where two fit alike: a comma before a semicolon, a double quote before a single one, doubled quotes before a
 * backslash. A text in which no delimiter divides anything is one of a single column.
 */
export function sniffDialect(head: Uint8Array, isWhole: boolean): SniffedDialect {
  let best: SniffedDialect | undefined;
  for (const quoting of QUOTES) {
    for (const delimiter of DELIMITERS) {
      const tried = tryDialect(head, isWhole, { delimiter, ...quoting });
      // Nothing but delimiters, whichever they are: there is no record.
      if (tried.records === 0) return tried;
      if (best === undefined || worth(tried) > worth(best) + 1e-9) best = tried;
    }
  }
  return best as SniffedDialect;
}

/**
 * How well signs fit, from 0 to 1. A text that is divided counts twice one that isn't: any text is regular as a single
 * column.
 */
export function worth({ fields, records, regular }: SniffedDialect): number {
  if (records === 0) return 0;
  return (regular / records) * (fields > 1 ? 1 : 0.5);
}

/** How well some signs fit a text. */
export function tryDialect(head: Uint8Array, isWhole: boolean, signs: Signs): SniffedDialect {
  const format = recordFormat(signs, ANY_WIDTH, LONGEST_RECORD);
  const scan = newScan();
  const widths = new Map<number, number>();
  let records = 0;
  for (let at = 0; at < head.length && records < MOST_RECORDS; at = scan.next) {
    if (!readRecord(head, at, head.length, isWhole, format, scan)) break;
    if (isBlank(head, at, scan.end, format)) continue;
    records++;
    if (scan.problem === undefined) widths.set(scan.fields, (widths.get(scan.fields) ?? 0) + 1);
  }
  const [[fields, regular] = [1, 0]] = [...widths].sort((a, b) => b[1] - a[1] || b[0] - a[0]);
  return { signs, fields, records, regular };
}
