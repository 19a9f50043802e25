import type { z } from 'zod';
import type { ColumnType } from '../table/schema.ts';
import { GROUP_SIGNS, type NumberFormat } from './contract.ts';
import type { CustomValue } from './custom-properties.ts';
import { choice, flag, listOf, matching, readFields, refuseUnknown } from './fields.ts';
import type { Problems } from './problems.ts';

/** A number without decorations: `-1234.50`. */
export const PLAIN_NUMBER: NumberFormat = { decimal: '.', symbols: [], parentheses: false };

/**
 * Letters and currency signs alone: a sign that is taken away must not change what a number is worth. So no digit, no
 * sign of a decimal, a group, a percentage or a comparison, and nothing that looks like a minus.
 */
const SYMBOL = /^[\p{L}\p{M}\p{Sc}]+$/u;

/** Letters that are numerals, or look like a dash. */
const NUMERALS = /[\u3007一二三四五六七八九十百千万萬億亿兆零〡-〩ーｰㅡᅳ]/u;

/** Words for the sign or the size of an amount. */
const WORDS = /^(cr|dr|db|minus|neg|plus|k|m|mn|mio|mrd|bn|tsd|lakh|crore|e)$/i;

/** Characters that a source may write for a minus: the minus sign and the dashes. */
const DASH = /^[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]$/;

const NUMBER = {
  decimal: choice(['.', ',']).optional(),
  group: choice(GROUP_SIGNS).optional(),
  grouping: choice(['thousands', 'lakh']).optional(),
  symbols: listOf(
    matching(SYMBOL, 'write a currency symbol such as £, of letters and currency signs alone'),
    "write currency symbols as ['£']",
  ).optional(),
  symbolsAt: choice(['before', 'after', 'either']).optional(),
  trailingSign: flag.optional(),
  exponent: flag.optional(),
  minus: listOf(
    matching(DASH, "write a dash that means a minus, such as '−' (U+2212); the hyphen '-' always does"),
    "write dashes as ['−']",
  ).optional(),
  parentheses: flag.optional(),
} as const;

/** Reads `assay.number` of a column; the plain format where it is absent. */
export function readNumberFormat(
  given: CustomValue | undefined,
  type: ColumnType,
  problems: Problems,
): NumberFormat {
  if (given === undefined) return PLAIN_NUMBER;
  const { value, path } = given;
  if (!['long', 'decimal', 'double'].includes(type.kind)) {
    problems.add(path, 'is for number and integer columns; remove it');
    return PLAIN_NUMBER;
  }
  const hint = `use ${Object.keys(NUMBER).join(', ')}`;
  refuseUnknown(value, Object.keys(NUMBER), path, { problems, hint });
  const fields = readFields(NUMBER, value, path, problems);
  const { decimal = '.', group, symbols = [], minus } = fields;
  for (const [field, why] of clashes({ ...fields, decimal }, type)) problems.add([...path, field], why);
  for (const [i, symbol] of symbols.entries()) {
    if (!NUMERALS.test(symbol) && !WORDS.test(symbol)) continue;
    const message = `is '${symbol}', which says how much or on which side an amount is; without it the value would be another: write a currency symbol such as £`;
    problems.add([...path, 'symbols', i], message);
  }
  const { symbolsAt } = fields;
  return {
    decimal,
    ...(group === undefined ? {} : { group }),
    ...(fields.grouping === 'lakh' ? { grouping: 'lakh' } : {}),
    symbols,
    ...(symbolsAt === undefined || symbolsAt === 'before' ? {} : { symbolsAt }),
    ...(fields.trailingSign === true ? { trailingSign: true } : {}),
    ...(fields.exponent === true ? { exponent: true } : {}),
    ...(minus === undefined || minus.length === 0 ? {} : { minus }),
    parentheses: fields.parentheses ?? false,
  };
}

/** The fields of `assay.number` as far as they are right. */
type NumberFields = { readonly [Field in keyof typeof NUMBER]?: z.infer<(typeof NUMBER)[Field]> };

/** Fields that don't go together or mean nothing, and why. */
function* clashes(fields: NumberFields, type: ColumnType): Generator<[keyof typeof NUMBER, string]> {
  const { decimal, group, symbols = [] } = fields;
  if (group !== undefined && group === decimal)
    yield ['group', `is '${group}', the decimal sign; write two different signs`];
  if (fields.grouping === 'lakh' && group === undefined)
    yield ['grouping', "is set without the sign between the groups; write group, e.g. ','"];
  if (fields.symbolsAt !== undefined && symbols.length === 0)
    yield ['symbolsAt', "is set without symbols; write symbols, e.g. ['€'], or leave it out"];
  if (fields.exponent !== undefined && type.kind === 'double')
    yield ['exponent', 'is for decimal and integer columns; DOUBLE reads exponents in any case: remove it'];
}

/** A format as `assay.number` writes it, without default values. */
export function writtenNumber(format: NumberFormat): Readonly<Record<string, unknown>> {
  const { decimal, symbols, parentheses, ...rest } = format;
  return {
    ...(decimal === '.' ? {} : { decimal }),
    ...(symbols.length === 0 ? {} : { symbols }),
    ...rest,
    ...(parentheses ? { parentheses } : {}),
  };
}
