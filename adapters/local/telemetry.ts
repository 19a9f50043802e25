import { STEERED_IDS } from '../telemetry/steered-ids.ts';

/** Sends what is left and stops; harmless where nothing was started. */
export type StopTelemetry = () => Promise<void>;

/** How often metrics are sent while a process lives. */
const METRICS_INTERVAL_MS = 10_000;

/** How many spans may wait to be sent, unless OTEL_BSP_MAX_QUEUE_SIZE says: a batch of events makes some thousands at once. */
const MAX_WAITING_SPANS = 65_536;

/** Whether spans go anywhere. */
export const isTracing = (env: Readonly<Record<string, string | undefined>>): boolean =>
  env.OTEL_EXPORTER_OTLP_ENDPOINT !== undefined && env.OTEL_SDK_DISABLED !== 'true';

/**
 * Sends spans and counts to the OTLP endpoint that OpenTelemetry's own environment variables name
 * (OTEL_EXPORTER_OTLP_ENDPOINT and its relatives); without one it loads nothing and costs nothing. The
 * libraries read those variables themselves, so that they mean here what they mean everywhere.
 */
export async function startTelemetry(
  env: Readonly<Record<string, string | undefined>>,
): Promise<StopTelemetry> {
  if (!isTracing(env)) return async () => undefined;
  const [api, resources, trace, metrics, spanExporter, metricExporter] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/sdk-trace-node'),
    import('@opentelemetry/sdk-metrics'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/exporter-metrics-otlp-http'),
  ]);
  const resource = resources.resourceFromAttributes({ 'service.name': env.OTEL_SERVICE_NAME ?? 'assay' });
  const tracerProvider = new trace.NodeTracerProvider({
    resource,
    idGenerator: STEERED_IDS,
    spanProcessors: [
      new trace.BatchSpanProcessor(
        new spanExporter.OTLPTraceExporter(),
        env.OTEL_BSP_MAX_QUEUE_SIZE === undefined ? { maxQueueSize: MAX_WAITING_SPANS } : {},
      ),
    ],
  });
  tracerProvider.register();
  const meterProvider = new metrics.MeterProvider({
    resource,
    readers: [
      new metrics.PeriodicExportingMetricReader({
        exporter: new metricExporter.OTLPMetricExporter(),
        exportIntervalMillis: METRICS_INTERVAL_MS,
      }),
    ],
  });
  api.metrics.setGlobalMeterProvider(meterProvider);
  return async () => {
    // A collector that is down must not fail a run.
    await Promise.allSettled([tracerProvider.shutdown(), meterProvider.shutdown()]);
  };
}
