import type { PiiKind } from './pii-kind.ts';

/** How long the account numbers of each country are; SWIFT's registry of IBANs. */
const LENGTHS = new Map(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ' +
    'ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 ' +
    'LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 ' +
    'PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30'
  )
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))] as const),
);

/** An international bank account number, ISO 13616: its country's length, and its check digits right. */
export const IBAN: PiiKind = {
  name: 'IBAN',
  shape: '\\b[A-Za-z]{2}[0-9]{2}(?: ?[A-Za-z0-9]){11,30}\\b',
  least: { letters: 2, digits: 2, ats: 0 },
  isReal(found) {
    const length = LENGTHS.get(found.slice(0, 2).toUpperCase());
    const own = length === undefined ? undefined : firstLetters(found, length);
    return own !== undefined && remainder(own.slice(4) + own.slice(0, 4)) === 1;
  },
};

/** So many letters and digits of a text, in capitals; undefined where the last of them isn't the end of a word. */
function firstLetters(text: string, length: number): string | undefined {
  let taken = '';
  for (const [at, sign] of [...text].entries()) {
    if (sign === ' ') continue;
    taken += sign.toUpperCase();
    if (taken.length === length) return [undefined, ' '].includes(text[at + 1]) ? taken : undefined;
  }
  return undefined;
}

/** By 97, letters being 10 to 35 (ISO 7064). */
function remainder(text: string): number {
  let rest = 0;
  for (const sign of text) {
    const value = Number.parseInt(sign, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest;
}
