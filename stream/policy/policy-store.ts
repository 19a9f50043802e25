import { z } from 'zod';

/** One version of a document of the control plane. */
export const KeptDocument = z.object({
  /** `policy/orders.created`, or `resolution`. */
  name: z.string(),
  /** Counted from 1. */
  version: z.int().min(1),
  at: z.string(),
  by: z.string(),
  reason: z.string(),
  /** The change as it is kept among the decisions, too. */
  decision: z.object({
    id: z.string(),
    kind: z.enum(['policy-set', 'resolution-set']),
    dataset: z.string(),
    details: z.record(z.string(), z.unknown()),
  }),
  body: z.unknown(),
});
export type KeptDocument = z.infer<typeof KeptDocument>;

/** Keeps policies and the resolution map, with all that they were before. */
export interface PolicyStore {
  /** The documents that hold now, by name in order. Throws TransientError where the store can't be asked. */
  current(): Promise<readonly KeptDocument[]>;
  /** The document that holds now under a name; undefined where there is none. */
  read(name: string): Promise<KeptDocument | undefined>;
  /**
   * Puts the next version in the place of the one before (of nothing, for version 1), which stays in the history. Throws
   * ConflictError `POLICY_MOVED` where another stands there, and keeps nothing then.
   */
  write(next: KeptDocument): Promise<void>;
  /** Every version of a document, newest first. */
  history(name: string): Promise<readonly KeptDocument[]>;
}

/** The name of a dataset's policy in the store. */
export const policyName = (dataset: string): string => `policy/${dataset}`;

/** The dataset of a policy's name; undefined for another document. */
export const datasetOfName = (name: string): string | undefined =>
  name.startsWith('policy/') ? name.slice('policy/'.length) : undefined;

/** The name of the map from sources to datasets. It is one document, so that no two writers can contradict each other. */
export const RESOLUTION_NAME = 'resolution';
