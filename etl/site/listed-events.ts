import type { Deprecation } from '../contract/contract.ts';

/** A schema that events of a dataset are written by. */
export interface ListedSchema {
  /** `<registry>:<subject>:<version>`. */
  readonly id: string;
  /** Whether events that name no schema are read by it. */
  readonly isDefault: boolean;
  /** The last day on which producers may write by it, `YYYY-MM-DD`; undefined where no end is said. */
  readonly until: string | undefined;
}

/** Where events come from, by one rule. */
export interface ListedSource {
  /** `topic raw.orders.events`. */
  readonly from: string;
  /** What tells them apart from others of that source. */
  readonly where: string | undefined;
  readonly confidence: string;
}

/** What is said of the events of one dataset. */
export interface ListedEvents {
  readonly dataset: string;
  readonly urn: string;
  readonly description: string;
  /** The policy's; without one the contract's. */
  readonly owners: readonly string[];
  /** Undefined where there is no contract that can be used. */
  readonly contractVersion: string | undefined;
  readonly deprecated: Deprecation | undefined;
  /** Its columns by what they say of an event, where the contract makes it an event store (`assay.events`). */
  readonly columns: Readonly<Record<'stream' | 'type' | 'at' | 'version' | 'id', string>> | undefined;
  /** Undefined where the safe default holds; `why` says why. */
  readonly policyVersion: number | undefined;
  readonly why: string | undefined;
  readonly mode: string;
  readonly tier: string | undefined;
  readonly sources: readonly ListedSource[];
  readonly schemas: readonly ListedSchema[];
  /** `orders-svc, as the principal User:orders`. */
  readonly producers: readonly string[];
  /** What each gate holds events to, in their order. */
  readonly gates: readonly { readonly gate: string; readonly holds: string }[];
}
