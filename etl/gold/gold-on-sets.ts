import { createHash } from 'node:crypto';
import type { Contract, GoldContract } from '../contract/contract.ts';
import { tableColumns } from '../contract/table-columns.ts';
import type { Engine } from '../engine/engine.ts';
import { parseSql } from '../engine/parse-sql.ts';
import { tableName } from '../naming/datasets.ts';
import { setsFolder } from '../naming/runs.ts';
import type { DatasetRun, Effects, SetEngine, SetTable, SetWork } from '../ports.ts';
import { setColumns } from '../sets/set-columns.ts';
import { setRows } from '../sets/set-rows.ts';
import type { LakeTable } from '../table/lake-table.ts';
import type { TableColumn } from '../table/schema.ts';
import { bindMonths } from './bind-months.ts';
import { checkedGoldSql } from './check-gold-sql.ts';
import type { MonthRange } from './months.ts';
import type { KnownColumn } from './portable-parts.ts';
import { type PortableSql, portableSql } from './portable-sql.ts';

/** A Gold table's SQL as it is written, and the contracts by dataset. */
export interface PortableAsked {
  readonly sql: string;
  readonly contracts: ReadonlyMap<string, Contract>;
}

/** Months of no importance: whether SQL can be printed is the same for all. */
const SOME_MONTHS: MonthRange = { from: 648, to: 649 };

/**
 * A Gold table's query of some months (any unless said) for a set engine, or why DuckDB alone makes it. Throws ConfigError
 * `GOLD_SQL` where it is none that may be run.
 */
export async function portableGold(
  engine: Engine,
  contract: GoldContract,
  { sql, contracts, range = SOME_MONTHS }: PortableAsked & { readonly range?: MonthRange },
): Promise<PortableSql> {
  const other = (why: string): PortableSql => ({ kind: 'other', why });
  if (contract.carry === true) return other('it carries its month before, and reads one month at a time');
  if (contract.purpose !== undefined) return other('it is made from those who consent to its purpose');
  const double = contract.columns.find(({ type }) => type.kind === 'double');
  if (double !== undefined)
    return other(`its column ${double.name} is a DOUBLE, which is not added up exactly`);
  const checked = await checkedGoldSql(engine, contract, bindMonths(sql, range));
  const parsed = await parseSql(engine, checked);
  const inputs = contract.inputs.flatMap((input) => {
    const source = contracts.get(input);
    return source === undefined ? [] : tableColumns(source);
  });
  const columns = new Map<string, KnownColumn>();
  for (const { name, type } of inputs) {
    const known = columns.get(name);
    const isExact = !INEXACT.has(type.kind) && known?.isExact !== false;
    const scales = [...(known?.scales ?? []), ...(type.kind === 'decimal' ? [type.scale] : [])];
    columns.set(name, { isExact, scales });
  }
  const tables = new Set(contract.inputs.map((input) => tableName('silver', input)));
  return portableSql(parsed.kind === 'queries' ? parsed.trees[0] : undefined, { tables, columns });
}

/** Types on which engines differ, or that they can't give back. */
const INEXACT: ReadonlySet<TableColumn['type']['kind']> = new Set(['double', 'list', 'struct', 'binary']);

/** A published Silver table that a Gold table reads. */
export interface PublishedInput {
  readonly dataset: string;
  readonly table: LakeTable;
  readonly snapshotId: number;
}

/** A question to a set engine about months of a Gold table. */
export interface GoldQuestion extends PortableAsked {
  readonly effects: Pick<Effects, 'data'>;
  readonly engine: Engine;
  readonly sets: SetEngine;
  readonly contract: GoldContract;
  readonly inputs: readonly PublishedInput[];
  /** For which it is asked: answers lie beside what it stages, and go with that. */
  readonly run: DatasetRun;
}

/**
 * What to ask a set engine about so many bytes of files; undefined where DuckDB makes the months: nobody else is there,
 * they are too few, or the SQL or the inputs aren't what each engine reads alike.
 */
export async function goldQuestion(
  { work, ...question }: Omit<GoldQuestion, 'sets'> & { readonly work: SetWork | undefined },
  bytes: number,
): Promise<GoldQuestion | undefined> {
  if (work === undefined || bytes < work.fromBytes || unreadable(question) !== undefined) return undefined;
  const { engine, contract, sql, contracts } = question;
  const portable = await portableGold(engine, contract, { sql, contracts });
  return portable.kind === 'other' ? undefined : { ...question, sets: work.engine };
}

/** Why a set engine can't read the inputs as DuckDB does; undefined where it can. */
function unreadable({ contracts, inputs }: Pick<GoldQuestion, 'contracts' | 'inputs'>): string | undefined {
  for (const { dataset, table } of inputs) {
    const source = contracts.get(dataset);
    const known = new Set(setColumns(table)?.map(({ name }) => name));
    const missing =
      source === undefined ? undefined : tableColumns(source).find(({ name }) => !known.has(name));
    if (missing !== undefined) return `${dataset} was not published with the column ${missing.name} yet`;
  }
  return undefined;
}

/** The rows of some months, as a table expression of the engine, and the bytes that were read for them. */
export async function askForMonths(
  question: GoldQuestion,
  range: MonthRange,
): Promise<{ readonly from: string; readonly readBytes: number }> {
  const { effects, engine, sets, contract, sql, contracts, inputs, run } = question;
  const portable = await portableGold(engine, contract, { sql, contracts, range });
  if (portable.kind === 'other') throw new RangeError(portable.why);
  const tables = inputs.map(tableOf);
  const columns = contract.columns.map(({ name, type }) => ({ name, type, required: false, doc: '' }));
  // Another attempt may find other snapshots, and must not be given the answer about these.
  const digest = createHash('sha256')
    .update(JSON.stringify([portable.sql, tables]))
    .digest('hex')
    .slice(0, 16);
  const answer = await sets.select({
    ...{ sql: portable.sql, tables, columns },
    into: `${setsFolder(run.dataset, run.runId)}/gold-${contract.dataset}-${digest}`,
    token: `${contract.dataset}/${run.runId}/${digest}`,
  });
  return { from: await setRows(effects.data, answer, columns), readBytes: answer.readBytes ?? 0 };
}

function tableOf({ dataset, table, snapshotId }: PublishedInput): SetTable {
  const name = tableName('silver', dataset).split('.').at(-1) ?? '';
  const isCurrent = table.metadata['current-snapshot-id'] === snapshotId;
  return { name, metadataKey: table.metadataKey ?? '', ...(isCurrent ? {} : { snapshotId }) };
}
