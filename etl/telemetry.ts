import { type Attributes, type Counter, metrics, SpanStatusCode, trace } from '@opentelemetry/api';
import { nameOf, outwardMessage } from './errors.ts';

const tracer = trace.getTracer('assay');

const DESCRIPTIONS = {
  'assay.records': 'Records by the layer boundary they crossed',
  'assay.bytes': 'Bronze bytes read',
  'assay.reasons': 'Reasons of failed records by code',
} as const;

/** A counter of the current meter provider. Unlike tracers, meters taken before it count nothing. */
function counter(name: keyof typeof DESCRIPTIONS): Counter {
  return metrics.getMeter('assay').createCounter(name, { description: DESCRIPTIONS[name] });
}

/** Runs work inside a span; marks the span and throws on error. */
export async function withSpan<T>(
  name: string,
  attributes: Attributes,
  work: (set: (more: Attributes) => void) => Promise<T>,
): Promise<T> {
  return tracer.startActiveSpan(name, { attributes }, async (span) => {
    try {
      return await work((more) => span.setAttributes(more));
    } catch (error) {
      // Spans are stored and sent on: they must not quote values.
      span.recordException({ name: nameOf(error), message: outwardMessage(error) });
      span.setStatus({ code: SpanStatusCode.ERROR, message: outwardMessage(error) });
      throw error;
    } finally {
      span.end();
    }
  });
}

/** Counts records at a layer boundary: records, silver, quarantined, condemned, blank, footer, repeats or forgotten. */
export function countRecords(dataset: string, boundary: string, count: number): void {
  if (count > 0) counter('assay.records').add(count, { dataset, boundary });
}

/** Counts Bronze bytes read. */
export function countBytes(dataset: string, count: number): void {
  counter('assay.bytes').add(count, { dataset });
}

/** Counts reasons by code. */
export function countReasons(dataset: string, byCode: Readonly<Record<string, number>>): void {
  for (const [code, count] of Object.entries(byCode)) counter('assay.reasons').add(count, { dataset, code });
}
