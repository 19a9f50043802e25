import { type Engine, integerOf, type SqlValue, textOf } from '../engine/engine.ts';
import { identifier, literal } from '../engine/sql.ts';
import { ConfigError } from '../errors.ts';

/** A column of an answer, with DuckDB's type. */
export interface AnswerColumn {
  readonly name: string;
  readonly type: string;
}

/** A query's answer: how many rows, and a window on them. It lives as long as the engine. */
export interface QueryAnswer {
  readonly columns: readonly AnswerColumn[];
  readonly rowCount: number;
  /** Rows by position, end-exclusive, in the query's order. */
  rows(from: number, to: number): Promise<readonly SqlValue[][]>;
  /** For each column, whether any of its values meets a condition; `condition` is SQL of an identifier, undefined for never. */
  anyOf(condition: (column: string, type: string) => string | undefined): Promise<readonly boolean[]>;
  /** Writes all rows to a Parquet file in scratch space; throws ConfigError `TOO_WIDE` where an integer has more digits than Parquet keeps. */
  writeParquet(path: string): Promise<void>;
}

/** A database in memory that DuckDB's catalog leaves out, so that queries about tables don't find their own answer. */
const PLACE = '"assay answer"';
const ANSWER = `${PLACE}.main.rows`;

/** Goes before the query in the statement that stores its answer. */
export const INTO_ANSWER = `CREATE TABLE ${ANSWER} AS\n`;

/** The answer of a SELECT over what the engine knows; an engine has one at a time. */
export async function answerOf(engine: Engine, select: string): Promise<QueryAnswer> {
  await engine.run(`ATTACH IF NOT EXISTS ':memory:' AS ${PLACE} (HIDDEN true)`);
  await engine.run(`DROP TABLE IF EXISTS ${ANSWER}`);
  await engine.run(`${INTO_ANSWER}${select}`);
  const described = await engine.rows(`DESCRIBE ${ANSWER}`);
  const columns = described.map((row) => ({
    name: textOf(row, 'column_name'),
    type: textOf(row, 'column_type'),
  }));
  const stored = await storedNames(engine, columns);
  const [counted = {}] = await engine.rows(`SELECT count(*) AS n FROM ${ANSWER}`);
  const anyOf: QueryAnswer['anyOf'] = async (condition) => {
    const tests = stored.map((name, n) => condition(name, columns[n]?.type ?? ''));
    const list = tests.map((sql) => `coalesce(bool_or(${sql ?? 'false'}), false)`);
    const { rows } = await engine.result(`SELECT ${list.join(', ')} FROM ${ANSWER}`);
    return (rows[0] ?? []).map((value) => value === true);
  };
  return {
    columns,
    rowCount: integerOf(counted, 'n'),
    rows: async (from, to) =>
      (await engine.result(`SELECT * FROM ${ANSWER} WHERE rowid >= ${from} AND rowid < ${to} ORDER BY rowid`))
        .rows,
    anyOf,
    writeParquet: async (path) => {
      await refuseTooWide(columns, anyOf);
      const kept = columns.map(({ name, type }, n) => {
        const value = isWide(type) ? `CAST(${stored[n]} AS ${narrowed(type)})` : stored[n];
        return `${value} AS ${identifier(name)}`;
      });
      await engine.run(
        `COPY (SELECT ${kept.join(', ')} FROM ${ANSWER} ORDER BY rowid) TO ${literal(path)} (FORMAT parquet, COMPRESSION zstd)`,
      );
    },
  };
}

/** The columns as identifiers of the table; one called rowid, in any case, would hide the row's number, and is renamed there. */
async function storedNames(engine: Engine, columns: readonly AnswerColumn[]): Promise<string[]> {
  const names: string[] = [];
  for (const { name } of columns) {
    const isHiding = name.toLowerCase() === 'rowid';
    const free = identifier(`the answer's ${name}`);
    if (isHiding) await engine.run(`ALTER TABLE ${ANSWER} RENAME COLUMN ${identifier(name)} TO ${free}`);
    names.push(isHiding ? free : identifier(name));
  }
  return names;
}

/** A type with integers of 128 bits, as sums have, in it. Parquet has none, and DuckDB would write doubles. */
const WIDE = /\bU?HUGEINT\b/g;
const isWide = (type: string): boolean => !type.startsWith('ENUM') && type.search(WIDE) >= 0;
const narrowed = (type: string): string => type.replace(WIDE, 'DECIMAL(38,0)');

async function refuseTooWide(columns: readonly AnswerColumn[], anyOf: QueryAnswer['anyOf']): Promise<void> {
  const wide = await anyOf((column, type) =>
    isWide(type)
      ? `CAST(TRY_CAST(${column} AS ${narrowed(type)}) AS VARCHAR) IS DISTINCT FROM CAST(${column} AS VARCHAR)`
      : undefined,
  );
  const names = columns.flatMap(({ name }, n) => (wide[n] === true ? [`'${name}'`] : []));
  if (names.length === 0) return;
  const message = `${names.join(', ')} has integers of more than 38 digits, which Parquet doesn't keep: write CAST(… AS VARCHAR) in the query, or choose csv or jsonl.`;
  throw new ConfigError('TOO_WIDE', message);
}
