import { kindOfText } from './kinds.ts';
import { NULL_SPELLINGS } from './profile-column.ts';

/** What the records of a file are like, as far as it tells a footer's line from them. */
export interface RecordModel {
  readonly width: number;
  /** How many fields most of them fill. */
  readonly filled: number;
  /** The first column that every one of them fills, and what its values have in common; undefined where there is none. */
  readonly lead: { readonly column: number; readonly kind: LeadKind } | undefined;
  /** The columns that hold nothing but numbers. */
  readonly numbers: readonly number[];
}

/** What all values of a column are: numbers or dates, texts with a digit in them (codes), or any text. */
type LeadKind = 'typed' | 'coded' | 'text';

/** With what lines below records begin that say what the file adds up to, or who made it. */
const FOOTER_WORDS =
  /^\W*(grand |sub-?|closing |opening |ending |final |running |net |account )*(total|totals|sum|sums|balance|count|records?|rows?|lines|end of|printed|generated|created|exported|produced|page|report|source|note|notes|summe|gesamt|gesamtsumme|zwischensumme|saldo|\p{L}*saldo|kontostand|anzahl|ende|somme|solde|totaal|totale|trailer|footer|eof)(?![\p{L}\p{N}])/iu;

/** What a file's records are like, by some of its first; undefined where they are too few to say. */
export function modelOf(sample: readonly (readonly string[])[]): RecordModel | undefined {
  const widths = sample.map(({ length }) => length).sort((a, b) => a - b);
  const width = widths[Math.floor(widths.length / 2)];
  const like = sample.filter(({ length }) => length === width);
  if (width === undefined || like.length < 3) return undefined;
  const filled =
    like.map((fields) => valuesOf(fields).length).sort((a, b) => a - b)[Math.floor(like.length / 2)] ?? 0;
  const columns = Array.from({ length: width }, (_, n) => n);
  const lead = columns.find((n) => like.every((fields) => valueAt(fields, n) !== ''));
  return {
    width,
    filled,
    lead:
      lead === undefined
        ? undefined
        : { column: lead, kind: leadKindOf(like.map((fields) => valueAt(fields, lead))) },
    numbers: columns.filter((n) => {
      const kinds = like.flatMap((fields) => kindOfText(fields[n] ?? '') ?? []);
      return kinds.length >= 3 && kinds.every((kind) => kind === 'number');
    }),
  };
}

/**
 * Whether a line can't be a record, so that it is one of the footer. It is no wider than records are, fills less than
 * they do, and has no value of the first column: a word of totals and balances there, or where all others have a number,
 * a date or a code, a text. Where it may be a record that something is wrong with, it is none.
 */
export function isFooterLine(fields: readonly string[], model: RecordModel): boolean {
  const { width, filled, lead, numbers } = model;
  const own = valuesOf(fields);
  const [first] = own;
  if (first === undefined || fields.findLastIndex((text) => text.trim() !== '') >= width) return false;
  if (own.length === 1 && kindOfText(first) === 'number') return false;
  if (own.length >= filled || own.some((text) => NULL_SPELLINGS.includes(text))) return false;
  const isShort = own.length * 2 <= filled;
  const said = lead === undefined ? '' : valueAt(fields, lead.column);
  if (FOOTER_WORDS.test(first)) return isShort || (lead !== undefined && lead.kind !== 'text');
  if (!isShort || lead === undefined) return false;
  if (said === '') return fields.every((text, n) => text.trim() === '' || numbers.includes(n));
  return kindOfText(said) === 'text' && isOfOtherKind(said, lead.kind);
}

/** Whether lines that follow each other look like records of a table of their own: two alike that no word explains. */
export function holdsTable(lines: readonly (readonly string[])[]): boolean {
  const looks = lines.map((fields) => {
    const own = valuesOf(fields);
    if (own.length < 2 || FOOTER_WORDS.test(own[0] ?? '')) return undefined;
    return fields.map((text) => kindOfText(text) ?? '').join(',');
  });
  return looks.some((look, n) => look !== undefined && look === looks[n + 1]);
}

const valueAt = (fields: readonly string[], column: number): string => (fields[column] ?? '').trim();

const valuesOf = (fields: readonly string[]): string[] =>
  fields.map((text) => text.trim()).filter((text) => text !== '');

function leadKindOf(values: readonly string[]): LeadKind {
  const isTyped = values.every((value) => ['number', 'date'].includes(kindOfText(value) ?? ''));
  if (isTyped) return 'typed';
  return values.every((value) => /\p{N}/u.test(value)) ? 'coded' : 'text';
}

const isOfOtherKind = (value: string, kind: LeadKind): boolean =>
  kind === 'typed' || (kind === 'coded' && !/\p{N}/u.test(value));
