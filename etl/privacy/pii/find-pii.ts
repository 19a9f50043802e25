import { NATIONAL_INSURANCE, POSTCODE } from './british.ts';
import { CARD } from './card.ts';
import { IBAN } from './iban.ts';
import { PHONE } from './phone.ts';
import type { PiiKind, Signs } from './pii-kind.ts';

/** A mail address. */
const MAIL: PiiKind = {
  name: 'mail address',
  shape: "[A-Za-z0-9._%+'-]+@[A-Za-z0-9-]+(?:[.][A-Za-z0-9-]+)*[.][A-Za-z]{2,}\\b",
  least: { letters: 2, digits: 0, ats: 1 },
  isReal: () => true,
};

/** Every kind of personal data that is known by its form, those that are told apart most surely first. */
export const PII_KINDS: readonly PiiKind[] = [IBAN, CARD, MAIL, NATIONAL_INSURANCE, PHONE, POSTCODE];

const SHAPES = PII_KINDS.map((kind) => ({ kind, shape: new RegExp(kind.shape, 'g') }));

/** Names of the kinds that stand somewhere in a text, in the order of PII_KINDS. */
export function findPii(text: string): readonly string[] {
  const { letters, digits, ats } = signsIn(text);
  // Most cells have neither.
  if (digits === 0 && ats === 0) return NONE;
  let found: string[] | undefined;
  for (const { kind, shape } of SHAPES) {
    const { least } = kind;
    if (letters < least.letters || digits < least.digits || ats < least.ats || text.search(shape) < 0)
      continue;
    if (![...text.matchAll(shape)].some(([one]) => kind.isReal(one))) continue;
    found ??= [];
    found.push(kind.name);
  }
  return found ?? NONE;
}

const NONE: readonly string[] = [];

const KINDS_LEAST = PII_KINDS.map(({ least }) => least);

/** Whether bytes of UTF-8 have enough letters, digits and at-signs for some kind; told without making a text of them. */
export function mayHoldPii(bytes: Uint8Array, start: number, end: number): boolean {
  let [letters, digits, ats] = [0, 0, 0];
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte >= 0x30 && byte <= 0x39) digits++;
    else if (byte === 0x40) ats++;
    else if ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a) letters++;
  }
  if (digits === 0 && ats === 0) return false;
  return KINDS_LEAST.some((least) => letters >= least.letters && digits >= least.digits && ats >= least.ats);
}

function signsIn(text: string): Signs {
  let [letters, digits, ats] = [0, 0, 0];
  for (let n = 0; n < text.length; n++) {
    const code = text.charCodeAt(n);
    if (code >= 0x30 && code <= 0x39) digits++;
    else if (code === 0x40) ats++;
    else if ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a) letters++;
  }
  return { letters, digits, ats };
}
