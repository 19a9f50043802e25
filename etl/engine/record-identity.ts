/**
 * The identity of a record's number: what a proof adds up instead of comparing millions of numbers. Sums of it over two
 * sets of records are equal where the sets are, whatever their order, and else but by a chance of about 2^-60; a record
 * that stands twice counts twice.
 */

/** The version that seals are written with. */
export const IDENTITY_VERSION = 1;

/** Multiplier, addend and modulus of the three residues of a number; the moduli are the greatest primes below 2^31. */
const RESIDUES = [
  [1_597_463, 314_159_265, 2_147_483_647],
  [1_950_083, 271_828_182, 2_147_483_629],
  [1_320_049, 141_421_356, 2_147_483_587],
] as const;
const MIDDLE_PRIME = 2_147_483_579;

/**
 * SQL of the identity of a record's number, a BIGINT: the same text gives the same number below 2^62 on DuckDB, Trino,
 * Athena and Spark, since it is arithmetic of 64 bits that never overflows for numbers below 2^42. The product of two
 * residues by a third prime breaks what linear steps would keep: that 1 and 4 have the sum of 2 and 3.
 */
export function identitySql(rowNumber: string): string {
  const [first, second, third] = RESIDUES.map(
    ([by, plus, modulus]) => `((CAST(${rowNumber} AS BIGINT) * ${by} + ${plus}) % ${modulus})`,
  );
  return `(${first} * ${second} % ${MIDDLE_PRIME} * ${third})`;
}

/** Which identities are added up. */
interface Added {
  /** Condition on the rows; all unless said. */
  readonly where?: string;
  /** That of a seal: 0, of seals that name none, is DuckDB's own hash, which no other engine computes. */
  readonly version?: number;
}

/**
 * DuckDB's SQL of what the identities of some rows' numbers add up to, exact, as text; '0' without rows. On other engines
 * it is `sum(CAST(… AS DECIMAL(38, 0)))` of `identitySql`.
 */
export function identitySumSql(rowNumber: string, { where, version = IDENTITY_VERSION }: Added = {}): string {
  const one = version === 0 ? `CAST(hash(CAST(${rowNumber} AS BIGINT)) AS HUGEINT)` : identitySql(rowNumber);
  const filter = where === undefined ? '' : ` FILTER (${where})`;
  return `CAST(coalesce(sum(${one})${filter}, 0) AS VARCHAR)`;
}

/** Whether this release computes the identities of a version. */
export function isKnownIdentity(version: number): boolean {
  return version === 0 || version === IDENTITY_VERSION;
}
