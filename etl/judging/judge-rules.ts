import type { CheckedRule } from '../contract/check-rules.ts';
import { passesSql } from '../contract/compile-record.ts';
import type { SourceContract } from '../contract/contract.ts';
import { duckType } from '../contract/duck-type.ts';
import type { Engine } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';
import { oneAtATime } from '../one-at-a-time.ts';
import type { TypedValue } from './value.ts';

/** A record's typed values in contract order; undefined is NULL. */
export type TypedRecord = readonly (TypedValue | undefined)[];

/** Says of each record which rules it fails, by their places. */
export type JudgeRules = (records: readonly TypedRecord[]) => Promise<readonly (readonly number[])[]>;

/** Prepares the record rules of a contract, which are SQL, for batches of records; none cost nothing. */
export async function openRules(
  engine: Engine,
  { columns, digest }: SourceContract,
  rules: readonly CheckedRule[],
): Promise<JudgeRules> {
  if (rules.length === 0) return async (records) => records.map(() => []);
  const [table, view] = [`judged_texts_${digest}`, `judged_values_${digest}`];
  const texts = columns.map((_, n) => `c${n}`);
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE ${table} (n BIGINT, ${texts.map((name) => `${name} VARCHAR`).join(', ')})`,
  );
  const typed = columns.map(
    ({ name, type }, n) =>
      `CASE WHEN c${n} <> '' THEN CAST(substr(c${n}, 2) AS ${duckType(type)}) END AS ${identifier(name)}`,
  );
  await engine.run(
    `CREATE OR REPLACE TEMP VIEW ${view} AS SELECT n AS n$, ${typed.join(', ')} FROM ${table}`,
  );
  const failed = rules.map(({ sql }, n) => `CASE WHEN NOT ${passesSql(sql)} THEN ${n} END`);
  const select = `SELECT list_filter([${failed.join(', ')}], lambda rule: rule IS NOT NULL) AS failed FROM ${view} ORDER BY n$`;
  const inTurn = oneAtATime();
  return (records) =>
    inTurn(async () => {
      await engine.run(`DELETE FROM ${table}`);
      await engine.append(
        table,
        records.map((record, n) => [
          BigInt(n),
          ...record.map((value) => (value === undefined ? '' : `=${value.text}`)),
        ]),
      );
      const rows = await engine.rows(select);
      return rows.map(({ failed: places }) => (Array.isArray(places) ? places.map(Number) : []));
    });
}
