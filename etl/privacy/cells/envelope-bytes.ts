import { Buffer } from 'node:buffer';
import { FORGOTTEN_LINE } from '../../csv/sealed-line.ts';
import { HEADER_BYTES } from './cell-job.ts';

/** Where the column, the subject and the period stand in a header. */
export const COLUMN_AT = 3;
export const SUBJECT_AT = 12;
export const PERIOD_AT = 39;
const POINTS = [2, COLUMN_AT + 8, SUBJECT_AT + 26, PERIOD_AT + 6];
const [TILDE, POINT, ZERO] = [0x7e, 0x2e, 0x30];

const BASE32 = new Uint8Array(256);
for (const digit of Buffer.from('abcdefghijklmnopqrstuvwxyz234567')) BASE32[digit] = 1;

const FORGOTTEN = Buffer.from(FORGOTTEN_LINE);

/** Whether a cell may be sealed: it begins with a tilde. */
export const isSealedBytes = (bytes: Uint8Array, start: number, end: number): boolean =>
  start < end && bytes[start] === TILDE;

/** Whether a cell begins with the header of an envelope, as `readEnvelope` would say. */
export function hasHeader(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < HEADER_BYTES || bytes[start] !== TILDE || bytes[start + 1] !== ZERO + 1) return false;
  for (const at of POINTS) if (bytes[start + at] !== POINT) return false;
  let digits = 0;
  for (let at = start + COLUMN_AT; at < start + COLUMN_AT + 8; at++) digits += BASE32[bytes[at] ?? 0] ?? 0;
  for (let at = start + SUBJECT_AT; at < start + SUBJECT_AT + 26; at++) digits += BASE32[bytes[at] ?? 0] ?? 0;
  return digits === 34 && isPeriod(bytes, start + PERIOD_AT);
}

/** Four digits of a year, and a month of 01 to 12. */
function isPeriod(bytes: Uint8Array, start: number): boolean {
  for (let at = start; at < start + 6; at++) {
    const digit = (bytes[at] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) return false;
  }
  const month = ((bytes[start + 4] ?? 0) - ZERO) * 10 + (bytes[start + 5] ?? 0) - ZERO;
  return month >= 1 && month <= 12;
}

/** Whether a cell is what stands for a value of somebody who was forgotten. */
export function isForgottenBytes(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== FORGOTTEN.length) return false;
  for (let at = 0; at < FORGOTTEN.length; at++) if (bytes[start + at] !== FORGOTTEN[at]) return false;
  return true;
}
