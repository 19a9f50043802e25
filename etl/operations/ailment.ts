/** Something that somebody should look at. */
export interface Ailment {
  readonly code:
    | 'POINTER'
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
    | 'RESTATEMENT'
    | 'UPKEEP'
    | 'PROMISE';
  readonly what: string;
  /** The command to run next. */
  readonly next: string;
}
