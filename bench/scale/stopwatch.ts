import { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import type { DataStore, Effects, ObjectStore } from '../../etl/ports.ts';
import type { CallInterval, StageInterval } from './timeline.ts';

/** Takes the times of what the process does from now on. */
export interface Stopwatch {
  /** The same effects, with their stores' calls timed; what `stream` gives is not, as refining waits for it. */
  timed(effects: Effects): Effects;
  /** What was timed since the last time this was called. */
  take(): { readonly stages: StageInterval[]; readonly calls: CallInterval[] };
}

/** Starts timing in this process: stages by their spans, statements of DuckDB at its Node.js interface. Once a process. */
export function startStopwatch(): Stopwatch {
  const exporter = new InMemorySpanExporter();
  new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register();
  let calls: CallInterval[] = [];
  const timing = async <T>(kind: CallInterval['kind'], what: string, work: () => Promise<T>): Promise<T> => {
    const startMs = nowMs();
    try {
      return await work();
    } finally {
      calls.push({ kind, what, startMs, endMs: nowMs() });
    }
  };
  timeStatements(timing);
  return {
    timed: (effects) => ({
      ...effects,
      objects: timedObjects(effects.objects, timing),
      data: timedData(effects.data, timing),
    }),
    take() {
      const spans = exporter.getFinishedSpans();
      // What a stage does within itself may have a span, too.
      const outermost = spans.filter((span) => span.parentSpanContext === undefined);
      const taken = { stages: outermost.map(asInterval), calls };
      exporter.reset();
      calls = [];
      return taken;
    },
  };
}

/** Milliseconds since 1970, as spans have them. */
export const nowMs = (): number => performance.timeOrigin + performance.now();

type Timing = <T>(kind: CallInterval['kind'], what: string, work: () => Promise<T>) => Promise<T>;

/** The engine is the core's own and no port, so its calls can only be seen where they leave for the library. */
function timeStatements(timing: Timing): void {
  const { run } = DuckDBConnection.prototype;
  DuckDBConnection.prototype.run = function timedRun(sql, ...rest) {
    return timing('duckdb', shortened(sql), () => run.call(this, sql, ...rest));
  };
  const { create } = DuckDBInstance;
  DuckDBInstance.create = (...args) =>
    timing('duckdb', 'opening a database', () => create.apply(DuckDBInstance, args));
}

const STATEMENT_CHARS = 90;

/** A statement's beginning, alike for statements that differ in their files only. */
function shortened(sql: string): string {
  return sql
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/'[^']*\/[^']*'/g, "'…'")
    .slice(0, STATEMENT_CHARS);
}

const timedObjects = (objects: ObjectStore, timing: Timing): ObjectStore => ({
  list: (prefix) => timing('stores', 'list', () => objects.list(prefix)),
  get: (key) => timing('stores', 'get', () => objects.get(key)),
  put: (key, body, condition) => timing('stores', 'put', () => objects.put(key, body, condition)),
  remove: (key) => timing('stores', 'remove', () => objects.remove(key)),
  uri: (key) => objects.uri(key),
});

const timedData = (data: DataStore, timing: Timing): DataStore => ({
  stream: (key, range) => data.stream(key, range),
  digest: (key) => timing('stores', 'digest', () => data.digest(key)),
  identify: (key) => timing('stores', 'digest', () => data.identify(key)),
  localPath: (key) => timing('stores', 'localPath', () => data.localPath(key)),
  publish: (path, key) => timing('stores', 'publish', () => data.publish(path, key)),
});

type Span = ReturnType<InMemorySpanExporter['getFinishedSpans']>[number];

function asInterval({ name, startTime, endTime }: Span): StageInterval {
  const ms = ([seconds, nanoseconds]: readonly [number, number]): number => seconds * 1e3 + nanoseconds / 1e6;
  return { stage: name.replace('assay.', ''), startMs: ms(startTime), endMs: ms(endTime) };
}
