import { randomBytes } from 'node:crypto';

/** A new run id: the moment to the millisecond, so that ids sort by time, and four random bytes, so that no two are alike. */
export function newRunId(now: Date): string {
  const moment = now.toISOString().replace(/[-:.]/g, '');
  return `${moment}-${randomBytes(4).toString('hex')}`;
}
