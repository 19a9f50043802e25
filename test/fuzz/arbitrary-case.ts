import fc from 'fast-check';
import { DIALECTS, HEADERS } from './dialects.ts';

/** How a line's text becomes bytes: `latin1` is invalid UTF-8 wherever it is not ASCII. */
type LineEncoding = 'utf8' | 'latin1';

/** One line of a file, as it is to be written. */
export interface CaseLine {
  readonly text: string;
  readonly encoding: LineEncoding;
  readonly end: string;
  /** Whether it is a valid record on its own, whatever its neighbours are. */
  readonly isValid: boolean;
}

/** What a file is packed in. */
export type Packing =
  | 'plain'
  | 'marked'
  | 'utf-16le'
  | 'utf-16be'
  | 'bare utf-16'
  | 'gzip'
  | 'cut gzip'
  | 'odd utf-16';

/** A file to be made, as plain data that shrinks and prints well. */
export interface FuzzCase {
  /** Index into DIALECTS. */
  readonly dialect: number;
  readonly packing: Packing;
  readonly header: CaseLine;
  readonly lines: readonly CaseLine[];
  /** Whether the last line has its end. */
  readonly isEnded: boolean;
}

/** Stands for the record's own key in a line's text. */
export const KEY_SIGN = '\ue000';

/** Stands for the file's own header, as it is written. */
export const HEADER_SIGN = '\ue001';

const end = fc.constantFrom('\n', '\r\n', '\r', '\n\n', '\r\r\n', '\n\r');

/** The line with its text, ended by any line end. */
function asLine(
  text: fc.Arbitrary<string>,
  how: { readonly isValid?: boolean; readonly end?: fc.Arbitrary<string> } = {},
): fc.Arbitrary<CaseLine> {
  return fc.record({
    text,
    encoding: fc.constantFrom<LineEncoding>('utf8', 'utf8', 'latin1'),
    end: how.end ?? end,
    isValid: fc.constant(how.isValid ?? false),
  });
}

/** The cases: any dialect, any packing, lines from valid to noise. */
export const arbitraryCase: fc.Arbitrary<FuzzCase> = fc
  .record({
    dialect: fc.nat(DIALECTS.length - 1),
    // Most files are written with one kind of line end.
    onlyEnd: fc.option(fc.constantFrom('\n', '\r\n', '\r')),
  })
  .chain(({ dialect, onlyEnd }) => {
    const anyEnd = onlyEnd === null ? end : fc.constant(onlyEnd);
    // A carriage return alone ends no line of JSON.
    const lineEnd = isJson(dialect) ? anyEnd.map((text) => (text.includes('\n') ? text : '\n')) : anyEnd;
    return fc.record({
      dialect: fc.constant(dialect),
      packing: fc.oneof(
        { weight: 16, arbitrary: fc.constant(usualPacking(dialect)) },
        {
          weight: 5,
          arbitrary: fc.constantFrom<Packing>('marked', 'utf-16le', 'utf-16be', 'gzip'),
        },
        { weight: 1, arbitrary: fc.constantFrom<Packing>('cut gzip', 'odd utf-16') },
      ),
      header: asLine(header(dialect), { end: lineEnd }),
      lines: fc.array(line(dialect, lineEnd), { maxLength: 24, size: 'max' }),
      isEnded: fc.boolean(),
    });
  });

const isJson = (dialect: number): boolean => DIALECTS[dialect]?.contract.csv.format === 'jsonl';

/** Where a contract lists UTF-16, it need have no mark. */
function usualPacking(dialect: number): Packing {
  const isUtf16 = DIALECTS[dialect]?.contract.csv.encodings.includes('utf-16le') === true;
  return isUtf16 ? 'bare utf-16' : 'plain';
}

/** The signs of a dialect. */
function signs(dialect: number): { delimiter: string; quote: string; escaping: string } {
  const { delimiter = ',', quote = '"', escape: escaping = '"' } = DIALECTS[dialect]?.contract.csv ?? {};
  return { delimiter, quote, escaping };
}

/** The first line: the header, below lines of anything where the dialect allows for them, or none. */
function header(dialect: number): fc.Arbitrary<string> {
  const { columns, preambleLines } = DIALECTS[dialect]?.contract.csv ?? {};
  if (isJson(dialect))
    return fc.oneof({ weight: 4, arbitrary: jsonRecord }, { weight: 1, arbitrary: brokenJson });
  if (columns !== undefined) return firstRecord(dialect);
  if (preambleLines === undefined) return ownHeader(dialect);
  const above = fc.oneof(fc.constantFrom('', 'Sales of January', 'id'), noise(dialect));
  return fc
    .tuple(fc.array(above, { maxLength: 4 }), ownHeader(dialect))
    .map(([lines, text]) => [...lines, text].join('\n'));
}

