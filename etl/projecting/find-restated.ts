import type { ProjectionContract } from '../contract/contract.ts';
import { EVENT_AT_NAME } from '../contract/table-columns.ts';
import { type Engine, integerOf } from '../engine/engine.ts';
import { identifier, literal } from '../engine/sql.ts';

/**
 * Makes the table `told`: the published values that streams folded anew (the table `anew`: stream) change, old beside new;
 * of a row that came or went, all values. The engine has `old_rows` and `rebuilt`. Returns how many.
 */
export async function findRestated(
  engine: Engine,
  { key, columns }: ProjectionContract,
  oldColumns: readonly string[],
): Promise<number> {
  const [stream = ''] = key;
  const common = columns.map(({ name }) => name).filter((name) => oldColumns.includes(name));
  const values = common.filter((name) => !key.includes(name));
  const isComparable = key.every((name) => common.includes(name)) && oldColumns.includes(EVENT_AT_NAME);
  const none = `SELECT CAST(NULL AS DATE) AS as_of_month, '' AS "key", '' AS "column", '' AS old_value, '' AS new_value, true AS was_over, CAST(NULL AS VARCHAR) AS waits WHERE false`;
  const sides = ['old_rows', 'rebuilt'].map((from) => unpivotSql(from, { key, values, stream }));
  const json = key.flatMap((name) => [
    literal(name),
    `coalesce(a.${identifier(name)}, b.${identifier(name)})`,
  ]);
  const same = [...key.map(identifier), 'name$'].map((name) => `a.${name} IS NOT DISTINCT FROM b.${name}`);
  const found = `SELECT coalesce(a.month$, b.month$) AS as_of_month, CAST(json_object(${json.join(', ')}) AS VARCHAR) AS "key",
      coalesce(a.name$, b.name$) AS "column", a.value$ AS old_value, b.value$ AS new_value, true AS was_over, CAST(NULL AS VARCHAR) AS waits
    FROM (${sides[0]}) AS a LEFT JOIN (${sides[1]}) AS b ON ${same.join(' AND ')}
    WHERE a.value$ IS DISTINCT FROM b.value$`;
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE told AS ${isComparable && values.length > 0 ? found : none}`,
  );
  const [row = {}] = await engine.rows('SELECT count(*) AS n FROM told');
  return integerOf(row, 'n');
}

interface Side {
  readonly key: readonly string[];
  readonly values: readonly string[];
  readonly stream: string;
}

/** The values of the streams folded anew, one a row. */
function unpivotSql(from: string, { key, values, stream }: Side): string {
  const keys = key.map(identifier).join(', ');
  const texts = values.map(
    (name) => `coalesce(CAST(${identifier(name)} AS VARCHAR), '') AS ${identifier(name)}`,
  );
  const month = `CAST(date_trunc('month', ${EVENT_AT_NAME} AT TIME ZONE 'UTC') AS DATE) AS month$`;
  return `SELECT ${keys}, month$, name$, value$ FROM (UNPIVOT (
      SELECT ${keys}, ${month}, ${texts.join(', ')} FROM ${from} WHERE CAST(${identifier(stream)} AS VARCHAR) IN (SELECT stream FROM anew))
    ON ${values.map(identifier).join(', ')} INTO NAME name$ VALUE value$)`;
}
