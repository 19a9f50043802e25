import type { JudgedBatch } from '../../stream/telemetry.ts';
import type { Io } from '../io.ts';
import { printable } from '../print/printable.ts';

/** Where in a topic something happened; null where it is of no topic. */
export interface LogPlace {
  readonly trace_id: string | null;
  readonly dataset_urn: string | null;
  readonly topic: string | null;
  readonly partition: number | null;
  readonly offset: number | null;
}

const NOWHERE: LogPlace = { trace_id: null, dataset_urn: null, topic: null, partition: null, offset: null };

/** What an enforcer says while it works: to people, or as JSON Lines. Neither has payloads, keys or values. */
export interface EnforcerLog {
  /** Something that an operator should know. */
  say(
    level: 'info' | 'warn',
    message: string,
    more?: Partial<LogPlace> & Readonly<Record<string, unknown>>,
  ): void;
  /** The events of a batch that failed; to people the summary says that. */
  judged(batch: Pick<JudgedBatch, 'evidence' | 'isFresh'>): void;
}

/** So many lines of failed events are written in a second; of more, one line says how many there were. */
const MOST_A_SECOND = 50;

/** Writes to stderr: lines for people, or with `--log json` one JSON object a line, with the same members in each. */
export function enforcerLog(io: Io, isJson: boolean, now: () => Date): EnforcerLog {
  if (!isJson)
    return {
      say: (level, message) => io.err(printable(level === 'warn' ? `warning: ${message}` : message)),
      judged: () => undefined,
    };
  const write = (level: string, message: string, more: Readonly<Record<string, unknown>> = {}): void =>
    io.err(JSON.stringify({ time: now().toISOString(), level, message, ...NOWHERE, ...more }));
  const limit = secondLimit(now);
  return {
    say: write,
    judged({ evidence, isFresh }) {
      let left = 0;
      for (const [n, one] of evidence.entries()) {
        if (isFresh[n] !== true || one.validation.result === 'PASS') continue;
        if (limit()) write('warn', 'event failed', placeOf(one));
        else left++;
      }
      if (left > 0)
        write('warn', `${left} more events failed; 'assay evidence list' has them`, { events: left });
    },
  };
}

function placeOf({
  evidence_id,
  dataset_urn,
  source,
  validation,
  producer,
  otel,
}: JudgedBatch['evidence'][number]) {
  return {
    trace_id: otel.trace_id,
    dataset_urn,
    topic: source.raw_topic,
    partition: source.partition,
    offset: source.offset,
    evidence_id,
    failed_gates: validation.failed_gates,
    reason_codes: validation.reason_codes,
    identity_confidence: producer.identity_confidence,
  };
}

/** True so many times a second. */
function secondLimit(now: () => Date): () => boolean {
  let [second, taken] = [0, 0];
  return () => {
    const at = Math.floor(now().getTime() / 1_000);
    if (at !== second) [second, taken] = [at, 0];
    return ++taken <= MOST_A_SECOND;
  };
}
