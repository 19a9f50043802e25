import type { EventValue } from '../projecting/fold-runner.ts';

/** A value as JSON has it; longs beyond 2^53 are text. */
export type JsonValue = null | boolean | number | string | JsonValue[] | { [name: string]: JsonValue };

/** A row of a projection, by the names of its columns. */
export type AnswerRow = Readonly<Record<string, JsonValue>>;

/** What a projection says of one stream at a moment. */
export interface StreamAnswer {
  readonly projection: string;
  readonly stream: string;
  /** What the fold came to; null where no event of the stream had happened, or was known. */
  readonly state: JsonValue;
  /** The projection's rows of the stream, by its columns. */
  readonly rows: readonly AnswerRow[];
  /** Of the last event that counts. */
  readonly version: string | null;
  /** When that one happened. */
  readonly at: string | null;
  /** How many events were folded. */
  readonly events: number;
  readonly asOf: KnownAt;
  /** Where a trace was asked for: the events, each with the state after it, in order. */
  readonly trace?: readonly TracedEvent[];
}

/** As of when, and by which code, it was answered. */
export interface KnownAt {
  /** The snapshot of the projection that readers saw; null where nothing of it was published. */
  readonly snapshot: number | null;
  /** That of the event dataset. */
  readonly silverSnapshot: number;
  /** When readers first saw them. */
  readonly since: string;
  /** Digest of the contract and the code. */
  readonly code: string;
  /** Where the events were found: their snapshot, the rows that are kept of it, or files that were read again since. */
  readonly from: 'snapshot' | 'kept' | 'read-again';
}

/** An event of a trace. */
export interface TracedEvent {
  readonly id: string | null;
  readonly type: string | null;
  readonly version: string | null;
  readonly at: string | null;
  /** All of its columns, by name. */
  readonly data: Readonly<Record<string, EventValue>>;
  /** The state after it, and the projection's rows of the stream. */
  readonly state: JsonValue;
  readonly rows: readonly AnswerRow[];
}
