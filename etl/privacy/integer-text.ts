import { numberShape } from '../contract/compile-numbers.ts';
import type { NumberFormat } from '../contract/contract.ts';

/** An integer in plain digits, as the column's format reads it: `00123` → `123`; undefined where it is none. Of any size. */
export function integerText(text: string, format: NumberFormat): string | undefined {
  if (!shapeOf(format).test(text)) return undefined;
  const digits = text.replace(/[^0-9]/g, '').replace(/^0+(?=.)/, '');
  const isNegative =
    text.startsWith('(') || [...(format.minus ?? []), '-'].some((sign) => text.includes(sign));
  return isNegative && digits !== '0' ? `-${digits}` : digits;
}

const shapes = new WeakMap<NumberFormat, RegExp>();

function shapeOf(format: NumberFormat): RegExp {
  const known = shapes.get(format);
  if (known !== undefined) return known;
  // The shape is of the syntax that RE2 and JavaScript share.
  const shape = new RegExp(`^(?:${numberShape(format, { kind: 'long' })})$`);
  shapes.set(format, shape);
  return shape;
}
