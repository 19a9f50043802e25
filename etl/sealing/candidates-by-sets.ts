import type { SourceContract } from '../contract/contract.ts';
import { keyColumns } from '../contract/record-key.ts';
import { integerOf } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';
import { setsFolder } from '../naming/runs.ts';
import type { DatasetRun, ObjectStore, SetAnswer, SetEngine, SetTable } from '../ports.ts';
import { setColumns } from '../sets/set-columns.ts';
import { setRows } from '../sets/set-rows.ts';
import { stageSetTable } from '../sets/stage-set-table.ts';
import type { LakeTable } from '../table/lake-table.ts';
import type { ColumnType } from '../table/schema.ts';
import type { CandidateSearch, Candidates, FindCandidates } from './candidates.ts';
import { rivalsOf } from './candidates-in-files.ts';

/** Types of which DuckDB, Trino and Athena agree when two values are the same; of a DOUBLE they don't (NaN). */
const SAME_EVERYWHERE: ReadonlySet<ColumnType['kind']> = new Set([
  'boolean',
  'int',
  'long',
  'decimal',
  'date',
  'timestamptz',
  'string',
  'binary',
]);

/** What a set engine says it did for a run. */
export interface SetWorkDone {
  readonly engine: SetEngine['name'];
  /** Rows that it found, of the run and of the base. */
  readonly rows: number;
  /** Bytes that it read, where it says so. */
  readonly readBytes?: number;
}

/** Who is asked, for which run, and who hears what was done. */
export interface SetSearch {
  readonly objects: ObjectStore;
  readonly engine: SetEngine;
  readonly run: DatasetRun;
  /** Told once the rows are found. */
  readonly onDone: (work: SetWorkDone) => void;
}

/** Whether a set engine finds the same rows as DuckDB: every column of the key is of a type on which they agree. */
export function isPortableKey(contract: SourceContract, table: LakeTable): boolean {
  const columns = new Map(setColumns(table)?.map(({ name, type }) => [name, type.kind]));
  return keyColumns(contract).every((key) => {
    const kind = columns.get(key);
    return kind !== undefined && SAME_EVERYWHERE.has(kind);
  });
}

/**
 * Candidates as a set engine finds them, in one group: whole rows of Silver whose key another row has, by joins of the keys
 * alone. DuckDB then judges these few. A repeat finds the same.
 */
export function candidatesBySets({ objects, engine: sets, run, onDone }: SetSearch): FindCandidates {
  return async function* (search): AsyncGenerator<Candidates> {
    const { data, contract, table, files } = search;
    const columns = setColumns(table) ?? [];
    const keys = keyColumns(contract).map(identifier);
    const folder = setsFolder(run.dataset, run.runId);
    // Files of the base become a table of their own as well: it has the columns of today, and only the files that count.
    const rivals = rivalsOf(search, files);
    const tables: SetTable[] = [];
    for (const [name, some] of Object.entries({ fresh: files, base: rivals }))
      if (some.length > 0)
        tables.push({
          name,
          metadataKey: await stageSetTable({ objects, table, files: some, folder: `${folder}/${name}` }),
        });
    const ask = (name: string, sql: string): Promise<SetAnswer> =>
      sets.select({
        ...{ sql, tables, columns },
        into: `${folder}/${name}`,
        token: `${run.dataset}/${run.runId}/${name}`,
      });
    const mine = await ask('found', freshSql(keys, rivals.length > 0));
    const theirs = rivals.length === 0 ? undefined : await ask('standing', standingSql(keys));
    const found = await setRows(data, mine, columns);
    const old = theirs === undefined ? undefined : await setRows(data, theirs, columns);
    const rows = (await countRows(search, found)) + (old === undefined ? 0 : await countRows(search, old));
    onDone({ engine: sets.name, rows, ...readBytesOf(mine, theirs) });
    yield {
      fresh: found,
      standing: old === undefined ? undefined : `(SELECT * FROM ${old} AS old WHERE ${search.standing})`,
      among: (await hasEqualKeys(search, found)) ? 'true' : undefined,
    };
  };
}

const listOf = (keys: readonly string[], alias: string): string =>
  keys.map((key) => `${alias}.${key}`).join(', ');

/** Whether two rows have the same key. No row of a run has NULL in its key, which a contract requires. */
const sameKey = (keys: readonly string[], a: string, b: string): string =>
  keys.map((key) => `${a}.${key} = ${b}.${key}`).join(' AND ');

/** The keys of the run, each once. */
const keysOfRun = (keys: readonly string[]): string => `SELECT DISTINCT ${listOf(keys, 'f')} FROM fresh AS f`;

/** Rows of the run whose key another one of it has, or one of the base. */
function freshSql(keys: readonly string[], hasBase: boolean): string {
  const list = listOf(keys, 'f');
  const twice = `SELECT ${list} FROM fresh AS f GROUP BY ${list} HAVING count(*) > 1`;
  const standing = `SELECT DISTINCT ${listOf(keys, 'k')} FROM base AS b JOIN (${keysOfRun(keys)}) AS k ON ${sameKey(keys, 'b', 'k')}`;
  const shared = hasBase ? `${twice} UNION ${standing}` : twice;
  return `SELECT f.* FROM fresh AS f JOIN (${shared}) AS k ON ${sameKey(keys, 'f', 'k')}`;
}

/** Rows of the base whose key a row of the run has. */
const standingSql = (keys: readonly string[]): string =>
  `SELECT b.* FROM base AS b JOIN (${keysOfRun(keys)}) AS k ON ${sameKey(keys, 'b', 'k')}`;

async function countRows({ engine }: CandidateSearch, table: string): Promise<number> {
  const [row = {}] = await engine.rows(`SELECT count(*) AS n FROM ${table}`);
  return integerOf(row, 'n');
}

async function hasEqualKeys({ engine, contract }: CandidateSearch, table: string): Promise<boolean> {
  const keys = keyColumns(contract).map(identifier).join(', ');
  const [row] = await engine.rows(
    `SELECT count(*) > 0 AS some FROM (SELECT 1 FROM ${table} GROUP BY ${keys} HAVING count(*) > 1)`,
  );
  return row?.some === true;
}

function readBytesOf(...answers: readonly (SetAnswer | undefined)[]): Pick<SetWorkDone, 'readBytes'> {
  const known = answers.flatMap((answer) => answer?.readBytes ?? []);
  return known.length === 0 ? {} : { readBytes: known.reduce((sum, bytes) => sum + bytes, 0) };
}
