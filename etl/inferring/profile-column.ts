import { textSql } from '../contract/compile-column.ts';
import { type Engine, integerOf, textOf } from '../engine/engine.ts';
import { identifier, literal } from '../engine/sql.ts';
import type { Shape } from './readings.ts';
import { SAMPLE_TABLE } from './sample-table.ts';

/** Texts that sources write for "no value"; those in the second list may be values of a text column. */
const CLEAR_NULLS = ['NULL', 'null', '\\N', '#N/A', 'N/A', 'n/a', '<null>', '(null)', 'NaN', '<NA>'];
const POSSIBLE_NULLS = [
  'NA',
  'na',
  'none',
  'None',
  'NONE',
  'nil',
  'Nil',
  'nan',
  '-',
  '--',
  '?',
  '.',
  'unknown',
  'Unknown',
];
export const NULL_SPELLINGS: readonly string[] = [...CLEAR_NULLS, ...POSSIBLE_NULLS];

/** Whether a null spelling means no value in a text column, too. */
export const isClearNull = (text: string): boolean => CLEAR_NULLS.includes(text);

/** What the sample's texts of one column are like. */
export interface ColumnProfile {
  readonly name: string;
  /** SQL of the column's text, NULL where it is empty or a null spelling. */
  readonly text: string;
  /** Texts that are neither empty nor a null spelling. */
  readonly values: number;
  readonly distinct: number;
  readonly minLength: number;
  readonly maxLength: number;
  /** Whole numbers that begin with a zero and have more digits. */
  readonly leadingZeros: number;
  /** The sign behind a lone zero in numbers such as `0,281`, where it is the same in all: no group begins so. */
  readonly zeroBefore: ',' | '.' | undefined;
  /** The most frequent shapes first, at most 200. */
  readonly shapes: readonly Shape[];
  /** The most frequent values first, at most 8. */
  readonly frequent: readonly { readonly value: string; readonly count: number }[];
  readonly nulls: readonly { readonly value: string; readonly count: number }[];
}

/** Looks over one column of the sample. */
export async function profileColumn(engine: Engine, name: string): Promise<ColumnProfile> {
  const column = identifier(name);
  const text = textSql(column, NULL_SPELLINGS, false);
  const from = `FROM (SELECT ${text} AS v FROM ${SAMPLE_TABLE}) WHERE v IS NOT NULL`;
  const [base = {}] = await engine.rows(
    `SELECT count(*) AS n, count(DISTINCT v) AS d, coalesce(min(length(v)), 0) AS short, coalesce(max(length(v)), 0) AS long,
     count(*) FILTER (regexp_full_match(v, '0[0-9]+')) AS zeros,
     count(*) FILTER (regexp_full_match(v, '[^0-9.,]*0,[0-9]+[^0-9.,]*')) AS commas,
     count(*) FILTER (regexp_full_match(v, '[^0-9.,]*0[.][0-9]+[^0-9.,]*')) AS points ${from}`,
  );
  const shape = "regexp_replace(regexp_replace(left(v, 60), '[0-9]', '9', 'g'), '[A-Za-z]+', 'a', 'g')";
  const shapes = await engine.rows(
    `SELECT ${shape} AS shape, count(*) AS n, min(v) AS example ${from} GROUP BY 1 ORDER BY n DESC, 1 LIMIT 200`,
  );
  const frequent = await counts(
    engine,
    `SELECT v AS value, count(*) AS n ${from} GROUP BY 1 ORDER BY n DESC, 1 LIMIT 8`,
  );
  const nulls = await counts(
    engine,
    `SELECT ${column} AS value, count(*) AS n FROM ${SAMPLE_TABLE}
     WHERE list_contains([${NULL_SPELLINGS.map(literal).join(', ')}], ${column}) GROUP BY 1 ORDER BY n DESC, 1`,
  );
  return {
    name,
    text,
    values: integerOf(base, 'n'),
    distinct: integerOf(base, 'd'),
    minLength: integerOf(base, 'short'),
    maxLength: integerOf(base, 'long'),
    leadingZeros: integerOf(base, 'zeros'),
    zeroBefore: zeroSign(integerOf(base, 'commas'), integerOf(base, 'points')),
    shapes: shapes.map((row) => ({
      shape: textOf(row, 'shape'),
      count: integerOf(row, 'n'),
      example: textOf(row, 'example'),
    })),
    frequent,
    nulls,
  };
}

function zeroSign(commas: number, points: number): ',' | '.' | undefined {
  if (commas > 0 === points > 0) return undefined;
  return commas > 0 ? ',' : '.';
}

async function counts(engine: Engine, sql: string): Promise<{ value: string; count: number }[]> {
  const rows = await engine.rows(sql);
  return rows.map((row) => ({ value: textOf(row, 'value'), count: integerOf(row, 'n') }));
}

/** How many of the sample's records meet each of some conditions, in one pass. */
export async function countWhere(engine: Engine, conditions: readonly string[]): Promise<number[]> {
  if (conditions.length === 0) return [];
  const columns = conditions.map((condition, n) => `count(*) FILTER (${condition}) AS c${n}`);
  const [row = {}] = await engine.rows(`SELECT ${columns.join(', ')} FROM ${SAMPLE_TABLE}`);
  return conditions.map((_, n) => integerOf(row, `c${n}`));
}
