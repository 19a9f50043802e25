import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { Tracer } from '@aws-lambda-powertools/tracer';
import type { Context } from 'aws-lambda';
import { z } from 'zod';
import { AssayError, framesOf, nameOf, outwardMessage } from '../etl/errors.ts';

/** Made once per container; they read Powertools' own environment variables. */
const logger = new Logger({ serviceName: 'assay' });
const metrics = new Metrics({ namespace: 'Assay', serviceName: 'assay' });
const tracer = new Tracer({ serviceName: 'assay' });

/** Names of the metrics, and their units. */
const UNITS = {
  RecordsIn: MetricUnit.Count,
  RecordsSilver: MetricUnit.Count,
  RecordsQuarantined: MetricUnit.Count,
  RecordsCondemned: MetricUnit.Count,
  RecordsBlank: MetricUnit.Count,
  RecordsFooter: MetricUnit.Count,
  RecordsRepeated: MetricUnit.Count,
  QuarantineRate: MetricUnit.Percent,
  RunsPromoted: MetricUnit.Count,
  RunsHeld: MetricUnit.Count,
  RunsRefused: MetricUnit.Count,
  RunsFailed: MetricUnit.Count,
  StaleDatasets: MetricUnit.Count,
  MissingSeals: MetricUnit.Count,
} as const;

/** Publishes metrics of one dataset. */
export function publishMetrics(
  dataset: string,
  values: Readonly<Partial<Record<keyof typeof UNITS, number>>>,
): void {
  metrics.addDimension('dataset', dataset);
  for (const name of Object.keys(UNITS) as (keyof typeof UNITS)[]) {
    const value = values[name];
    if (value !== undefined) metrics.addMetric(name, UNITS[name], value);
  }
  metrics.publishStoredMetrics();
}

/** Publishes a count of the whole platform's. */
export function publishCount(name: 'LandedFilesWaiting', value: number): void {
  metrics.addMetric(name, MetricUnit.Count, value);
  metrics.publishStoredMetrics();
}

/** Writes a line to the function's log. */
export function logInfo(message: string, details: Readonly<Record<string, unknown>> = {}): void {
  logger.info(message, { ...details });
}

/** Writes a warning to the function's log. */
export function logWarning(message: string, details: Readonly<Record<string, unknown>> = {}): void {
  logger.warn(message, { ...details });
}

/** Writes an error that nobody foresaw to the function's log. */
export function logUnforeseen(error: unknown): void {
  logger.error('an unforeseen error', { failure: failureText(error) });
}

/** The members of an input that identify the work; no others are logged. */
const Subject = z.looseObject({
  dataset: z.string().optional(),
  runId: z.string().optional(),
  chunk: z.string().optional(),
});

/** How a Lambda is called. */
export type Handler = (input: unknown, context: Context) => Promise<unknown>;

/**
 * A handler with logs and traces: which dataset, run and chunk, how long, and the outcome. Errors keep the name that
 * the state machine matches, and only the text that may leave the process.
 */
export function observed(name: string, work: (input: unknown) => Promise<unknown>): Handler {
  return async (input, context) => {
    const { dataset, runId, chunk } = Subject.safeParse(input).data ?? {};
    const subject = { dataset, runId, chunk };
    logger.resetKeys();
    logger.addContext(context);
    logger.appendKeys(subject);
    const started = performance.now();
    const end = traceCall(name, subject);
    try {
      const output = await work(input);
      logger.info(`${name} done`, { seconds: secondsSince(started) });
      end();
      return output;
    } catch (error) {
      logger.error(`${name} failed`, { seconds: secondsSince(started), failure: failureText(error) });
      const outward = outwardError(error);
      end(outward);
      throw outward;
    }
  };
}

const secondsSince = (started: number): number => Math.round(performance.now() - started) / 1000;

/** Begins a segment of the trace and returns how to end it; where nothing is traced, does nothing. */
function traceCall(
  name: string,
  annotations: Readonly<Record<string, string | undefined>>,
): (error?: unknown) => void {
  const parent = tracer.isTracingEnabled() ? tracer.getSegment() : undefined;
  if (parent === undefined) return () => undefined;
  const segment = parent.addNewSubsegment(`assay.${name}`);
  tracer.setSegment(segment);
  tracer.annotateColdStart();
  tracer.addServiceNameAnnotation();
  for (const [key, value] of Object.entries(annotations)) {
    if (value !== undefined) tracer.putAnnotation(key, value);
  }
  return (error) => {
    if (error instanceof Error) tracer.addErrorAsMetadata(error);
    segment.close();
    tracer.setSegment(parent);
  };
}

/**
 * What is logged of an error: code, context, where it occurred and its causes' names; no text that may quote a value.
 */
function failureText(error: unknown): Readonly<Record<string, unknown>> {
  const known = error instanceof AssayError ? { code: error.code, context: error.context } : {};
  const { stack = [], cause } = error instanceof Error ? partsOf(error) : {};
  const caused = cause === undefined ? {} : { cause: nameOf(cause) };
  return { name: nameOf(error), message: outwardMessage(error), ...known, stack, ...caused };
}

const partsOf = (error: Error): { stack: string[]; cause: unknown } => ({
  stack: framesOf(error.stack ?? ''),
  cause: error.cause,
});

/** The error for the runtime, and so for the execution's history: same name, no causes. */
function outwardError(error: unknown): Error {
  const [name, message] = [nameOf(error), outwardMessage(error)];
  const outward = new Error(message);
  outward.name = name;
  const frames = error instanceof Error ? framesOf(error.stack ?? '') : [];
  outward.stack = [`${name}: ${message}`, ...frames].join('\n');
  return outward;
}
