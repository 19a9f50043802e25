/** Something that somebody should look at. */
export interface Ailment {
  readonly code:
    | 'POINTER'
    | 'LAKE_MOVED'
    | 'SILENT'
    | 'LATE'
    | 'REJECTED'
    | 'SHRUNKEN'
    | 'EXPLODING'
    | 'FAILING'
    | 'HELD'
    | 'BREAKER'
    | 'SEAL_MISSING'
    | 'GOLD_BEHIND'
    | 'PROJECTION_BEHIND'
    | 'RESTATEMENT'
    | 'RELEASE'
    | 'UPKEEP'
    | 'PROMISE'
    | 'CLEAR_FILES'
    | 'DEPRECATED';
  readonly what: string;
  /** The command to run next. */
  readonly next: string;
}
