import type { ColumnType } from '../table/schema.ts';
import type { Choice } from '../timezones/local-spans.ts';
import type { CsvDialect } from './csv-dialect.ts';

/** How sensitive a column's values are; `personal` and `confidential` ones never appear in reasons, logs or alerts. */
export type Classification = 'public' | 'internal' | 'confidential' | 'personal';

/** The verdict codes that a failed record carries, in design.md's words. */
export const REASON_CODES = [
  'SCHEMA_ERROR',
  'NULL_VALUE',
  'TYPE_ERROR',
  'DOMAIN_ERROR',
  'FORMAT_ERROR',
  'RANGE_ERROR',
  'RULE_ERROR',
  'DUPLICATE',
  'MAX_ATTEMPTS',
  'PREVIOUSLY_CONDEMNED',
  'STRUCTURE_ERROR',
  'PROTECTION_ERROR',
  'FORGOTTEN',
  'GATE_ERROR',
] as const;
export type ReasonCode = (typeof REASON_CODES)[number];

/** Signs that a source may write between groups of digits: also no-break, narrow no-break and thin spaces, and ’. */
export const GROUP_SIGNS = [',', '.', ' ', "'", '’', '\u00a0', '\u202f', '\u2009'] as const;
export type GroupSign = (typeof GROUP_SIGNS)[number];

/** How a decimal or integer may be spelled in the source. */
export interface NumberFormat {
  readonly decimal: '.' | ',';
  /** Sign between groups of digits, which may appear at each of them or not at all. */
  readonly group?: GroupSign;
  /** Where groups end: absent at every third digit, `lakh` before the last three and then at every second (12,34,567). */
  readonly grouping?: 'lakh';
  /** Currency symbols that may stand beside the digits, e.g. `£`. */
  readonly symbols: readonly string[];
  /** On which side of the digits a symbol may stand; absent: before them. */
  readonly symbolsAt?: 'after' | 'either';
  /** Whether the sign may stand behind the digits instead: `5.00-`. */
  readonly trailingSign?: true;
  /** Whether a decimal or an integer may have an exponent: `1.0E+5`. */
  readonly exponent?: true;
  /** Dashes that mean a minus, beside `-`; absent where none does. */
  readonly minus?: readonly string[];
  /** Whether `(1,000.00)` means a negative amount. */
  readonly parentheses: boolean;
}

/**
 * A check on one column's value beyond its type; `rule` names it in a reason. Values and bounds are
 * canonical text of the column's type, as DuckDB would print it except for times (`12.50` at scale 2,
 * `2024-01-31`, `true`; `2024-01-31T00:00:00.000Z`, which stands in bounds only). A pattern must match the whole
 * value, and is in the part of the syntax that RE2 and JavaScript share. Lengths count characters.
 */
export type ColumnCheck =
  | { readonly kind: 'values'; readonly rule: string; readonly values: readonly string[] }
  | { readonly kind: 'pattern'; readonly rule: string; readonly pattern: string }
  | { readonly kind: 'length'; readonly rule: string; readonly min?: number; readonly max?: number }
  | {
      readonly kind: 'range';
      readonly rule: string;
      /** Bounds as canonical text of the column's type. */
      readonly min?: string;
      readonly max?: string;
      readonly exclusiveMin: boolean;
      readonly exclusiveMax: boolean;
    };

/**
 * How to read times without an offset: in the zone that the column `column` names, else in `default`. With neither,
 * they fail. A zone is an IANA name, or an offset such as `+02:00`.
 */
export interface ColumnTimezone {
  readonly default?: string;
  /** A column of the same contract. */
  readonly column?: string;
  /** How to read local times that clocks skipped when they were set forward. */
  readonly gap: Choice;
  /** How to read local times that came twice when clocks were set back. */
  readonly fold: Choice;
  /**
   * Version of the zone rules: a digest of the default zone's, or the release of IANA's data where a column may name
   * any zone. When rules change, so does the contract's digest.
   */
  readonly rules?: string;
}

/** Whose data something is, as a contract declares it: the kind of subject, and the column that has its id. */
export interface DeclaredSubject {
  readonly column: string;
  readonly kind: string;
}

/** What becomes of a column's values before they are stored (`assay.protect`). */
export type ColumnProtection =
  | {
      readonly as: 'encrypted' | 'pseudonym';
      /** The data group whose members may see the values. */
      readonly group: string;
      /** Whose values they are, where that isn't the dataset's subject. */
      readonly subject?: DeclaredSubject;
    }
  | { readonly as: 'dropped' }
  | { readonly as: 'clear'; readonly reason: string };

