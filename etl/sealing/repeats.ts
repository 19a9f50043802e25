import type { SourceContract } from '../contract/contract.ts';
import type { Engine } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';
import {
  measureByColumn,
  measureColumn,
  measureColumns,
  measureSql,
  measureValues,
} from '../refining/rejects.ts';

/**
 * Makes the table `repeats`, empty: records of the run that stand in Silver with the same values, each with its twin there
 * (file and record) and its measures. They go nowhere, and are no duplicates.
 */
export async function createRepeats(engine: Engine, contract: SourceContract): Promise<void> {
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE repeats (source_file_id VARCHAR, source_row_number BIGINT, twin_file_id VARCHAR, twin_row_number BIGINT${measureColumns(contract)})`,
  );
}

/** The columns that say whether two records of Silver have the same values, as identifiers. */
export function valueColumns(contract: SourceContract): string[] {
  const names = contract.columns.map(({ name }) => identifier(name));
  return contract.unknownColumns === 'rescue' ? [...names, 'rescued'] : names;
}

/** Where repeats are looked for, as table expressions. */
export interface RepeatSearch {
  readonly engine: Engine;
  readonly contract: SourceContract;
  /** The run's records that passed. */
  readonly fresh: string;
  /** The records that stand in Silver, with Silver's columns; undefined where none can be a twin. */
  readonly standing: string | undefined;
}

/** The condition under which a record of the run (by its alias) was left out already. */
export const isLeftOut = (alias: string): string =>
  `(EXISTS (SELECT 1 FROM excluded WHERE ${samePlace('excluded', alias)}) OR EXISTS (SELECT 1 FROM repeats WHERE ${samePlace('repeats', alias)}))`;

function samePlace(table: string, alias: string): string {
  return `${table}.source_file_id = ${alias}.source_file_id AND ${table}.source_row_number = ${alias}.source_row_number`;
}

/** Adds to `repeats` records with the same key and values as a row of the base snapshot. */
export async function repeatBase({ engine, contract, fresh, standing }: RepeatSearch): Promise<void> {
  if (standing === undefined) return;
  const same = valueColumns(contract).map((name) => `old.${name} IS NOT DISTINCT FROM new.${name}`);
  await engine.run(
    `INSERT INTO repeats SELECT new.source_file_id, new.source_row_number, old.source_file_id, old.source_row_number${measureValues(contract, 'new')}
     FROM ${fresh} AS new JOIN ${standing} AS old ON ${same.join(' AND ')} WHERE NOT ${isLeftOut('new')}`,
  );
}

/** How to tell repeats and duplicates within the run apart. */
export interface WithinRun {
  /** Condition under which a record (`records`) has a key that another one of the run may have. */
  readonly among: string;
  /** JOINs and SQL of a record's place in the order in which the records came. */
  readonly joins: string;
  readonly place: string;
}

/**
 * Keeps one of several records of the run with one key that aren't left out yet. The values that count are those that
 * came first, or last where later ones replace earlier ones; the first record with them stays. Others with these values
 * are its repeats, all others duplicates. If the base has these values already, its row stays.
 */
export async function judgeWithin(search: RepeatSearch, { among, joins, place }: WithinRun): Promise<void> {
  const { engine, contract, fresh } = search;
  const isReplacing = contract.duplicates === 'replace';
  const named = (name: string): string => `records.${name}`;
  const values = valueColumns(contract).map((name, n) => `v${n} := ${named(name)}`);
  const key = contract.key.map((name) => named(identifier(name)));
  const direction = isReplacing ? 'DESC' : 'ASC';
  // If later ones replace earlier ones, a repeat of the base still decides which values count.
  const isBase = `EXISTS (SELECT 1 FROM repeats WHERE ${samePlace('repeats', 'records')})`;
  const isOut = isReplacing
    ? `EXISTS (SELECT 1 FROM excluded WHERE ${samePlace('excluded', 'records')})`
    : isLeftOut('records');
  const measures = contract.measures.map((_, n) => {
    const { value, by } = measureSql(contract, n, 'records');
    return `, ${value} AS ${measureColumn(n)}, ${by} AS ${measureByColumn(n)}`;
  });
  const names = contract.measures.map((_, n) => `, ${measureColumn(n)}, ${measureByColumn(n)}`).join('');
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE judged$ AS SELECT *, first_value(id$) OVER same$ AS twin$, first_value(row$) OVER same$ AS twin_row$,
       row_number() OVER same$ AS nth$, bool_or(is_last$) OVER (PARTITION BY key$, values$) AS counts$
     FROM (
       SELECT records.source_file_id AS id$, records.source_row_number AS row$, ${place} AS place$, ${isBase} AS is_base$,
         struct_pack(${key.map((name, n) => `k${n} := ${name}`).join(', ')}) AS key$, struct_pack(${values.join(', ')}) AS values$${measures.join('')},
         row_number() OVER (PARTITION BY ${key.join(', ')} ORDER BY ${place} ${direction}, records.source_row_number ${direction}) = 1 AS is_last$
       FROM ${fresh} AS records ${joins} WHERE ${among} AND NOT ${isOut}
     ) WINDOW same$ AS (PARTITION BY key$, values$ ORDER BY place$, row$)`,
  );
  await engine.run(
    `INSERT INTO repeats SELECT id$, row$, twin$, twin_row$${names} FROM judged$ WHERE NOT is_base$ AND counts$ AND nth$ > 1`,
  );
  await engine.run(
    `INSERT INTO excluded SELECT id$, row$, 'DUPLICATE' FROM judged$ WHERE NOT is_base$ AND NOT counts$`,
  );
  await engine.run('DROP TABLE judged$');
}
