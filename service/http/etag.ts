import { hashOf } from '../identity/same-secret.ts';

/** The tag of an answer's text: another text has another. */
export const etagOf = (text: string): string => `"${hashOf(text).toString('hex').slice(0, 32)}"`;

/** Whether an If-Match or If-None-Match header names a tag; `*` names any. */
export function namesTag(header: string, etag: string): boolean {
  const named = header.split(',').map((one) => one.trim().replace(/^W\//, ''));
  return named.includes('*') || named.includes(etag);
}