/** How long values stay readable, and the column that this counts from; the partition column where none is named. */
export interface Retention {
  readonly level: ServiceLevel;
  readonly element?: string;
}

/** Kinds of personal data, by their names in PII_KINDS, that a public or internal column is known to hold, and why it may. */
export interface KnownPii {
  readonly kinds: readonly string[];
  readonly reason: string;
}

/** One column of a dataset. */
export interface ContractColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** No value may be missing, and a file without the column is rejected. */
  readonly required: boolean;
  readonly classification: Classification;
  readonly description: string;
  /** Header spellings that mean this column, the name itself included; compared trimmed and case-insensitively. */
  readonly headers: readonly string[];
  /** Date or timestamp patterns in the JDK's letters (`dd/MM/yyyy`); empty: ISO 8601. */
  readonly formats: readonly string[];
  readonly number: NumberFormat;
  /** Of timestamps; absent: times without an offset are UTC. */
  readonly timezone?: ColumnTimezone;
  /** Texts that mean no value in this column, beside those that do in every one. */
  readonly nullValues?: readonly string[];
  /** Where its value stands in a record of JSON, as a JSON pointer; absent: under its name. */
  readonly path?: string;
  /** Other places, of other versions of the record: the first that has a value, where `path` has none. */
  readonly otherPaths?: readonly string[];
  /** Absent: none, so that what is found holds a run. */
  readonly knownPii?: KnownPii;
  readonly checks: readonly ColumnCheck[];
  /** Absent where nothing is said: the values are stored as they come. */
  readonly protect?: ColumnProtection;
}

/** A rule over several columns: a boolean SQL expression, checked when the contract is read. */
export interface RecordRule {
  readonly rule: string;
  readonly description: string;
  readonly expression: string;
}

/** A sum that must be the same before and after, per value of `by` where given. */
export interface Measure {
  readonly column: string;
  readonly by?: string;
}

/** What the owner promises about the data, in ODCS's words (`latency`, `retention`, `frequency` …). */
export interface ServiceLevel {
  readonly property: string;
  readonly value: string | number | boolean;
  readonly unit?: string;
}

/** Beyond these a run is held, a breaker opens or a record is condemned. */
export interface Limits {
  readonly maxAttempts: number;
  /** Share of the non-blank records, below which quarantine is normal. */
  readonly maxQuarantineRate: number;
  /** Smaller batches are judged as if they had this many records. */
  readonly smallBatchRecords: number;
  readonly maxCondemned: number;
  readonly breakerErrors: number;
  readonly breakerShare: number;
  readonly breakerWindowMinutes: number;
  readonly maxRecordBytes: number;
  /** What a file that is packed or in UTF-16 may become. */
  readonly maxUnpackedBytes: number;
}

/** Which snapshots of a dataset's tables stay: those of a span, and so many of the newest at least and at most. */
export interface KeptSnapshots {
  readonly keepMs: number;
  readonly atLeast: number;
  readonly atMost: number;
}

/** Until when readers may rely on a dataset. */
export interface Deprecation {
  /** The last day, `YYYY-MM-DD`, in UTC. */
  readonly until: string;
  /** The dataset that takes its place. */
  readonly use?: string;
  readonly why?: string;
}

/** What a data product says beside what every contract does. */
export interface Product {
  /** What people call it. */
  readonly title?: string;
  /** Addresses of what there is to read about it. */
  readonly documentation: readonly string[];
  /** Where people are heard. */
  readonly support?: { readonly channel: string; readonly url: string };
  /** Where access to it is asked for. */
  readonly access?: string;
  /** Rows that are shown of it; 0: none. */
  readonly sampleRows: number;
}

/** What every contract says, whatever its layer. */
export interface ContractBase {
  readonly dataset: string;
  readonly domain: string;
  readonly name: string;
  /** Semantic version. */
  readonly version: string;
  readonly owner: string;
  readonly description: string;
  readonly file: string;
  /** SHA-256 of the contract's meaning: changes when, and only when, anything but comments and layout does. */
  readonly digest: string;
  readonly columns: readonly ContractColumn[];
  readonly key: readonly string[];
  /** Column whose month the table is partitioned by; empty for a projection, which has no partitions. */
  readonly partitionColumn: string;
  readonly rules: readonly RecordRule[];
  /** Absent where the contract promises nothing. */
  readonly sla?: readonly ServiceLevel[];
  /** Absent where the contract leaves it to the default. */
  readonly snapshots?: KeptSnapshots;
  /** Set where only a person may start the upkeep. */
  readonly tend?: false;
  /** Absent where its end is not in sight. */
  readonly deprecated?: Deprecation;
  /** Set where it is published as a data product: of Gold tables and projections. */
  readonly product?: Product;
}

