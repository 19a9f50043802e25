import type { NumberFormat } from '../contract/contract.ts';
import { counted, type Note, review } from './notes.ts';
import type { ColumnProfile } from './profile-column.ts';
import { type Shape, shareOf } from './readings.ts';

/** Which sign the files' decimals have, and what says so; where nothing does, the sign is undefined. */
export interface DecimalSign {
  readonly sign: NumberFormat['decimal'] | undefined;
  readonly why: string;
}

/** Shapes that only a decimal comma, or only a decimal point, explains: three digits behind a sign may be a group. */
const COMMA = /^\D*9*,(9{1,2}|9{4,})(a[-+]?9+)?\D*$|^\D*9{1,3}([. '’\u00a0\u202f\u2009]9{3})+,9+\D*$/;
const POINT = /^\D*9*\.(9{1,2}|9{4,})(a[-+]?9+)?\D*$|^\D*9{1,3}([, '’\u00a0\u202f\u2009]9{3})+\.9+\D*$/;
const NUMERIC = /^[^a]*a?[^a]*$/;

/** What the columns' unmistakable numbers say of the decimal sign; else the delimiter, since ';' leaves the comma free for it. */
export function decimalSignOf(profiles: readonly ColumnProfile[], delimiter: string): DecimalSign {
  for (const [sign, shape, other] of [
    [',', COMMA, POINT],
    ['.', POINT, COMMA],
  ] as const) {
    const witness = profiles.find(
      ({ shapes }) => shareOf(shapes, (one) => shape.test(one)) >= 0.5 && shapes.every(isNumeric),
    );
    const against = profiles.some(
      ({ shapes }) => shareOf(shapes, (one) => other.test(one)) >= 0.5 && shapes.every(isNumeric),
    );
    if (witness !== undefined && !against) return { sign, why: `${witness.name} has ${nameOf(sign)}` };
  }
  return delimiter === ';'
    ? { sign: ',', why: `the delimiter is ';'` }
    : { sign: undefined, why: 'nothing else in the files says which' };
}

const isNumeric = ({ shape }: Shape): boolean => NUMERIC.test(shape) && shape.includes('9');

const nameOf = (sign: NumberFormat['decimal']): string =>
  sign === ',' ? 'a decimal comma' : 'a decimal point';

/**
 * Of formats that read a column's numbers equally well, the one to take, and a note where they read them as different
 * numbers: `3,281` is three thousand and some, or three and some. A zero before the sign, as in `0,281`, decides by itself.
 */
export function chooseFormat(
  formats: readonly NumberFormat[],
  { profile, decimalSign }: { readonly profile: ColumnProfile; readonly decimalSign: DecimalSign },
): { readonly format: NumberFormat | undefined; readonly notes: readonly Note[] } {
  const [plainest] = formats;
  const signs = new Set(formats.map(({ decimal }) => decimal));
  const doubtful = profile.shapes.filter(({ shape }) => /[.,]/.test(shape));
  if (signs.size < 2 || doubtful.length === 0) return { format: plainest, notes: [] };
  const zero = profile.zeroBefore;
  const sign = zero ?? decimalSign.sign;
  const format = formats.find(({ decimal }) => decimal === sign) ?? plainest;
  const why = zero === undefined ? decimalSign.why : `some begin with 0${zero}`;
  const count = doubtful.reduce((sum, one) => sum + one.count, 0);
  const example = doubtful[0]?.example ?? '';
  const mark = /[.,]/.exec(example)?.[0] ?? ',';
  const taken = format?.decimal === mark ? 'the decimal sign' : 'between thousands';
  const other = format?.decimal === mark ? 'between thousands' : 'the decimal sign';
  return {
    format,
    notes: [
      review(
        `In ${counted(count)} values, such as ${example}, '${mark}' may be the decimal sign or stand between thousands; it is taken to be ${taken}, as ${why}. If it is ${other}, change assay.number.`,
      ),
    ],
  };
}
