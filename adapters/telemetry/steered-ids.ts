import { randomBytes } from 'node:crypto';

/** The ids of a span that are known before it begins. */
export interface SpanIds {
  /** 32 hex digits; taken only by a span without a parent. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
}

let next: SpanIds | undefined;

/**
 * Makes the ids of spans for OpenTelemetry's SDK, by chance. Evidence names a span before that is made: the span gets that
 * id by `withIds`. One for the process, as its tracer provider is.
 */
export const STEERED_IDS = {
  generateTraceId: (): string => next?.traceId ?? randomBytes(16).toString('hex'),
  generateSpanId: (): string => next?.spanId ?? randomBytes(8).toString('hex'),
};

/** Does something at once, in which one span gets these ids. */
export function withIds<T>(ids: SpanIds, work: () => T): T {
  next = ids;
  try {
    return work();
  } finally {
    next = undefined;
  }
}
