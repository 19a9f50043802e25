/** What stands for reasons beyond those that are told apart. */
const OTHERS = 'OTHER';

/** So many series are remembered for a process; so many reasons are told apart at a gate of a dataset. */
const [MOST_GROUPS, MOST_REASONS] = [2_000, 100];

/** Bounds how many series a metric has, whatever producers send: a contract has as many reasons as columns and rules. */
export class SeriesLimit {
  readonly #groups = new Map<string, Set<string>>();

  /** The reason itself, or `OTHER` where a group has too many. */
  take(group: string, reason: string): string {
    let seen = this.#groups.get(group);
    if (seen === undefined) {
      if (this.#groups.size >= MOST_GROUPS) return OTHERS;
      seen = new Set();
      this.#groups.set(group, seen);
    }
    if (!seen.has(reason) && seen.size >= MOST_REASONS) return OTHERS;
    seen.add(reason);
    return reason;
  }
}
