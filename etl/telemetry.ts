import { type Attributes, metrics, SpanStatusCode, trace } from '@opentelemetry/api';
import { messageOf } from './errors.ts';

const tracer = trace.getTracer('assay');
const meter = metrics.getMeter('assay');
const records = meter.createCounter('assay.records', {
  description: 'Records by the layer boundary they crossed',
});
const bytes = meter.createCounter('assay.bytes', { unit: 'By', description: 'Bronze bytes read' });
const reasons = meter.createCounter('assay.reasons', { description: 'Reasons of failed records by code' });

/** Runs work inside a span; an error marks the span and goes on. */
export async function withSpan<T>(
  name: string,
  attributes: Attributes,
  work: (set: (more: Attributes) => void) => Promise<T>,
): Promise<T> {
  return tracer.startActiveSpan(name, { attributes }, async (span) => {
    try {
      return await work((more) => span.setAttributes(more));
    } catch (error) {
      span.recordException(error instanceof Error ? error : messageOf(error));
      span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(error) });
      throw error;
    } finally {
      span.end();
    }
  });
}

/** Counts records at a layer boundary: input, silver, quarantined, condemned or blank. */
export function countRecords(dataset: string, boundary: string, count: number): void {
  if (count > 0) records.add(count, { dataset, boundary });
}

/** Counts Bronze bytes read. */
export function countBytes(dataset: string, count: number): void {
  bytes.add(count, { dataset });
}

/** Counts reasons by code. */
export function countReasons(dataset: string, byCode: Readonly<Record<string, number>>): void {
  for (const [code, count] of Object.entries(byCode)) reasons.add(count, { dataset, code });
}
