import type { EventColumns, SourceContract } from '../contract/contract.ts';
import { identifier } from '../engine/sql.ts';
import { valueColumns } from '../sealing/repeats.ts';

/** A contract of events. */
export type EventContract = SourceContract & { readonly events: EventColumns };

/** Whether a contract's records are events. */
export function isOfEvents(contract: SourceContract): contract is EventContract {
  return contract.events !== undefined;
}

/**
 * SQL of a text that two rows (`alias`) of events share if, and only if, they have the same values in every column. It
 * says nothing of how they were spelled in a file.
 */
export function eventContentSql(contract: EventContract, alias: string): string {
  const texts = valueColumns(contract).map((name) => `CAST(${alias}.${name} AS VARCHAR)`);
  return `sha256(CAST(to_json([${texts.join(', ')}]) AS VARCHAR))`;
}

/**
 * ORDER BY list by which the first of several events (`alias`) with one stream and version is the one that stays: that with
 * the smallest id, numbers as numbers and text by code points. Among equal ids the digest of the values decides, which no
 * order of arrival changes.
 */
export function eventOrderSql(contract: EventContract, alias: string): string {
  return `${alias}.${identifier(contract.events.id)}, ${eventContentSql(contract, alias)}`;
}
