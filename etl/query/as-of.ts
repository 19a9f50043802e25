import { z } from 'zod';
import { ConfigError } from '../errors.ts';
import { statesOf } from '../stages/dataset-history.ts';
import type { LakeTable } from '../table/lake-table.ts';
import type { Snapshot } from '../table/metadata.ts';
import { historyStart, snapshotAt } from '../table/snapshots.ts';

/** Which state of the lake a query sees. */
export type AsOf =
  | { readonly kind: 'now' }
  | { readonly kind: 'snapshot'; readonly id: number }
  | { readonly kind: 'time'; readonly ms: number };

/**
 * What a query sees of one table: its state now, one snapshot, nothing because it wasn't there yet, or an expired
 * state.
 */
export type Seen =
  | { readonly kind: 'now' }
  | { readonly kind: 'snapshot'; readonly id: number }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'expired'; readonly sinceMs: number };

/** An `AsOf` with the moment that it stands for; no moment: now. */
export interface Moment {
  readonly asOf: AsOf;
  readonly ms: number | undefined;
}

const TIME = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/;

/**
 * `3351973625461540` → that snapshot; `2024-05-01T12:00Z` → that time, UTC unless it says otherwise; `2024-05-01` → the end of
 * that day, so that what was published on it was.
 */
export function parseAsOf(text: string): AsOf {
  if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text))) return { kind: 'snapshot', id: Number(text) };
  const ms = TIME.test(text) && isDay(text.slice(0, 10)) ? Date.parse(inUtc(text)) : Number.NaN;
  if (!Number.isNaN(ms)) return { kind: 'time', ms };
  throw new ConfigError(
    'AS_OF',
    `'${text}' is neither a snapshot id nor a time: write e.g. 3351973625461540, 2024-05-01 or 2024-05-01T12:00:00Z.`,
  );
}

/** Date.parse takes 30 February for 1 March. */
function isDay(text: string): boolean {
  const day = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}

function inUtc(text: string): string {
  if (text.length === 10) return `${text}T23:59:59.999Z`;
  const iso = text.replace(' ', 'T');
  return /(?:Z|[+-]\d{2}:?\d{2})$/.test(iso) ? iso : `${iso}Z`;
}

/** The moment of an `AsOf`: a snapshot stands for that of its commit. Throws ConfigError where no table has the snapshot. */
export function momentOf(tables: readonly (LakeTable | undefined)[], asOf: AsOf): Moment {
  if (asOf.kind === 'now') return { asOf, ms: undefined };
  if (asOf.kind === 'time') return { asOf, ms: asOf.ms };
  for (const table of tables) {
    const snapshot = table?.metadata.snapshots.find((one) => one['snapshot-id'] === asOf.id);
    if (snapshot !== undefined) return { asOf, ms: snapshot['timestamp-ms'] };
  }
  throw new ConfigError(
    'NO_SNAPSHOT',
    `No table has a snapshot ${asOf.id}; \`assay snapshots DATASET\` lists those there are.`,
  );
}

/**
 * What is seen of a table at a moment. For a snapshot's id: that snapshot; in a Gold table, what was made from it,
 * because that commits a moment later; in any other table, what was current at its commit, as far as that is kept.
 */
export function seenOf({ metadata }: LakeTable, { asOf, ms }: Moment): Seen {
  if (ms === undefined) return { kind: 'now' };
  if (asOf.kind === 'snapshot') {
    const named = namedSnapshot({ metadata }, asOf.id);
    if (named !== undefined) return { kind: 'snapshot', id: named['snapshot-id'] };
  }
  const sinceMs = historyStart(metadata);
  if (sinceMs !== undefined && ms < sinceMs) {
    const id = asOf.kind === 'snapshot' ? ledgerOf({ metadata }, asOf.id) : undefined;
    return id === undefined ? { kind: 'expired', sinceMs } : { kind: 'snapshot', id };
  }
  const isLater = metadata.snapshots.every((one) => one['timestamp-ms'] > ms);
  if (isLater) return { kind: 'nothing' };
  return { kind: 'snapshot', id: snapshotAt(metadata, { timeMs: ms })['snapshot-id'] };
}

/** The snapshot of a table with an id, or of a Gold table the last that was made from the Silver snapshot with it. */
export function namedSnapshot({ metadata }: Pick<LakeTable, 'metadata'>, id: number): Snapshot | undefined {
  return metadata.snapshots.findLast(
    (one) => one['snapshot-id'] === id || Object.values(inputsOf(one)).includes(id),
  );
}

/** The snapshot of a ledger that was committed with a Silver snapshot: kept with it, where a closed month was made from that. */
function ledgerOf({ metadata }: Pick<LakeTable, 'metadata'>, silverId: number): number | undefined {
  return statesOf(metadata).find((one) => one.snapshot_id === silverId)?.ledger_snapshot_id;
}

const Inputs = z.record(z.string(), z.number()).catch({});

/** The Silver snapshots that a Gold snapshot was made from, by dataset. */
export function inputsOf({ summary }: Snapshot): Readonly<Record<string, number>> {
  return Inputs.parse(JSON.parse(summary['assay.inputs'] ?? '{}'));
}
