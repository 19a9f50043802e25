import type { GoldContract } from '../contract/contract.ts';
import type { Engine } from '../engine/engine.ts';
import { identifier, literal } from '../engine/sql.ts';
import { ConfigError } from '../errors.ts';
import { tableName } from '../naming/datasets.ts';
import type { Effects } from '../ports.ts';
import type { AsOf } from './as-of.ts';
import { compareRows, type KeyChange, type RowsDiff } from './compare-rows.ts';
import { type SeenReport, seenReport } from './gold-report.ts';
import { createLakeViews } from './lake-views.ts';
import { bySeen, maskChanges } from './mask-changes.ts';
import { ownAsOf } from './own-as-of.ts';
import { keyName, type Restating, restatingOf } from './restating.ts';

/** Which states of a report are compared, of one month or all. */
export interface ChangesRequest {
  readonly contract: GoldContract;
  readonly since: AsOf;
  readonly asOf: AsOf;
  readonly month: string | undefined;
  readonly mostKeys: number;
  /** Whether values of personal and confidential columns are shown. */
  readonly seesAll: boolean;
  /** Whether it is told by which runs and decisions the figures changed, and why. */
  readonly tellsCauses: boolean;
}

/** A row that changed, and the runs and decisions that restated it, oldest first. */
export interface ChangedRow extends KeyChange {
  readonly by: readonly string[];
}

/** What is different in a report since a moment. */
export interface ReportChanges extends Omit<RowsDiff, 'keys'> {
  readonly from: SeenReport | null;
  readonly to: SeenReport | null;
  readonly keys: readonly ChangedRow[];
  /** The runs and decisions that are named, by id. */
  readonly causes: readonly Restating[];
}

/**
 * What differs between a report as it was at a moment and as it was later, by row: also where a migration made its table
 * anew in between. Throws ConfigError `SNAPSHOT_EXPIRED` or `NO_SNAPSHOT` where that state isn't kept, or wasn't there.
 */
export async function reportChanges(
  engine: Engine,
  effects: Effects,
  request: ChangesRequest,
): Promise<ReportChanges> {
  const { contract, since, asOf, mostKeys, seesAll, tellsCauses } = request;
  const [from, to] = [await seenReport(effects, contract, since), await seenReport(effects, contract, asOf)];
  if (from !== undefined && to !== undefined && from.committedAt > to.committedAt)
    throw new ConfigError(
      'AS_OF',
      `What changed since ${from.committedAt} can't be told of ${to.committedAt}, which was earlier: choose an earlier moment to compare with.`,
    );
  await keepState(engine, effects, request, { asOf: since, as: 'then$' });
  await keepState(engine, effects, request, { asOf, as: 'now$' });
  const found = await compareRows(engine, contract, { before: 'then$', after: 'now$' }, mostKeys);
  const restatings =
    tellsCauses && found.keys.length > 0 && from !== undefined
      ? await restatingOf(engine, effects, { contract, from, to, changes: found.keys })
      : { causes: [], byKey: new Map<string, readonly string[]>() };
  const keys = found.keys.map((key) => ({ ...key, by: restatings.byKey.get(keyName(key)) ?? [] }));
  const named = new Set(keys.flatMap(({ by }) => by));
  const shown = seesAll ? found : maskChanges(found, contract);
  const rows = shown.keys.map((key, n) => ({ ...key, by: keys[n]?.by ?? [] }));
  return {
    ...shown,
    from: from ?? null,
    to: to ?? null,
    keys: seesAll ? rows : rows.sort(bySeen),
    causes: restatings.causes.filter(({ id }) => named.has(id)),
  };
}

async function keepState(
  engine: Engine,
  effects: Effects,
  { contract, month }: ChangesRequest,
  { asOf, as }: { readonly asOf: AsOf; readonly as: string },
): Promise<void> {
  const { dataset, partitionColumn } = contract;
  const table = tableName('gold', dataset);
  const own = await ownAsOf(effects, contract, asOf);
  await createLakeViews(engine, effects, table, own, { isExact: true, dataset });
  const where =
    month === undefined ? '' : ` WHERE strftime(${identifier(partitionColumn)}, '%Y-%m') = ${literal(month)}`;
  await engine.run(`CREATE OR REPLACE TEMP TABLE ${as} AS SELECT * FROM ${table}${where}`);
}
