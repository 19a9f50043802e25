import { compact, type PiiKind } from './pii-kind.ts';

/** Prefixes that HMRC gives to nobody. */
const NO_PREFIX = new Set(['BG', 'GB', 'KN', 'NK', 'NT', 'TN', 'ZZ']);

/** A National Insurance number (HMRC, NIM39110). */
export const NATIONAL_INSURANCE: PiiKind = {
  name: 'National Insurance number',
  shape: '\\b[A-Za-z]{2} ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-Da-d]\\b',
  least: { letters: 3, digits: 6, ats: 0 },
  isReal(found) {
    const text = compact(found);
    return /^[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]/.test(text) && !NO_PREFIX.has(text.slice(0, 2));
  },
};

const AREAS = new Set(
  (
    'AB AL B BA BB BD BF BH BL BN BR BS BT BX CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY E EC EH EN EX FK ' +
    'FY G GL GU GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L LA LD LE LL LN LS LU M ME MK ML N NE NG NN NP NR ' +
    'NW OL OX PA PE PH PL PO PR RG RH RM S SA SE SG SK SL SM SN SO SP SR SS ST SW SY TA TD TF TN TQ TR TS TW UB W WA WC ' +
    'WD WF WN WR WS WV YO ZE'
  ).split(' '),
);

/** A British postcode, of an area that there is. */
export const POSTCODE: PiiKind = {
  name: 'British postcode',
  shape: '\\b[A-Za-z]{1,2}[0-9][A-Za-z0-9]? ?[0-9][ABD-HJLNP-UW-Zabd-hjlnp-uw-z]{2}\\b',
  least: { letters: 3, digits: 2, ats: 0 },
  isReal: (found) => AREAS.has(/^[A-Z]+/.exec(compact(found))?.[0] ?? ''),
};
