import crypto from 'node:crypto';
import type { ReasonCode } from '../etl/contract/contract.ts';
import { ISO_4217 } from '../etl/contract/iso-4217.ts';

/** The contract's columns in contract order, each with its header in the source. */
export const CONTRACT_COLUMNS = [
  ['transaction_id', 'TransactionID'],
  ['customer_id', 'CustomerID'],
  ['transaction_amount', 'TransactionAmount'],
  ['currency', 'Currency'],
  ['transaction_timestamp', 'TransactionTimestamp'],
] as const;

/** The five raw values of one record, in contract order; the empty text is NULL. */
export type RawValues = readonly [string, string, string, string, string];

/** Why a record failed. */
export interface Reason {
  readonly column: string;
  readonly code: ReasonCode;
  readonly value: string;
}

/** What the checks found: the typed values, or every reason against them. */
export type Checked =
  | {
      readonly kind: 'passed';
      /** In minor units. */
      readonly amount: number;
      /** Milliseconds since 1970, UTC. */
      readonly timestampMs: number;
    }
  | { readonly kind: 'failed'; readonly reasons: readonly Reason[] };

const currencies: ReadonlySet<string> = new Set(ISO_4217);

/** Tests one record's values against the contract, and converts those that need it. */
export function check(raw: RawValues): Checked {
  const amount = toMinorUnits(raw[2]);
  const timestampMs = toEpochMs(raw[4]);
  const complete = raw[0] !== '' && raw[1] !== '';
  if (complete && amount !== undefined && timestampMs !== undefined && currencies.has(raw[3])) {
    return { kind: 'passed', amount, timestampMs };
  }
  const badType = [false, false, amount === undefined, false, timestampMs === undefined];
  const reasons = CONTRACT_COLUMNS.flatMap(([column], i): Reason[] => {
    const value = raw[i] ?? '';
    if (value === '') return [{ column, code: 'NULL_VALUE', value }];
    if (badType[i]) return [{ column, code: 'TYPE_ERROR', value }];
    if (column === 'currency' && !currencies.has(value)) return [{ column, code: 'DOMAIN_ERROR', value }];
    return [];
  });
  return { kind: 'failed', reasons };
}

const DECIMAL = /^[+-]?\d{1,13}(?:\.(\d{1,2}))?$/;

/** `-45.5` → -4550; undefined for what is no decimal with at most two digits after the point. */
export function toMinorUnits(text: string): number | undefined {
  return DECIMAL.test(text) ? Math.round(Number(text) * 100) : undefined;
}

const ISO_TIMESTAMP =
  /^(\d{4})-(\d\d)-(\d\d)[T ](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)?$/;

/** An ISO 8601 timestamp, UTC where it names no zone, as milliseconds; undefined for any other text and for days that no month has. */
export function toEpochMs(text: string): number | undefined {
  const match = ISO_TIMESTAMP.exec(text);
  if (match === null) return undefined;
  const day = Number(match[3]);
  if (day > 28 && day > daysInMonth(Number(match[1]), Number(match[2]))) return undefined;
  const zoned = /(?:Z|[+-]\d\d:\d\d)$/.test(text);
  const epochMs = Date.parse(zoned ? text : `${text}Z`);
  return Number.isNaN(epochMs) ? undefined : epochMs;
}

const daysInMonth = (year: number, month: number): number => new Date(Date.UTC(year, month, 0)).getUTCDate();

/** SHA-256 over the raw values, in hex: each value behind `=`, so that NULL, the empty text, is none of them; joined by NUL. */
export function rowHash(raw: RawValues): string {
  let text = '';
  for (let i = 0; i < raw.length; i++) {
    if (i > 0) text += '\0';
    if (raw[i] !== '') text += `=${raw[i]}`;
  }
  return crypto.hash('sha256', text, 'hex');
}
