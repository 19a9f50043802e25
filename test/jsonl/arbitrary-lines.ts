import fc from 'fast-check';

/** Where the wanted values stand in lines of these. */
export const POINTERS = ['/id', '/a/b', '/a/c~1d', '/list/1', '/list/0/x', '/text', '/a/deep', ''] as const;

type Json = null | boolean | number | string | RawNumber | Json[] | [string, Json][];
/** A number as it is to be written. */
interface RawNumber {
  readonly raw: string;
}

const NAMES = [
  'id',
  'a',
  'b',
  'c/d',
  'list',
  'x',
  'text',
  'deep',
  '',
  'é',
  'other',
  '"',
  '\\',
  '0',
  '1',
  'ID',
];
const name = fc.constantFrom(...NAMES);
const raw = fc.constantFrom(
  ...['0', '-0', '1.10', '-12.5e3', '1E400', '9223372036854775808', '0.1234567890123456789012345', '1e-7'],
);
const signs = fc.constantFrom(...('abc ,"\\/\n\r\t\b\f\u0001\u007f\u00a0é€\u2028😀'.match(/./gsu) ?? []));
const scalar = fc.oneof(
  fc.constantFrom<Json>(null, true, false),
  raw.map((text): Json => ({ raw: text })),
  fc.string({ unit: signs, maxLength: 8 }).map((text): Json => text),
);

const { value } = fc.letrec<{ value: Json; object: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 5, arbitrary: scalar },
    { weight: 1, arbitrary: fc.array(tie('value'), { maxLength: 4 }) },
    { weight: 3, arbitrary: tie('object') },
  ),
  // Named pairs, so that a name may come twice.
  object: fc
    .array(fc.tuple(name, tie('value')), { maxLength: 6 })
    .map((pairs): Json => pairs as [string, Json][]),
}));

const record = fc.oneof(
  { weight: 9, arbitrary: fc.uniqueArray(fc.tuple(name, value), { maxLength: 8, selector: ([key]) => key }) },
  { weight: 1, arbitrary: fc.array(fc.tuple(name, value), { maxLength: 8 }) },
);

/** How blanks and escapes are chosen while writing: a stream of numbers. */
const choices = fc.infiniteStream(fc.nat(20));

/** Writes a value as some source might: with blanks, and signs escaped in any way. */
function write(json: Json, next: () => number): string {
  const blank = (): string => ['', '', '', '', '', ' ', '\t', ' \r '][next()] ?? '';
  if (json === null || typeof json === 'boolean' || typeof json === 'number') return String(json);
  if (typeof json === 'string') return quoted(json, next);
  if ('raw' in json) return json.raw;
  const isObject = json.length > 0 && json.every((item) => isPair(item));
  const items = json.map((item) =>
    isObject && isPair(item)
      ? `${blank()}${quoted(item[0], next)}${blank()}:${blank()}${write(item[1], next)}${blank()}`
      : `${blank()}${write(item as Json, next)}${blank()}`,
  );
  return isObject ? `{${items.join(',')}}` : `[${items.join(',')}]`;
}

const isPair = (item: unknown): item is [string, Json] =>
  Array.isArray(item) && item.length === 2 && typeof item[0] === 'string';

function quoted(text: string, next: () => number): string {
  const written = [...text].map((sign) => {
    const plain = JSON.stringify(sign).slice(1, -1);
    const how = next();
    if (how === 0) return [...Array(sign.length).keys()].map((n) => escaped(sign.charCodeAt(n))).join('');
    if (how === 1 && sign === '/') return '\\/';
    return plain;
  });
  return `"${written.join('')}"`;
}

const escaped = (unit: number): string => `\\u${unit.toString(16).padStart(4, '0')}`;

const line = fc.tuple(record, choices).map(([json, stream]) => {
  const next = (): number => stream.next().value;
  return json.length === 0 ? '{}' : write(json, next);
});

const PIECES = [
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
    '1',
    '.',
    '-',
    '+',
    'e',
    'x',
    ' ',
    '\0',
    '\u0001',
    '\ufeff',
  ],
  ...[
    'null',
    'true',
    'NaN',
    'Infinity',
    '//',
    '/**/',
    "'",
    '\\u0000',
    '\\ud800',
    '\\udc00',
    '\\uD83D\\uDE00',
  ],
  ...['\\u00zz', '\\x41', '{"a":1}', '[[[[', '01', '1.', '.5', '1e', '{}', 'é', '\r', '\u2028', '"id":1,'],
];

/** Lines with a piece put in or some bytes taken out, anywhere. */
const mutated = fc
  .tuple(line, fc.nat(1000), fc.constantFrom(...PIECES), fc.nat(3))
  .map(([text, at, piece, cut]) => {
    const place = at % (text.length + 1);
    return text.slice(0, place) + (cut > 1 ? '' : piece) + text.slice(place + cut);
  });

/** A line's bytes without its line feed: JSON, nearly JSON, noise; now and then in another encoding, or very deep. */
export const arbitraryLine: fc.Arbitrary<Buffer> = fc.oneof(
  { weight: 8, arbitrary: line.map((text) => Buffer.from(text)) },
  { weight: 8, arbitrary: mutated.map((text) => Buffer.from(text.replaceAll('\n', ' '))) },
  { weight: 1, arbitrary: line.map((text) => Buffer.from(text, 'latin1')) },
  {
    weight: 1,
    arbitrary: fc.string({ unit: fc.constantFrom(...PIECES), maxLength: 8 }).map((text) => Buffer.from(text)),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.integer({ min: 197, max: 203 }), fc.boolean())
      .map(([levels, isList]) =>
        isList
          ? Buffer.from(`{"text":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`)
          : Buffer.from(`${'{"a":'.repeat(levels - 1)}{}${'}'.repeat(levels - 1)}`),
      ),
  },
  { weight: 1, arbitrary: fc.integer({ min: 14, max: 20 }).chain(manyMembers) },
);

/** An object with about as many members as are compared one by one, a name of them perhaps twice. */
function manyMembers(count: number): fc.Arbitrary<Buffer> {
  return fc.tuple(fc.nat(count - 1), fc.nat(count - 1)).map(([from, to]) => {
    const names = Array.from({ length: count }, (_, n) => `m${n}`);
    names[to] = `m${from}`;
    return Buffer.from(
      `{"text":{${names.map((one, n) => `"${n === to ? `\\u006d${one.slice(1)}` : one}":1`).join(',')}}}`,
    );
  });
}
