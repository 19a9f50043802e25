/** Something that took a while, in milliseconds of one clock. */
export interface Interval {
  readonly startMs: number;
  readonly endMs: number;
}

/** A stage while it ran. */
export interface StageInterval extends Interval {
  readonly stage: string;
}

/** A call that was waited for: a statement of DuckDB, or a call of the lake's stores. */
export interface CallInterval extends Interval {
  readonly kind: 'duckdb' | 'stores';
  /** The statement, or the call's name. */
  readonly what: string;
}

/** What a stage's time went to. Calls side by side count once, and what both kinds waited for counts for DuckDB. */
export interface StageCost {
  readonly stage: string;
  readonly ms: number;
  readonly duckdbMs: number;
  readonly duckdbCalls: number;
  readonly storesMs: number;
  readonly storesCalls: number;
}

/** The costs of the stages in the order in which they first ran; a stage that ran twice is added up. */
export function costOfStages(stages: readonly StageInterval[], calls: readonly CallInterval[]): StageCost[] {
  const costs = new Map<string, StageCost>();
  for (const { stage, startMs, endMs } of stages) {
    const within = calls
      .filter((call) => call.startMs < endMs && call.endMs > startMs)
      .map((call) => ({
        ...call,
        startMs: Math.max(startMs, call.startMs),
        endMs: Math.min(endMs, call.endMs),
      }));
    const duckdb = within.filter(({ kind }) => kind === 'duckdb');
    const duckdbMs = coveredMs(duckdb);
    const before = costs.get(stage);
    costs.set(stage, {
      stage,
      ms: endMs - startMs + (before?.ms ?? 0),
      duckdbMs: duckdbMs + (before?.duckdbMs ?? 0),
      duckdbCalls: duckdb.length + (before?.duckdbCalls ?? 0),
      storesMs: coveredMs(within) - duckdbMs + (before?.storesMs ?? 0),
      storesCalls: within.length - duckdb.length + (before?.storesCalls ?? 0),
    });
  }
  return [...costs.values()];
}

/** For how long at least one of the intervals was under way. */
export function coveredMs(intervals: readonly Interval[]): number {
  let covered = 0;
  let until = Number.NEGATIVE_INFINITY;
  for (const { startMs, endMs } of intervals.toSorted((a, b) => a.startMs - b.startMs)) {
    covered += Math.max(0, endMs - Math.max(startMs, until));
    until = Math.max(until, endMs);
  }
  return covered;
}

/** A kind of call, added up. */
export interface CallCost {
  readonly what: string;
  readonly ms: number;
  readonly calls: number;
}

/** The calls that took longest in all, those of one text together. */
export function longestCalls(calls: readonly CallInterval[], count: number): CallCost[] {
  const costs = new Map<string, CallCost>();
  for (const { what, startMs, endMs } of calls) {
    const before = costs.get(what);
    costs.set(what, {
      what,
      ms: endMs - startMs + (before?.ms ?? 0),
      calls: 1 + (before?.calls ?? 0),
    });
  }
  return [...costs.values()].toSorted((a, b) => b.ms - a.ms).slice(0, count);
}
