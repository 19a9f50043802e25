import type { Header } from './event.ts';
import { headerText } from './gates/header-text.ts';

/** The trace that an event is part of, as W3C Trace Context writes it. */
export interface TraceContext {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits: the span that the event was sent in. */
  readonly parentId: string;
  /** Two hex digits; the last bit says whether the trace is recorded. */
  readonly flags: string;
}

const TRACEPARENT = 'traceparent';

/** What the `traceparent` header of an event says; undefined where there is none, or none that is valid. */
export function traceContext(headers: readonly Header[]): TraceContext | undefined {
  const said = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/.exec(
    headerText(headers, TRACEPARENT) ?? '',
  );
  if (said === null) return undefined;
  const [, version, traceId = '', parentId = '', flags = '', more] = said;
  // Later versions may say more behind the flags; the first may not, and ff is none.
  if (version === 'ff' || (version === '00' && more !== undefined)) return undefined;
  return /[1-9a-f]/.test(traceId) && /[1-9a-f]/.test(parentId) ? { traceId, parentId, flags } : undefined;
}

/** The headers with another `traceparent` in the place of theirs; the rest, `tracestate` too, stays as it came. */
export const withTraceparent = (headers: readonly Header[], traceparent: string): readonly Header[] => [
  ...headers.filter(({ name }) => name.toLowerCase() !== TRACEPARENT),
  { name: TRACEPARENT, value: new TextEncoder().encode(traceparent) },
];
