import fc from 'fast-check';

/** Values of a type, each in all the spellings that mean it. */
const SPELLINGS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  // Alike to an eye, or to an engine that pads, folds or normalizes; each is another text.
  text: ['a', 'A', 'á', 'a\u0301', 'ß', 'ss', 'ﬁ', 'fi', '%', '_', "o'clock", '\\', '{}', '💧', 'ａ'].map(
    (text) => [text],
  ),
  whole: [
    ['0', '-0', '000'],
    ['9007199254740992'],
    ['9007199254740993'],
    ['9223372036854775807'],
    ['-9223372036854775808'],
  ],
  exact: [
    ['1.5', '1.50', '01.500'],
    ['-1.5'],
    ['0', '-0.00'],
    ['123456789012345.678901'],
    ['123456789012345.678902'],
  ],
  day: [['0001-01-01'], ['1582-10-10'], ['1969-12-31'], ['1970-01-01'], ['9999-12-31']],
  moment: [
    ['2024-03-31T01:30:00.000001Z', '2024-03-31T03:30:00.000001+02:00'],
    ['2024-03-31T01:30:00.000002Z'],
    ['1969-12-31T23:59:59.999999Z'],
    ['2024-02-29T00:00:00Z', '2024-02-28T19:00:00-05:00'],
  ],
  yes: [['true'], ['false']],
};
/** The columns: one of each type. */
export const NAMES = Object.keys(SPELLINGS);

const TYPES: Readonly<Record<string, string>> = {
  text: 'logicalType: string',
  whole: 'logicalType: integer, physicalType: BIGINT',
  exact: 'logicalType: number, physicalType: "DECIMAL(38,6)"',
  day: 'logicalType: date',
  moment: 'logicalType: timestamp',
  yes: 'logicalType: boolean',
};

/** A contract whose key is these columns. */
export function contractOf(keys: readonly string[], duplicates: string): string {
  const properties = NAMES.map((name) => {
    const key = keys.includes(name) ? ', primaryKey: true' : '';
    return `      - { name: ${name}, ${TYPES[name]}, required: true${key}, classification: public }`;
  });
  return `apiVersion: v3.1.0
kind: DataContract
id: urn:test:lab.samples
domain: lab
name: samples
version: 1.0.0
status: active
team: { name: lab }
schema:
  - name: samples
    properties:
${properties.join('\n')}
    customProperties:
      - { property: assay.partitionColumn, value: day }
      - { property: assay.duplicates, value: ${duplicates} }
      - { property: assay.limits, value: { maxQuarantineRate: 1, maxCondemned: 1000 } }
`;
}

/** A record: of each column the value's number, and which of its spellings stands in the file. */
export type Sample = readonly (readonly [value: number, spelling: number])[];
/** Any record. */
export const sample: fc.Arbitrary<Sample> = fc.tuple(
  ...NAMES.map((name) => fc.tuple(fc.nat((SPELLINGS[name]?.length ?? 1) - 1), fc.nat(2))),
);

/** Records as a file. */
export const csvOf = (samples: readonly Sample[]): string =>
  [NAMES, ...samples.map((row) => row.map(([value, spelling], n) => cellOf(NAMES[n] ?? '', value, spelling)))]
    .map((cells) => `${cells.join(',')}\n`)
    .join('');

function cellOf(name: string, value: number, spelling: number): string {
  const spellings = SPELLINGS[name]?.[value] ?? [];
  return spellings[spelling % spellings.length] ?? '';
}

/** How many rows of the second file, and of what stands of the first, have a key that another one has. */
export function expectedRows(
  keys: readonly string[],
  first: readonly Sample[],
  second: readonly Sample[],
): number {
  const keyOf = (row: Sample): string =>
    JSON.stringify(row.flatMap(([value], n) => (keys.includes(NAMES[n] ?? '') ? [value] : [])));
  const standing = new Set(first.map(keyOf));
  const mine = second.map(keyOf);
  const found = mine.filter(
    (key, n) => standing.has(key) || mine.indexOf(key) !== n || mine.lastIndexOf(key) !== n,
  );
  return found.length + [...standing].filter((key) => mine.includes(key)).length;
}
