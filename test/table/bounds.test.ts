import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeBound, encodeBound } from '../../etl/table/bounds.ts';
import type { ColumnType } from '../../etl/table/schema.ts';
import { compareScalars, parseScalar, printScalar, type Scalar } from '../../etl/table/value.ts';

const DECIMAL: ColumnType = { kind: 'decimal', precision: 38, scale: 4 };
const hex = (bytes: Uint8Array | undefined): string | undefined =>
  bytes && Buffer.from(bytes).toString('hex');

/** Every code point but surrogates, which no DuckDB string holds. */
const codePoint = fc
  .oneof(
    fc.integer({ min: 0, max: 0xd7ff }),
    fc.integer({ min: 0xe000, max: 0x10ffff }),
    fc.constant(0x10ffff),
  )
  .map((point) => String.fromCodePoint(point));

const values: readonly (readonly [ColumnType, fc.Arbitrary<Scalar>])[] = [
  [{ kind: 'boolean' }, fc.bigInt({ min: 0n, max: 1n })],
  [{ kind: 'int' }, fc.bigInt({ min: -(2n ** 31n), max: 2n ** 31n - 1n })],
  [{ kind: 'long' }, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })],
  [{ kind: 'double' }, fc.double({ noNaN: true, noDefaultInfinity: true })],
  [{ kind: 'date' }, fc.bigInt({ min: -800_000n, max: 3_000_000n })],
  [{ kind: 'timestamptz' }, fc.bigInt({ min: -(10n ** 17n), max: 10n ** 17n })],
  [DECIMAL, fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n })],
  [{ kind: 'string' }, fc.array(codePoint, { maxLength: 40 }).map((points) => points.join(''))],
  [{ kind: 'binary' }, fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes))],
];

describe('bounds', () => {
  test.each([
    ['boolean', { kind: 'boolean' }, 'true', '01'],
    ['int', { kind: 'int' }, '34', '22000000'],
    ['long', { kind: 'long' }, '-34', 'deffffffffffffff'],
    ['double', { kind: 'double' }, '1.5', '000000000000f83f'],
    ['date', { kind: 'date' }, '2017-11-16', '4e440000'],
    ['timestamptz', { kind: 'timestamptz' }, '1969-12-31 23:59:59.999999+00', 'ffffffffffffffff'],
    ['string', { kind: 'string' }, 'iceberg', '69636562657267'],
    ['binary', { kind: 'binary' }, '00FF', '00ff'],
    ['decimal', { kind: 'decimal', precision: 9, scale: 2 }, '14.20', '058c'],
    ['decimal that needs a sign byte', { kind: 'decimal', precision: 9, scale: 2 }, '1.28', '0080'],
    ['negative decimal', { kind: 'decimal', precision: 9, scale: 2 }, '-1.28', '80'],
    [
      'decimal as DuckDB prints it without a leading zero',
      { kind: 'decimal', precision: 2, scale: 2 },
      '-.05',
      'fb',
    ],
  ] as const)('%s has the bytes of the specification', (_name, type, text, bytes) => {
    expect(hex(encodeBound(text, type, 'lower'))).toBe(bytes);
    expect(hex(encodeBound(text, type, 'upper'))).toBe(bytes);
  });

  test.each(values.map(([type, arbitrary]) => [type.kind, type, arbitrary] as const))(
    'a %s lies between its bounds',
    (_kind, type, arbitrary) => {
      fc.assert(
        fc.property(arbitrary, (value) => {
          const text = printScalar(value, type);
          const lower = encodeBound(text, type, 'lower');
          const upper = encodeBound(text, type, 'upper');
          expect(lower).toBeDefined();
          expect(compareBound(lower, value, type)).toBeLessThanOrEqual(0);
          if (upper !== undefined) expect(compareBound(upper, value, type)).toBeGreaterThanOrEqual(0);
          if (type.kind !== 'string' && type.kind !== 'binary') {
            expect(hex(upper)?.replace(/80$/, '00')).toBe(hex(lower)?.replace(/80$/, '00'));
          }
        }),
        { numRuns: 500 },
      );
    },
  );

  function compareBound(bytes: Uint8Array | undefined, value: Scalar, type: ColumnType): number {
    const decoded = parseScalar(decodeBound(bytes ?? Buffer.of(), type) ?? '', type);
    expect(decoded).toBeDefined();
    return compareScalars(decoded ?? '', value);
  }

  test('a long string keeps 16 code points, not 16 UTF-16 units', () => {
    const text = '😀'.repeat(17);
    expect(encodeBound(text, { kind: 'string' }, 'lower')).toEqual(Buffer.from('😀'.repeat(16)));
    expect(encodeBound(text, { kind: 'string' }, 'upper')).toEqual(Buffer.from(`${'😀'.repeat(15)}😁`));
  });

  test('an upper bound steps over the surrogates and past the last code point', () => {
    const upper = (text: string) => encodeBound(text, { kind: 'string' }, 'upper');
    expect(upper(`${'a'.repeat(15)}\ud7ffz`)).toEqual(Buffer.from(`${'a'.repeat(15)}\ue000`));
    expect(upper(`a${'\u{10ffff}'.repeat(16)}`)).toEqual(Buffer.from('b'));
    expect(upper('\u{10ffff}'.repeat(17))).toBeUndefined();
    expect(encodeBound('ff'.repeat(17), { kind: 'binary' }, 'upper')).toBeUndefined();
    expect(hex(encodeBound(`00${'ff'.repeat(17)}`, { kind: 'binary' }, 'upper'))).toBe('01');
  });

  test('what has no place in the order has no bound', () => {
    for (const text of ['inf', '-inf', 'nan', 'infinity', '']) {
      expect(encodeBound(text, { kind: 'double' }, 'upper')).toBeUndefined();
      expect(encodeBound(text, { kind: 'timestamptz' }, 'upper')).toBeUndefined();
      expect(encodeBound(text, { kind: 'date' }, 'lower')).toBeUndefined();
      expect(encodeBound(text, DECIMAL, 'lower')).toBeUndefined();
    }
    expect(encodeBound('2147483648', { kind: 'int' }, 'upper')).toBeUndefined();
  });

  test('both zeros lie between the bounds of either', () => {
    for (const zero of ['0.0', '-0.0']) {
      expect(hex(encodeBound(zero, { kind: 'double' }, 'lower'))).toBe('0000000000000080');
      expect(hex(encodeBound(zero, { kind: 'double' }, 'upper'))).toBe('0000000000000000');
    }
  });

  test('a bound written while the column was an int is read as a long', () => {
    expect(decodeBound(encodeBound('-7', { kind: 'int' }, 'lower') ?? Buffer.of(), { kind: 'long' })).toBe(
      '-7',
    );
  });

  test('bytes of another length are no bound', () => {
    expect(decodeBound(Buffer.of(1, 2, 3), { kind: 'long' })).toBeUndefined();
    expect(decodeBound(Buffer.of(), DECIMAL)).toBeUndefined();
  });
});
