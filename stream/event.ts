/** A partition of a topic as long as the topic lives: a topic that is made anew has another id. */
export interface Partition {
  readonly cluster: string;
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
}

/** A header as it came; names may come more than once. */
export interface Header {
  readonly name: string;
  readonly value: Uint8Array | null;
}

/** One record of a topic, as a read-committed consumer is given it. */
export interface ObservedEvent {
  /** An integer below 2^53. */
  readonly offset: number;
  /** The broker's, milliseconds since 1970. */
  readonly timestampMs: number;
  readonly key: Uint8Array | null;
  readonly headers: readonly Header[];
  /** Null is a tombstone. */
  readonly value: Uint8Array | null;
}