/** Of a file without a header; the usual one after all is a record that fails, and one in another order refuses the file. */
function firstRecord(dialect: number): fc.Arbitrary<string> {
  const { delimiter } = signs(dialect);
  return fc.oneof(
    { weight: 6, arbitrary: validFields.map((fields) => fields.join(delimiter)) },
    { weight: 2, arbitrary: quotedRecord(dialect) },
    { weight: 1, arbitrary: fc.constantFrom('', HEADERS.join(delimiter)) },
    { weight: 2, arbitrary: noise(dialect) },
  );
}

function ownHeader(dialect: number): fc.Arbitrary<string> {
  const { delimiter, quote } = signs(dialect);
  const join = (names: readonly string[]): string => names.join(delimiter);
  const wide = (count: number): string =>
    join([...HEADERS, ...Array.from({ length: count - HEADERS.length }, (_, n) => `x${n}`)]);
  return fc.oneof(
    { weight: 30, arbitrary: fc.constant(join(HEADERS)) },
    { weight: 3, arbitrary: fc.shuffledSubarray([...HEADERS], { minLength: 4 }).map(join) },
    {
      weight: 3,
      arbitrary: fc
        .shuffledSubarray([...HEADERS, '', ' ', 'other', 'Ärger', 'ID', 'note'], { minLength: 3 })
        .map(join),
    },
    {
      weight: 3,
      arbitrary: fc.constantFrom(
        join(HEADERS.map((name) => `${quote}${name.toUpperCase()}${quote}`)),
        join(HEADERS.map((name) => ` ${name}\u00a0`)),
        `\n \n${join(HEADERS)}`,
        `${quote}a\nb${quote}${delimiter}${join(HEADERS)}`,
        `${join(HEADERS)}${delimiter}`,
      ),
    },
    {
      weight: 2,
      arbitrary: fc.constantFrom(
        '',
        `${quote}${join(HEADERS)}`,
        `${join(HEADERS)}\0`,
        `\ufeff${join(HEADERS)}`,
        `${join(HEADERS)}${'x'.repeat(300)}`,
      ),
    },
    { weight: 1, arbitrary: fc.constantFrom(50, 300, 2000, 2001, 5000).map(wide) },
    { weight: 1, arbitrary: noise(dialect) },
  );
}

/** The fields of a record that is valid by itself, unquoted. */
const validFields = fc.tuple(
  fc.constant(KEY_SIGN),
  fc.constantFrom('2024-01-31', '2024-02-29', '2023-12-01'),
  fc.constantFrom('1.50', '-2', '0', '123456.78'),
  fc.constantFrom('', 'x', 'plain words', 'a.b'),
  fc.constantFrom('', '7', '-1'),
);

function line(dialect: number, lineEnd: fc.Arbitrary<string>): fc.Arbitrary<CaseLine> {
  if (isJson(dialect)) return jsonLine(lineEnd);
  const { delimiter, quote } = signs(dialect);
  const valid = validFields.map((fields) => fields.join(delimiter));
  const broken = fc.oneof(
    { weight: 5, arbitrary: quotedRecord(dialect) },
    { weight: 4, arbitrary: mutated(valid, dialect) },
    { weight: 3, arbitrary: mutated(quotedRecord(dialect), dialect) },
    { weight: 3, arbitrary: ragged(dialect) },
    { weight: 3, arbitrary: noise(dialect) },
    {
      weight: 2,
      arbitrary: fc.constantFrom('', ' ', delimiter.repeat(4), `${quote}${quote}`, quote, '\u00a0'),
    },
    { weight: 1, arbitrary: fc.constant(HEADER_SIGN) },
    { weight: 1, arbitrary: long(dialect) },
  );
  return fc.oneof(
    { weight: 9, arbitrary: asLine(valid, { isValid: true, end: lineEnd }) },
    { weight: 11, arbitrary: asLine(broken, { end: lineEnd }) },
  );
}

/** A record in JSON that is valid by itself. */
const jsonRecord = validFields.map(
  ([id, day, amount, note, code]) =>
    `{"id":"${id}","paid_on":"${day}","amount":${amount},"note":"${note}","code":${code === '' ? 'null' : code}}`,
);

/** Pieces that matter to a reader of JSON. */
const jsonPiece = fc.constantFrom(
  ...[
    '"',
    '\\',
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '0',
    '.',
    '-',
    'e',
    ' ',
    '\t',
    '\0',
    '\x01',
    'é',
    '😀',
    '\ufeff',
    '\u2028',
  ],
  ...[
    'null',
    'true',
    'NaN',
    '//',
    '\\u0000',
    '\\ud800',
    '\\ud83d\\ude00',
    '\\u0022',
    '\\/',
    '\\n',
    '\\x',
    '\u00a0',
  ],
  ...['"id":"twice",', '"x":{"y":[1, 2.0]},', '"note":', '{"id":', '[1]', '01', '\r', '\n', ','.repeat(150)],
);

