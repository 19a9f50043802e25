import type { ObjectStore } from '../ports.ts';

const DAY_MS = 86_400_000;

/** Spans to look back, one after another while more is needed; last, everywhere. */
const LOOK_BACK_MS = [DAY_MS, 4 * DAY_MS, 15 * DAY_MS, 60 * DAY_MS, 400 * DAY_MS];

/** The name of a document without its folder and its ending: runs' and decisions' ids begin with their moments. */
export const idOf = (key: string): string => key.slice(key.lastIndexOf('/') + 1).replace(/\.json$/, '');

/** What every id from a moment on is not less than. */
export const idAt = (ms: number): string => new Date(ms).toISOString().replace(/[-:.]/g, '');

/**
 * The keys of the documents below a prefix whose ids begin with their moments, newest first; with `before`, only of
 * those with a lesser id. Lists the last day first, so that the newest few cost no listing of old ones.
 */
export async function* newestKeys(
  objects: Pick<ObjectStore, 'list'>,
  prefix: string,
  { nowMs, before }: { readonly nowMs: number; readonly before?: string },
): AsyncGenerator<string> {
  const fromMs = Math.min(nowMs, momentOf(before) ?? nowMs);
  let until = before;
  for (const since of [...LOOK_BACK_MS.map((span) => idAt(Math.max(0, fromMs - span))), '']) {
    const isMeant = (key: string): boolean =>
      key.endsWith('.json') && idOf(key) >= since && (until === undefined || idOf(key) < until);
    // Below one dataset's folder the keys themselves are in the order of time.
    const found = await objects.list(prefix, `${prefix}${since}`, isMeant);
    const keys = found.map(({ key }) => key).filter(isMeant);
    yield* keys.sort((a, b) => (idOf(a) < idOf(b) ? 1 : -1));
    until = since;
  }
}

/** `20240501T120003417Z-9b6e0d20` → its moment; undefined for what is no id. */
function momentOf(id: string | undefined): number | undefined {
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z/.exec(id ?? '') ?? [];
  if (parts.length === 0) return undefined;
  const [year, month, day, hour, minute, second, ms] = parts.map(Number);
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second, ms);
}
