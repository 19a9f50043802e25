import type { ContractColumn, SourceContract } from '../contract/contract.ts';
import { GATE_CODE } from '../contract/gate-reasons.ts';
import { type Engine, integerOf, textOf } from '../engine/engine.ts';
import { identifier, literal } from '../engine/sql.ts';
import { findInColumn } from '../privacy/pii/find-in-column.ts';
import { addPii, type PiiCount } from '../privacy/pii/pii-count.ts';
import { unknownKinds, watchedColumns } from '../privacy/pii/watched-columns.ts';

/** Counts by source_file_id. */
export type PiiByFile = ReadonlyMap<string, readonly PiiCount[]>;

/** A column that is looked through, and the SQL of its text. */
interface Watched {
  readonly column: ContractColumn;
  readonly text: string;
}

/** The shortest text that is any kind: a postcode without its blank. */
const SHORTEST = 5;

/** The least integer that has as many digits as the number of a card. */
const LEAST_CARD = '1000000000000';

/**
 * Counts personal data among the staged records that passed, in columns whose classification says that there is none.
 * The engine picks what has the form of it, which costs a tenth of a microsecond a value; what it is, `findInColumn` says.
 */
export async function findInPassed(engine: Engine, contract: SourceContract): Promise<PiiByFile> {
  const some = await withHits(engine, typedColumns(contract), 'positioned WHERE passed$');
  return countHits(engine, some, 'staged WHERE passed$');
}

/** As `findInPassed`, of all the rows of a table (or a query in brackets) that has the columns of Silver. */
export async function findInRows(
  engine: Engine,
  contract: SourceContract,
  table: string,
): Promise<readonly PiiCount[]> {
  const from = `${table} WHERE true`;
  const found = await countHits(engine, await withHits(engine, typedColumns(contract), from), from);
  return [...found.values()].reduce<readonly PiiCount[]>((sum, one) => addPii(sum, one), []);
}

function typedColumns(contract: SourceContract): Watched[] {
  return watchedColumns(contract)
    .filter(({ checks }) => checks.every(mayHold))
    .flatMap((column) => {
      const text = typedText(column);
      return text === undefined ? [] : [{ column, text }];
    });
}

/**
 * Counts personal data in the raw values of `rejects`, whatever the types of their columns. Events that the PII gate blocked
 * are left out: their reasons say so, and they are published nowhere.
 */
export async function findInRejects(engine: Engine, contract: SourceContract): Promise<PiiByFile> {
  const watched = watchedColumns(contract).map((column) => ({
    column,
    text: `json_extract_string(record, ${literal(`$."${column.name}"`)})`,
  }));
  const isBlocked = `len(list_filter(reasons, lambda x: x.code = '${GATE_CODE}' AND x.rule = 'PII_DETECTED')) > 0`;
  const from = `rejects WHERE record IS NOT NULL AND NOT may_be_total AND NOT ${isBlocked}`;
  return countHits(engine, await withHits(engine, watched, from), from);
}

/** Whether a value that passes a check may be personal data: one of a list in the contract is known to its author. */
function mayHold(check: ContractColumn['checks'][number]): boolean {
  return check.kind === 'length' ? (check.max ?? SHORTEST) >= SHORTEST : check.kind !== 'values';
}

/** SQL of a typed value's text, NULL where it can be no personal data; undefined where none of its type can. */
function typedText({ name, type }: ContractColumn): string | undefined {
  const value = identifier(name);
  if (type.kind === 'string') return value;
  return type.kind === 'long'
    ? `CASE WHEN ${value} >= ${LEAST_CARD} THEN CAST(${value} AS VARCHAR) END`
    : undefined;
}

/** SQL of whether a text has the form of something that the column isn't known to hold. */
function looksPersonal({ column, text }: Watched): string {
  const shapes = unknownKinds(column).map(({ shape }) => `(?:${shape})`);
  return `(strlen(${text}) >= ${SHORTEST} AND regexp_matches(${text}, ${literal(shapes.join('|'))}))`;
}

/** The columns in which anything looks personal, by one look at all of them. */
async function withHits(engine: Engine, watched: readonly Watched[], from: string): Promise<Watched[]> {
  if (watched.length === 0) return [];
  const hits = watched.map((one, n) => `coalesce(bool_or(${looksPersonal(one)}), false) AS h${n}`);
  const [row = {}] = await engine.rows(`SELECT ${hits.join(', ')} FROM ${from}`);
  return watched.filter((_, n) => row[`h${n}`] === true);
}

async function countHits(engine: Engine, watched: readonly Watched[], from: string): Promise<PiiByFile> {
  const found = new Map<string, PiiCount[]>();
  for (const one of watched) {
    const find = findInColumn(one.column);
    const hits = await engine.rows(
      `SELECT source_file_id AS id, ${one.text} AS text, count(*) AS n FROM ${from} AND ${looksPersonal(one)} GROUP BY ALL`,
    );
    for (const hit of hits) {
      const [id, records] = [textOf(hit, 'id'), integerOf(hit, 'n')];
      const counts = find(textOf(hit, 'text')).map((kind) => ({ column: one.column.name, kind, records }));
      if (counts.length > 0) found.set(id, addPii(found.get(id), counts));
    }
  }
  return found;
}
