/**
 * Date and timestamp patterns in the letters of the JDK's DateTimeFormatter, as ODCS has them. Assay takes them
 * strictly: `yyyy` is four digits and nothing else, so `24/12/10` never becomes the year 10.
 */

/** What a run of letters means. */
export type DateField =
  | 'year'
  | 'shortYear'
  | 'month'
  | 'monthName'
  | 'day'
  | 'weekday'
  | 'hour'
  | 'hour12'
  | 'minute'
  | 'second'
  | 'fraction'
  | 'halfday'
  | 'offset';

/** A piece of a pattern. Numeric fields have `min` to `max` digits; text fields are `long` or not (`March`, `Mar`). */
export type DatePart =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'digits'; readonly field: DateField; readonly min: number; readonly max: number }
  | { readonly kind: 'text'; readonly field: DateField; readonly long: boolean };

/** A pattern's parts, or why it is none. */
export type DatePatternResult =
  | { readonly kind: 'pattern'; readonly parts: readonly DatePart[] }
  | { readonly kind: 'wrong'; readonly message: string };

const digits = (field: DateField, min: number, max = min): DatePart => ({ kind: 'digits', field, min, max });
const word = (field: DateField, long = false): DatePart => ({ kind: 'text', field, long });

const LETTERS: Readonly<Record<string, DatePart>> = {
  yyyy: digits('year', 4),
  uuuu: digits('year', 4),
  yy: digits('shortYear', 2),
  uu: digits('shortYear', 2),
  MMMM: word('monthName', true),
  MMM: word('monthName'),
  MM: digits('month', 2),
  M: digits('month', 1, 2),
  dd: digits('day', 2),
  d: digits('day', 1, 2),
  EEEE: word('weekday', true),
  EEE: word('weekday'),
  HH: digits('hour', 2),
  H: digits('hour', 1, 2),
  hh: digits('hour12', 2),
  h: digits('hour12', 1, 2),
  mm: digits('minute', 2),
  ss: digits('second', 2),
  SSS: digits('fraction', 3),
  SSSSSS: digits('fraction', 6),
  a: word('halfday'),
  X: word('offset'),
  XX: word('offset'),
  XXX: word('offset', true),
};

const MEANT: Readonly<Record<string, string>> = {
  D: 'dd',
  Y: 'yyyy',
  y: 'yyyy',
  u: 'yyyy',
  n: 'mm',
  S: 'SSS',
};

/** Splits a pattern into its parts; text between single quotes, and anything but letters, stands for itself. */
export function readDatePattern(pattern: string): DatePatternResult {
  const wrong = (message: string): DatePatternResult => ({ kind: 'wrong', message });
  if (/%[a-zA-Z-]/.test(pattern)) return wrong(`uses strftime's %; write the JDK's letters, e.g. dd/MM/yyyy`);
  const parts: DatePart[] = [];
  for (const [piece] of pattern.matchAll(/'(?:[^']|'')*'|([a-zA-Z])\1*|[^a-zA-Z']+|'/g)) {
    if (piece === "'") return wrong(`has a single quote that nothing closes; write '' for a quote`);
    const known = LETTERS[piece];
    if (known !== undefined) parts.push(known);
    else if (/^[a-zA-Z]/.test(piece)) return wrong(unknownLetters(piece));
    else parts.push({ kind: 'literal', text: unquote(piece) });
  }
  return { kind: 'pattern', parts };
}

function unknownLetters(letters: string): string {
  const first = letters[0] ?? '';
  const meant = MEANT[first] ?? Object.keys(LETTERS).find((known) => known[0] === first);
  const hint = meant === undefined ? `use ${Object.keys(LETTERS).join(' ')}` : `write ${meant}`;
  return `has '${letters}', which Assay doesn't read; ${hint}, and put plain text between single quotes`;
}

function unquote(piece: string): string {
  if (piece === "''") return "'";
  return piece.startsWith("'") ? piece.slice(1, -1).replaceAll("''", "'") : piece;
}

const COMPONENT: Partial<Record<DateField, string>> = {
  shortYear: 'year',
  monthName: 'month',
  hour12: 'hour',
};
const DATE = ['year', 'month', 'day'];
const TIME = ['hour', 'minute', 'second', 'fraction', 'halfday', 'offset'];

/** Why a pattern doesn't give exactly one value of its column's type, or undefined when it does. */
export function patternGap(parts: readonly DatePart[], type: 'date' | 'timestamptz'): string | undefined {
  const fields = parts.flatMap((part) => (part.kind === 'literal' ? [] : [part.field]));
  const components = fields.map((field) => COMPONENT[field] ?? field);
  const twice = components.find((name, i) => components.indexOf(name) !== i);
  if (twice !== undefined) return `names the ${twice} twice; write it once`;
  if (type === 'date') {
    const time = components.find((name) => TIME.includes(name));
    if (time === 'minute' && !components.includes('month')) return 'has minutes (mm) and no month; write MM';
    if (time !== undefined) {
      return `has a time of day (${time}), which a date would lose; use logicalType timestamp, or quote a constant time: '00:00'`;
    }
  }
  // A month alone is a date, too: its first day.
  const needed = type === 'date' ? ['year', 'month'] : [...DATE, 'hour', 'minute'];
  const missing = needed.find((c) => !components.includes(c));
  if (missing !== undefined) return `has no ${missing}; add it`;
  if (type === 'date' && fields.includes('weekday') && !components.includes('day'))
    return 'has a weekday and no day; add the day';
  if (fields.includes('hour12') !== fields.includes('halfday')) return 'needs h and a together, or H alone';
  return undefined;
}

/** A pair of patterns that can read one text as two different values, e.g. dd/MM/yyyy and MM/dd/yyyy. */
export function ambiguousPatterns(patterns: readonly string[]): readonly [string, string] | undefined {
  const shapes = patterns.map((pattern) => ({ pattern, shape: shapeOf(pattern) }));
  for (const [i, a] of shapes.entries()) {
    const b = shapes.slice(i + 1).find((other) => overlap(a.shape, other.shape));
    if (b !== undefined) return [a.pattern, b.pattern];
  }
  return undefined;
}

interface Run {
  readonly kind: string;
  min: number;
  max: number;
  readonly fields: DateField[];
}

/** Adjacent digits are one run: a text doesn't show where one field ends. */
function shapeOf(pattern: string): readonly Run[] {
  const read = readDatePattern(pattern);
  const runs: Run[] = [];
  for (const part of read.kind === 'pattern' ? read.parts : []) {
    const last = runs.at(-1);
    if (part.kind === 'digits' && last?.kind === 'digits') {
      last.min += part.min;
      last.max += part.max;
      last.fields.push(part.field);
    } else if (part.kind === 'digits') {
      runs.push({ kind: 'digits', min: part.min, max: part.max, fields: [part.field] });
    } else {
      const kind = part.kind === 'literal' ? `literal ${part.text}` : `text ${part.field}`;
      runs.push({ kind, min: 0, max: 0, fields: [] });
    }
  }
  return runs;
}

function overlap(a: readonly Run[], b: readonly Run[]): boolean {
  const meets = (x: Run, y: Run | undefined): boolean =>
    y !== undefined && x.kind === y.kind && x.min <= y.max && y.min <= x.max;
  if (a.length === 0 || a.length !== b.length || !a.every((run, i) => meets(run, b[i]))) return false;
  const order = (runs: readonly Run[]): string => runs.flatMap((run) => run.fields).join();
  return order(a) !== order(b);
}