/** A dataset that source systems drop files for. */
export interface SourceContract extends ContractBase {
  readonly layer: 'silver';
  readonly csv: CsvDialect;
  readonly unknownColumns: 'ignore' | 'rescue' | 'reject';
  readonly duplicates: 'condemn' | 'keep-first' | 'replace';
  /** Where the source delivers again what it delivered before: records that stand in Silver are repeats. */
  readonly redelivery?: 'expected';
  /** Where no columns tell records apart (`key` is empty): a record's values do, and its number among its equals in one file. */
  readonly recordKey?: true;
  readonly measures: readonly Measure[];
  /** Where the consent of whom the records are about stands, by purpose. */
  readonly consent?: Readonly<Record<string, Consent>>;
  readonly limits: Limits;
  /** Whose data a record is (`assay.subject`). */
  readonly subject?: DeclaredSubject;
  /** How long protected values stay readable; absent where nothing is protected, or that isn't said. */
  readonly retention?: Retention;
  /** Set where each record is an event of a stream: then Silver is an event store, and `key` is stream and version. */
  readonly events?: EventColumns;
}

/** Which columns of an event dataset say what an event is, each of them required (`assay.events`). */
export interface EventColumns {
  /** Names the stream: whose events these are, e.g. an order's number. */
  readonly stream: string;
  /** Says what happened. */
  readonly type: string;
  /** Says when; its month partitions the table. */
  readonly at: string;
  /** Orders the events of a stream. */
  readonly version: string;
  /** Tells events apart: of two with one stream and version, that with the smaller id stays. */
  readonly id: string;
  /** Whether versions count on by one, so that a hole among a stream's is an event that is missing. */
  readonly contiguous: boolean;
}

/** Where it stands who consents: a Silver dataset of states, and its boolean column. */
export interface Consent {
  readonly dataset: string;
  readonly column: string;
}

/** By whose latest state an input of a Gold table is restricted to those who consent. */
export interface InputConsent {
  readonly input: string;
  /** Column of the input that names whom a record is about. */
  readonly subject: string;
  /** Column whose month partitions the input. */
  readonly partition: string;
  readonly states: {
    readonly dataset: string;
    /** Columns of the states: whose they are, whether they consent, and since when. */
    readonly subject: string;
    readonly column: string;
    readonly at: string;
  };
}

/** A Gold table: one SQL file over Silver. */
export interface GoldContract extends ContractBase {
  readonly layer: 'gold';
  /** Path of its SQL under sql/gold, e.g. `finance/account_balances.sql`. */
  readonly sql: string;
  /** Silver datasets that the SQL reads. */
  readonly inputs: readonly string[];
  /** Which months a changed month of an input changes: itself, or all from it on. */
  readonly affects: 'same-month' | 'month-and-later';
  /** Set where a month is made from the table's own rows of the month before, and not from all of Silver before it. */
  readonly carry?: true;
  /** What the table is for: it is made from subjects who consent to that; absent: from all. */
  readonly purpose?: string;
  /** How its inputs are restricted to them; known once all contracts are read. */
  readonly consents?: readonly InputConsent[];
}

/** A table folded from the streams of an event dataset: one state a stream, and the rows that it gives. */
export interface ProjectionContract extends ContractBase {
  readonly layer: 'projection';
  /** The event dataset that it is folded from. */
  readonly inputs: readonly [string];
  readonly fold: Fold;
}

/** What folds a stream: code of the user's, or a fold that ships. */
export type Fold =
  | {
      readonly kind: 'code';
      /** `<domain>/<name>`, without its ending. */
      readonly file: string;
    }
  | { readonly kind: ShippedFold };

/** Names of the folds that ship. */
export const SHIPPED_FOLDS = ['current_state', 'scd2', 'counter'] as const;
export type ShippedFold = (typeof SHIPPED_FOLDS)[number];

export type Contract = SourceContract | GoldContract | ProjectionContract;
