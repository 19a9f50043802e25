import type { ClockChange } from './rules.ts';

/** What a local time means where clocks were set forward over it, or back so that it came twice. */
export type Choice = 'reject' | 'earlier' | 'later';
/** For local times that clocks skipped (`gap`), and for those that came twice (`fold`). */
export interface Choices {
  readonly gap: Choice;
  readonly fold: Choice;
}

/** What a local time's offset is, or why it has none. */
export type LocalOffset =
  | { readonly kind: 'offset'; readonly seconds: number }
  | { readonly kind: 'skipped' }
  | { readonly kind: 'repeated' };

/** From a local time on, in seconds as if it were UTC, up to the next span's. */
export interface LocalSpan {
  readonly from: number;
  readonly offset: LocalOffset;
}

/** A zone's local times as spans in order, the first from the beginning of time; neighbours differ. */
export function localSpans(changes: readonly ClockChange[], choices: Choices): LocalSpan[] {
  const bounds = changes.flatMap(({ at, offset }, n) =>
    n === 0 ? [Number.NEGATIVE_INFINITY] : [at + offset, at + (changes[n - 1]?.offset ?? offset)],
  );
  const spans: LocalSpan[] = [];
  let first = 0;
  for (const from of [...new Set(bounds)].sort((a, b) => a - b)) {
    first = firstNear(changes, from, first);
    const offset = offsetAt(changes, first, from, choices);
    const last = spans.at(-1)?.offset;
    if (last === undefined || !isSame(last, offset)) spans.push({ from, offset });
  }
  return spans;
}

/** More than clocks were ever changed by at once (24 hours) plus the 26 hours between the outermost offsets. */
const FAR_SECONDS = 50 * 3600;

/** The last change that was surely before a local time. */
function firstNear(changes: readonly ClockChange[], local: number, from: number): number {
  let n = from;
  while ((changes[n + 1]?.at ?? Number.POSITIVE_INFINITY) < local - FAR_SECONDS) n++;
  return n;
}

function offsetAt(
  changes: readonly ClockChange[],
  first: number,
  local: number,
  { gap, fold }: Choices,
): LocalOffset {
  const found: number[] = [];
  let skipped: readonly [before: number, after: number] | undefined;
  for (let n = first; n < changes.length; n++) {
    const { at, offset } = changes[n] ?? { at: Number.POSITIVE_INFINITY, offset: 0 };
    if (at > local + FAR_SECONDS) break;
    const end = changes[n + 1]?.at ?? Number.POSITIVE_INFINITY;
    if (at <= local - offset && local - offset < end) found.push(offset);
    const before = changes[n - 1]?.offset ?? offset;
    if (at + before <= local && local < at + offset) skipped = [before, offset];
  }
  if (found.length === 1) return { kind: 'offset', seconds: found[0] ?? 0 };
  if (found.length > 1) return chosen(fold, [Math.max(...found), Math.min(...found)], { kind: 'repeated' });
  const [before, after] = skipped ?? [0, 0];
  return chosen(gap, [Math.max(before, after), Math.min(before, after)], { kind: 'skipped' });
}

/** The greater offset gives the earlier instant. */
function chosen(
  choice: Choice,
  [earlier, later]: readonly [number, number],
  rejected: LocalOffset,
): LocalOffset {
  if (choice === 'reject') return rejected;
  return { kind: 'offset', seconds: choice === 'earlier' ? earlier : later };
}

function isSame(a: LocalOffset, b: LocalOffset): boolean {
  return a.kind === b.kind && (a.kind !== 'offset' || b.kind !== 'offset' || a.seconds === b.seconds);
}
