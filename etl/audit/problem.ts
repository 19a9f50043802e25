/** Something that isn't as it was written; `key` names the object or table. */
export interface Problem {
  readonly code:
    | 'POINTER'
    | 'CONTRACT'
    | 'METADATA'
    | 'MISSING_FILE'
    | 'TAMPERED_FILE'
    | 'EXTRA_FILE'
    | 'SOURCE_MISSING'
    | 'SOURCE_TAMPERED'
    | 'SEAL'
    | 'REJECTS'
    | 'CONSERVATION'
    | 'VALUES'
    | 'DUPLICATE'
    | 'GOLD'
    | 'PROJECTION'
    | 'CLOSING'
    | 'CLEAR_VALUES';
  readonly key: string;
  readonly problem: string;
}