/** A valid record with pieces put in, or signs taken out; noise; blanks. */
const brokenJson = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(
        jsonRecord,
        fc.array(fc.tuple(fc.nat(200), jsonPiece, fc.nat(3)), { minLength: 1, maxLength: 3 }),
      )
      .map(([text, changes]) =>
        changes.reduce((made, [at, piece, cut]) => {
          const place = at % (made.length + 1);
          return (
            made.slice(0, place) + (cut === 3 ? '' : piece) + made.slice(place + (cut === 0 ? 0 : cut - 1))
          );
        }, text),
      ),
  },
  { weight: 2, arbitrary: fc.array(jsonPiece, { maxLength: 10 }).map((pieces) => pieces.join('')) },
  {
    weight: 2,
    arbitrary: fc.constantFrom('', ' ', '{}', '{"note":" "}', '{"other":1}', '[]', 'null', '{"id":null}'),
  },
);

function jsonLine(lineEnd: fc.Arbitrary<string>): fc.Arbitrary<CaseLine> {
  return fc.oneof(
    { weight: 9, arbitrary: asLine(jsonRecord, { isValid: true, end: lineEnd }) },
    { weight: 11, arbitrary: asLine(brokenJson, { end: lineEnd }) },
  );
}

/** Texts in which everything that matters to a reader of CSV is frequent. */
function soup(dialect: number, maxLength: number): fc.Arbitrary<string> {
  const { delimiter, quote, escaping } = signs(dialect);
  const unit = fc.constantFrom(
    ...['a', '1', ' ', '\t', '\u00a0', 'é', '€', '名', '😀', '\u2028', '\x85', "'", '"', ',', ';', '|', '\\'],
    ...[delimiter, delimiter, quote, quote, `${escaping}${quote}`, `${quote}${delimiter}`, escaping],
    ...['\n', '\r', '\r\n', '\0', '\ufeff', '\ufffd', '\x1a', '\x7f', 'NULL', '\\N', '#', '2024-01-31'],
  );
  return fc.string({ unit, maxLength });
}

function noise(dialect: number): fc.Arbitrary<string> {
  return soup(dialect, 30);
}

/** A record whose text fields are quoted as they must be, or nearly so. */
function quotedRecord(dialect: number): fc.Arbitrary<string> {
  const { delimiter, quote, escaping } = signs(dialect);
  const quoted = fc
    .tuple(soup(dialect, 8), fc.integer({ min: 0, max: 11 }))
    .map(([text, how]) =>
      how === 0 ? quote + text + quote : quote + escaped(text, { quote, escaping }) + quote,
    );
  return fc
    .tuple(validFields, quoted, fc.boolean(), fc.constantFrom('', ' ', '\u00a0', '\t'))
    .map(([[id, day, amount, , code], note, isAllQuoted, blank]) => {
      const fields = isAllQuoted
        ? [id, day, amount, code].map((field) => quote + field + quote)
        : [id, day, amount, blank + code];
      return [...fields.slice(0, 3), note, fields[3] ?? ''].join(delimiter);
    });
}

function escaped(text: string, { quote, escaping }: { quote: string; escaping: string }): string {
  const safe = escaping === quote ? text : text.replaceAll(escaping, escaping + escaping);
  return safe.replaceAll(quote, escaping + quote);
}

/** A record with a piece put in, or a character taken out, anywhere. */
function mutated(record: fc.Arbitrary<string>, dialect: number): fc.Arbitrary<string> {
  const { delimiter, quote } = signs(dialect);
  const piece = fc.oneof(soup(dialect, 2), fc.constantFrom(delimiter, quote, '\n', '\0', 'é'));
  return fc.tuple(record, fc.nat(200), piece, fc.boolean()).map(([text, at, put, isCut]) => {
    const place = at % (text.length + 1);
    return text.slice(0, place) + (isCut ? '' : put) + text.slice(isCut ? place + 1 : place);
  });
}

/** A record with too few or too many fields, most of those too many empty. */
function ragged(dialect: number): fc.Arbitrary<string> {
  const { delimiter } = signs(dialect);
  return fc
    .tuple(validFields, fc.integer({ min: 0, max: 4 }), fc.constantFrom('', '', '', 'x'), fc.nat(5))
    .map(([fields, kept, more, at]) => {
      if (at === 0) return fields.slice(0, kept).join(delimiter);
      return [...fields.slice(0, at), more, ...fields.slice(at)].join(delimiter);
    });
}

/** A record about as long as the longest, a character more or less; now and then of several lines. */
function long(dialect: number): fc.Arbitrary<string> {
  const { delimiter, quote } = signs(dialect);
  const limit = DIALECTS[dialect]?.contract.limits.maxRecordBytes ?? 0;
  // A megabyte takes its time: one in ten will do.
  const about = fc.integer({ min: 0, max: 9 }).map((n) => (n === 0 ? limit : Math.min(limit, 20_000)));
  return fc
    .tuple(about, fc.integer({ min: -2, max: 3 }), fc.constantFrom('', '\n', 'é'), fc.boolean())
    .map(([length, more, inside, isQuoted]) => {
      const sign = isQuoted ? quote : '';
      const before = [KEY_SIGN, '2024-01-31', '1', sign + (isQuoted ? inside : '')].join(delimiter);
      const after = sign + delimiter;
      // The key is as long as the longest one, of which most are.
      return before + 'x'.repeat(Math.max(0, length + more - before.length - after.length - 8)) + after;
    });
}
