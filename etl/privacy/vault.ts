import type { Erasure, ErasureOrigin } from './erasure.ts';

/** A column whose values are sealed. */
export interface ProtectedColumn {
  readonly dataset: string;
  readonly column: string;
  /** The data group: who may see it sees all columns of it. */
  readonly group: string;
}

/** The values of a data group that were sealed for one month of a dataset. */
export interface VaultPeriod {
  readonly dataset: string;
  readonly group: string;
  /** `202611` */
  readonly period: string;
}

/** Whose data something is: a customer, an employee …, by its canonical id. */
export interface Subject {
  readonly kind: string;
  readonly id: string;
}

/** A subject as a record names it. */
export interface NamedSubject extends Subject {
  /** The record's own time; of arrival where it has none. */
  readonly dated: Date;
}

/** What the vault has of a subject; `forgotten` where the record is older than the forgetting. */
export type FoundSubject =
  | { readonly kind: 'known'; readonly reference: string; readonly keys: readonly Uint8Array[] }
  | { readonly kind: 'forgotten' };

/** A subject's key for a data group, by what envelopes say. */
export interface SubjectKeyName {
  readonly reference: string;
  readonly group: string;
}

/** Who has somebody forgotten and why, how long that is remembered, and the id in the log; a new one unless said. */
export interface ForgettingOrigin extends ErasureOrigin {
  readonly until: Date;
  readonly id?: string;
}

/** Whom a reference stands for is to be forgotten, and the id of that in the log. */
export interface ErasedReference {
  readonly reference: string;
  readonly id: string;
}

/**
 * Keeps the keys of subjects and periods. What it hands out is durable, and it hands out no second key for the same
 * thing. It answers in the order in which it was asked; callers ask for many at once.
 */
export interface Vault {
  /** A reference and a key for each of some data groups, of each subject; made where there are none. */
  subjects(asked: readonly NamedSubject[], groups: readonly string[]): Promise<readonly FoundSubject[]>;
  /** Keys to open envelopes with; undefined where there is none (any more). */
  subjectKeys(asked: readonly SubjectKeyName[]): Promise<readonly (Uint8Array | undefined)[]>;
  /** Keys of periods; undefined where one was destroyed or, unless it is to be made, was never there. */
  periodKeys(
    asked: readonly VaultPeriod[],
    absent: 'make' | 'leave',
  ): Promise<readonly (Uint8Array | undefined)[]>;
  /** The ids under which columns stand in envelopes; made where there are none. */
  columnIds(columns: readonly ProtectedColumn[]): Promise<readonly string[]>;
  /**
   * The names under which protected files of a dataset are stored, by the SHA-256 of their sources: the same for the same
   * bytes, and of no meaning to whoever has not the vault.
   */
  fileNames(dataset: string, digests: readonly string[]): Promise<readonly string[]>;
  /** Every column that has an id. */
  columns(): Promise<ReadonlyMap<string, ProtectedColumn>>;
}

/** What a vault has of a subject at this moment. */
export interface KeptSubject {
  /** What stands for the subject in envelopes and pseudonym columns; absent where the vault has no keys of it. */
  readonly reference?: string;
  /** Data groups that it has a key for. */
  readonly groups: readonly string[];
  /** When the subject was last forgotten, and until when its older records are known as forgotten. */
  readonly forgotten?: { readonly at: Date; readonly until: Date };
}

/** What is done with a vault by people, and by the clock. */
export interface VaultUpkeep {
  /** What the vault has of a subject; nothing is made. */
  find(subject: Subject): Promise<KeptSubject>;
  /**
   * Destroys a subject's keys and reference, and leaves a tombstone until a time. Returns what was written in the log;
   * undefined where the vault has no keys of such a subject.
   */
  forget(subject: Subject, origin: ForgettingOrigin): Promise<Erasure | undefined>;
  /**
   * Forgets in the same way whom references stand for, where an id is not known. Looks through everybody in the vault, so
   * it takes the longer the more there are. Returns what was written in the log.
   */
  forgetReferences(
    asked: readonly ErasedReference[],
    origin: Omit<ForgettingOrigin, 'id'>,
  ): Promise<readonly Erasure[]>;
  /** Destroys the keys of periods, which are never made again; returns what was written in the log. */
  destroyPeriods(periods: readonly VaultPeriod[], origin: ErasureOrigin): Promise<readonly Erasure[]>;
  /** Every period that has a key. */
  periods(): Promise<readonly VaultPeriod[]>;
  /** Seals the whole vault under a new key and destroys the one before: what older copies hold is unreadable then. */
  renewKey(): Promise<void>;
  /** How long after it began a renewal ends, where that takes more than one call of `renewKey`. */
  readonly renewalTakesMs?: number;
  /** When it was last sealed under a new key. */
  renewedAt(): Promise<Date>;
  /** Set where renewing leaves the outermost key as it is, which a person keeps: copies from before stay readable with that. */
  readonly keepsRoot?: true;
}
