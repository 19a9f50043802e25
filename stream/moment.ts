/** The last moment with a year of four digits. */
const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** A broker's time as ISO 8601 with a year of four digits; what lies outside of 1970 to 9999, as no time does, is moved to its edge. */
export const isoMoment = (ms: number): string =>
  new Date(Number.isFinite(ms) ? Math.min(Math.max(Math.trunc(ms), 0), LAST_MS) : 0).toISOString();
