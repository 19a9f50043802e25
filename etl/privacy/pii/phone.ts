import { BEFORE, BEHIND, compact, type PiiKind } from './pii-kind.ts';

const SIGNS = '[ ().-]{0,2}';

/**
 * A phone number: with a plus and the country's code; or a British one with its area's code, whose digits stand together,
 * so that no date is one.
 */
export const PHONE: PiiKind = {
  name: 'phone number',
  shape: `\\+[1-9](?:${SIGNS}[0-9]){6,14}\\b|${BEFORE}0[1-37][0-9]{1,4}[)]?(?:[ -]?[0-9]){5,8}${BEHIND}`,
  least: { letters: 0, digits: 7, ats: 0 },
  isReal(found) {
    const digits = compact(found).replace(/^[A-Z]|[A-Z]$/g, '');
    if (digits.startsWith('+')) return digits.length >= 8 && digits.length <= 16;
    return /^0(?:1\d{8,9}|[237]\d{9})$/.test(digits) && !/^0(\d)\1+$/.test(digits);
  },
};
