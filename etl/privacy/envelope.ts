/** What an envelope says to everyone: whose value it is, of which column and month. */
export interface EnvelopeHeader {
  /** The vault's id of the column, 8 digits of base32: it stands for dataset, column and data group. */
  readonly column: string;
  /** The vault's reference of the subject, 26 digits of base32. */
  readonly subject: string;
  /** The month whose period key sealed it, `202611`. */
  readonly period: string;
}

/** An envelope as its parts. */
export interface Envelope extends EnvelopeHeader {
  /** What was sealed, as base64url; empty where the value was past its retention when it came. */
  readonly payload: string;
}

const ENVELOPE = /^~1\.([a-z2-7]{8})\.([a-z2-7]{26})\.(\d{4}(?:0[1-9]|1[0-2]))\.(.*)$/s;

/** The text before the payload: `~1.<column>.<subject>.<period>.`. It is sealed in, so that no other fits the payload. */
export const headerText = ({ column, subject, period }: EnvelopeHeader): string =>
  `~1.${column}.${subject}.${period}.`;

/** An envelope of a value that was past its retention when it came: no key opens it. */
export const emptyEnvelope = (header: EnvelopeHeader): string => headerText(header);

/** The parts of an envelope; undefined for any other text, and for a payload that is spelled in another way than ours. */
export function readEnvelope(text: string): Envelope | undefined {
  const [, column, subject, period, payload] = ENVELOPE.exec(text) ?? [];
  if (column === undefined || subject === undefined || period === undefined || payload === undefined)
    return undefined;
  return isPayload(payload) ? { column, subject, period, payload } : undefined;
}

/** Whether a text is a payload as we spell it: digits of base64url, of which the last has no bits to spare that aren't zero. */
export function isPayload(payload: string): boolean {
  if (!/^[\w-]*$/.test(payload)) return false;
  const rest = payload.length % 4;
  if (rest === 0) return true;
  return rest > 1 && (rest === 2 ? 'AQgw' : 'AEIMQUYcgkosw048').includes(payload.charAt(payload.length - 1));
}

/** Whether a source's text could be taken for an envelope, of this version or another. */
export const startsLikeEnvelope = (text: string): boolean => /^~\d+\./.test(text);
