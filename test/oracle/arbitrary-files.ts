import fc from 'fast-check';
import { GOOD, VALUES } from './arbitrary-values.ts';

/** CSV files for the contract with every type: from well-formed to thoroughly broken, as bytes. */

const COLUMNS = Object.keys(VALUES);
const [BAD_BYTE, NUL] = [Buffer.from([0xe9]), Buffer.from([0])];

/** A value as a field: with blanks around, quoted as it must, quoted needlessly, or not quoted though it must. */
function asField(value: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const padded = fc
    .tuple(
      fc.constantFrom('', '', '', '', ' ', '\t', '\u00a0', ' \u00a0'),
      value,
      fc.constantFrom('', '', '', ' ', '\u00a0'),
    )
    .map((parts) => parts.join(''));
  const quote = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  return fc.tuple(padded, fc.integer({ min: 0, max: 29 })).map(([text, how]) => {
    if (how === 0) return text;
    if (how < 6) return quote(text);
    return /[",\r\n]/.test(text) ? quote(text) : text;
  });
}

const FIELDS = new Map(COLUMNS.map((name) => [name, asField(VALUES[name] ?? fc.constant(''))]));

/** Good fields but for a few: so that some records pass and most others fail for one or two reasons. */
const fields: fc.Arbitrary<string[]> = fc
  .integer({ min: 0, max: 3 })
  .chain((count) =>
    fc
      .array(fc.constantFrom(...COLUMNS), { minLength: count, maxLength: count })
      .chain((wrong) =>
        fc.tuple(
          ...COLUMNS.map((name) =>
            wrong.includes(name) ? (FIELDS.get(name) ?? fc.constant('')) : fc.constant(GOOD[name] ?? ''),
          ),
        ),
      ),
  );

/** One record's bytes without its end; the id is filled in later, so that most are unique. */
const record: fc.Arbitrary<{ readonly text: string; readonly tail: Buffer }> = fc.oneof(
  { weight: 42, arbitrary: fields.map((all) => ({ text: all.join(','), tail: Buffer.alloc(0) })) },
  {
    weight: 3,
    arbitrary: fields.map((all) => ({ text: all.join(','), tail: BAD_BYTE })),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fields, fc.nat(200), fc.constantFrom(',', '"', '\n', '\r', '"\n', ',"', ' ', '\u00a0'))
      .map(([all, at, piece]) => {
        const text = all.join(',');
        const cut = at % (text.length + 1);
        return { text: text.slice(0, cut) + piece + text.slice(cut), tail: Buffer.alloc(0) };
      }),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(
        fields,
        fc.constantFrom('', ',', '"', '"open', ',,', 'x'.repeat(2100), `"${'x\n'.repeat(1100)}"`),
      )
      .map(([all, more]) => ({ text: `${all.slice(0, -1).join(',')}${more}`, tail: Buffer.alloc(0) })),
  },
  { weight: 1, arbitrary: fields.map((all) => ({ text: all.join(','), tail: NUL })) },
);

const blank = fc.constantFrom(
  '',
  ' ',
  ',',
  ','.repeat(COLUMNS.length),
  `"",${','.repeat(COLUMNS.length - 1)}`,
  '"',
  '\u00a0',
);

/** One line of a file: a record under a number (one in forty of them used before), or one that is blank. */
const line = fc.oneof(
  {
    weight: 12,
    arbitrary: fc
      .tuple(record, fc.integer({ min: 0, max: 39 }))
      .map(([value, again]) => ({ ...value, again: again === 0, bare: false })),
  },
  { weight: 1, arbitrary: blank.map((text) => ({ text, tail: Buffer.alloc(0), again: false, bare: true })) },
);

/** A file's bytes, given the number of its first record. */
export type FileMaker = (firstId: number) => Buffer;

/** A header in any order of columns is left to the golden cases; here it is the contract's own. */
export const arbitraryFile: fc.Arbitrary<FileMaker> = fc
  .record({
    mark: fc.boolean(),
    ends: fc.constantFrom(['\n'], ['\r\n'], ['\r'], ['\n', '\r\n', '\r']),
    lines: fc.array(line, { minLength: 1, maxLength: 120, size: 'max' }),
    ended: fc.boolean(),
  })
  .map(({ mark, ends, lines, ended }) => (firstId) => {
    const end = (n: number): string => ends[n % ends.length] ?? '\n';
    const pieces: Buffer[] = [Buffer.from(`${mark ? '\ufeff' : ''}id,${COLUMNS.join(',')}${end(0)}`)];
    lines.forEach(({ text, tail, again, bare }, n) => {
      const id = again ? firstId : firstId + n;
      const last = n === lines.length - 1 && !ended;
      pieces.push(Buffer.from(bare ? text : `${id},${text}`), tail, Buffer.from(last ? '' : end(n)));
    });
    return Buffer.concat(pieces);
  });
