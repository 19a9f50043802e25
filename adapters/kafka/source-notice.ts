import type { Partition } from '../../stream/event.ts';

/** Something that an operator should know of a source. */
export type SourceNotice =
  /** Something failed and is tried again. */
  | { readonly kind: 'retrying'; readonly message: string }
  | { readonly kind: 'assigned'; readonly partitions: readonly Partition[] }
  /** Records from one offset up to, not including, another expired before they were read. */
  | { readonly kind: 'gap'; readonly partition: Partition; readonly from: number; readonly to: number };
