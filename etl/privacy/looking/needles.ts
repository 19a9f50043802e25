import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { ConfigError } from '../../errors.ts';

/** Bytes that tell a value, whatever stands around them. */
export interface Needle {
  readonly bytes: Buffer;
  /** Which of the values it tells, from 1. */
  readonly value: number;
  /** How the value is written there, in words. */
  readonly as: string;
}

/** Shorter values are found by chance. */
export const LEAST_CHARACTERS = 6;
/** What stands for a value in hex or base64 is told by so many digits at least. */
const LEAST_DIGITS = 10;
const HASHES = ['md5', 'sha1', 'sha256', 'sha384', 'sha512', 'blake2b512', 'sha3-256'] as const;
/** A digest that was cut short is still told by so many of its digits, or half as many bytes. */
const DIGEST_DIGITS = 16;

/** The values in a text, one a line; throws ConfigError `VALUES` where there is none, or one is too short to be told. */
export function valuesOf(text: string, where: string): readonly string[] {
  const values = [...new Set(text.split(/\r?\n/).map((line) => line.trim()))].filter((line) => line !== '');
  const short = values.findIndex((value) => [...value].length < LEAST_CHARACTERS);
  if (values.length > 0 && short < 0) return values;
  const why =
    values.length === 0
      ? 'holds no value: write one a line'
      : `has a value of fewer than ${LEAST_CHARACTERS} characters (the ${short + 1}. of it), which is found by chance: write longer ones`;
  throw new ConfigError('VALUES', `${where} ${why}.`);
}

/**
 * Everything that tells one of the values: as UTF-8, UTF-16 and Latin-1, in lower and upper case, escaped as addresses, JSON,
 * HTML and CSV do, in hex and in base64 wherever it begins, and as a plain digest, also one that was cut short.
 */
export function needlesOf(values: readonly string[]): readonly Needle[] {
  const known = new Map<string, Needle>();
  for (const [n, value] of values.entries()) {
    for (const form of new Set([value, value.toLowerCase(), value.toUpperCase()])) {
      for (const { bytes, as } of formsOf(form)) {
        const name = bytes.toString('latin1');
        if (!known.has(name)) known.set(name, { bytes, value: n + 1, as });
      }
    }
  }
  return [...known.values()];
}

type Form = Omit<Needle, 'value'>;

function formsOf(value: string): readonly Form[] {
  const utf8 = Buffer.from(value);
  return [
    { bytes: utf8, as: 'UTF-8' },
    ...utf16(value),
    ...(/^[\0-ÿ]*$/.test(value) ? [{ bytes: Buffer.from(value, 'latin1'), as: 'Latin-1' }] : []),
    ...escaped(value),
    ...digits(utf8.toString('hex'), 'hex'),
    ...base64Forms(utf8),
    ...HASHES.flatMap((name) => digestForms(name, utf8)),
  ];
}

function utf16(value: string): readonly Form[] {
  const little = Buffer.from(value, 'utf16le');
  return [
    { bytes: little, as: 'UTF-16' },
    { bytes: Buffer.from(little).swap16(), as: 'UTF-16' },
  ];
}

function escaped(value: string): readonly Form[] {
  const address = encodeURIComponent(value);
  const strict = address.replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
  const lower = (text: string): string => text.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
  const json = JSON.stringify(value).slice(1, -1);
  const ascii = (isUpper: boolean): string =>
    json.replace(/[^\0-~]/g, (sign) => `\\u${hex4(sign.charCodeAt(0), isUpper)}`);
  const html = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const quotes = ['&quot;', '&#34;'].flatMap((quote) =>
    ['&#39;', '&#x27;', '&apos;'].map((single) => html.replaceAll('"', quote).replaceAll("'", single)),
  );
  const addresses = [address, strict].flatMap((one) => [one, one.replaceAll('%20', '+')]);
  return [
    ...[...addresses, ...addresses.map(lower)].map((text) => ({ text, as: 'escaped as in an address' })),
    ...[json, ascii(true), ascii(false), json.replaceAll('/', '\\/')].map((text) => ({
      text,
      as: 'escaped as in JSON',
    })),
    ...[html, ...quotes].map((text) => ({ text, as: 'escaped as in HTML' })),
    { text: value.replaceAll('"', '""'), as: 'escaped as in CSV' },
  ].map(({ text, as }) => ({ bytes: Buffer.from(text), as }));
}

const hex4 = (code: number, isUpper: boolean): string => {
  const hex = code.toString(16).padStart(4, '0');
  return isUpper ? hex.toUpperCase() : hex;
};

function digits(hex: string, as: string): readonly Form[] {
  if (hex.length < LEAST_DIGITS) return [];
  return [hex, hex.toUpperCase()].map((text) => ({ bytes: Buffer.from(text), as }));
}

/** What of the value's base64 hangs on no byte around it, for each of the three places where it may begin. */
function base64Forms(bytes: Buffer): readonly Form[] {
  return [0, 1, 2].flatMap((offset) => {
    const all = Buffer.concat([Buffer.alloc(offset), bytes]);
    const whole = all.toString('base64').slice([0, 2, 3][offset], Math.floor((all.length * 8) / 6));
    const url = whole.replaceAll('+', '-').replaceAll('/', '_');
    return whole.length < LEAST_DIGITS
      ? []
      : [whole, url].map((text) => ({ bytes: Buffer.from(text), as: 'base64' }));
  });
}

function digestForms(name: (typeof HASHES)[number], bytes: Buffer): readonly Form[] {
  const digest = createHash(name).update(bytes).digest();
  const base64 = digest.toString('base64').slice(0, DIGEST_DIGITS);
  const texts = [base64, base64.replaceAll('+', '-').replaceAll('/', '_')];
  return [
    ...digits(digest.toString('hex').slice(0, DIGEST_DIGITS), `its ${name}`),
    ...texts.map((text) => ({ bytes: Buffer.from(text), as: `its ${name}` })),
    { bytes: digest.subarray(0, DIGEST_DIGITS), as: `its ${name}` },
  ];
}
