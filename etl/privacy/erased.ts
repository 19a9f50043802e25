import type { Erasure } from './erasure.ts';
import type { VaultPeriod } from './vault.ts';

/** That a subject was forgotten, and until when its older records are known as such. Milliseconds since 1970. */
export interface Tombstone {
  readonly atMs: number;
  readonly untilMs: number;
}

/** What the log of erasures says of what a vault still has. */
export interface Erased {
  /** The latest tombstone of the subject with an index (hexadecimal); undefined where it was never forgotten. */
  tombstoneOf(index: string): Tombstone | undefined;
  /** Whether the reference with a digest was destroyed. */
  isGone(referenceDigest: string): boolean;
  isDestroyed(period: VaultPeriod): boolean;
}

/** The log of erasures, to be asked for single things. */
export function erasedIn(log: readonly Erasure[]): Erased {
  const tombstones = new Map<string, Tombstone>();
  const gone = new Set<string>();
  const destroyed = new Set<string>();
  for (const { at, of } of log) {
    if (of.kind === 'period') {
      destroyed.add(nameOf(of));
      continue;
    }
    gone.add(of.reference.digest);
    const atMs = Date.parse(at);
    if (atMs >= (tombstones.get(of.index)?.atMs ?? 0))
      tombstones.set(of.index, { atMs, untilMs: Date.parse(of.until) });
  }
  return {
    tombstoneOf: (index) => tombstones.get(index),
    isGone: (digest) => gone.has(digest),
    isDestroyed: (period) => destroyed.has(nameOf(period)),
  };
}

const nameOf = ({ dataset, group, period }: VaultPeriod): string => JSON.stringify([dataset, group, period]);
