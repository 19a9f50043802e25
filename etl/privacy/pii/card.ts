import { BEFORE, BEHIND, compact, type PiiKind } from './pii-kind.ts';

/** First digits and lengths of the cards that there are. */
const ISSUERS = [
  /^4(?:\d{12}|\d{15}|\d{18})$/,
  /^(?:5[1-5]\d{4}|222[1-9]\d{2}|22[3-9]\d{3}|2[3-6]\d{4}|27[01]\d{3}|2720\d{2})\d{10}$/,
  /^3[47]\d{13}$/,
  /^(?:6011\d{2}|64[4-9]\d{3}|65\d{4})\d{10}$/,
  /^35(?:2[89]|[3-8]\d)\d{12}$/,
  /^3(?:0[0-5]|[689]\d)\d{11}$/,
];

/** The number of a payment card: of an issuer that there is, and its check digit right. */
export const CARD: PiiKind = {
  name: 'card number',
  shape: `${BEFORE}[0-9](?:[ -]?[0-9]){12,18}${BEHIND}`,
  least: { letters: 0, digits: 13, ats: 0 },
  isReal(found) {
    const digits = compact(found).replace(/[^0-9]/g, '');
    return ISSUERS.some((issuer) => issuer.test(digits)) && hasCheckDigit(digits);
  },
};

/** Luhn's formula, ISO/IEC 7812. */
function hasCheckDigit(digits: string): boolean {
  let sum = 0;
  for (let place = 0; place < digits.length; place++) {
    const digit = Number(digits[digits.length - 1 - place]);
    sum += place % 2 === 0 ? digit : 2 * digit - (digit > 4 ? 9 : 0);
  }
  return sum % 10 === 0;
}
