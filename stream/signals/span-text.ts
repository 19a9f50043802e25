const [MINUTE_S, HOUR_S, DAY_S] = [60, 3_600, 86_400];

/** A span of time as people say it: seconds up to two minutes, then minutes, hours, days, to the nearest. */
export function spanText(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  if (seconds < 2 * MINUTE_S) return `${seconds} s`;
  if (seconds < 2 * HOUR_S) return `${Math.round(seconds / MINUTE_S)} minutes`;
  if (seconds < 2 * DAY_S) return `${Math.round(seconds / HOUR_S)} hours`;
  return `${Math.round(seconds / DAY_S)} days`;
}
