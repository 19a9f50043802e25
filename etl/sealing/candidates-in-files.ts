import { isByArrival } from '../contract/arrival-month.ts';
import type { SourceContract } from '../contract/contract.ts';
import { isByRecord } from '../contract/record-key.ts';
import { readParquet } from '../engine/engine.ts';
import { literal } from '../engine/sql.ts';
import { tableRowsSql } from '../engine/table-rows.ts';
import type { DataStore } from '../ports.ts';
import { keyHashSql } from '../refining/chunk-keys.ts';
import { mayContain } from '../table/prune.ts';
import type { ColumnStats, ColumnType, DataFile } from '../table/schema.ts';
import { compareScalars, parseScalar, type Scalar } from '../table/value.ts';
import type { CandidateSearch, Candidates } from './candidates.ts';

/** Candidates as the files that may hold them, which DuckDB reads whole: the months that may share keys, some at a time. */
export async function* candidatesInFiles(search: CandidateSearch): AsyncGenerator<Candidates> {
  const { data, contract, table } = search;
  for (const files of keyGroups(contract, search.files)) {
    const rivals = rivalsOf(search, files);
    const repeated = await findRepeated(search, files);
    if (rivals.length === 0 && repeated === undefined) continue;
    const rows = tableRowsSql(table, await pathsOf(data, rivals));
    // Without a base nothing but these is judged.
    const paths = rivals.length === 0 ? repeated?.paths : undefined;
    yield {
      fresh: readParquet(paths ?? (await pathsOf(data, files))),
      standing: rivals.length === 0 ? undefined : `(SELECT * FROM (${rows}) AS old WHERE ${search.standing})`,
      among: repeated?.among,
    };
  }
}

/** Records that are compared at once where they needn't all be: so many that few statements do, so few that their keys fit into memory. */
const GROUP_RECORDS = 2_000_000;

/** Files that may share a key: whole months, some at a time, where the key holds the partition column, else all together. */
export function keyGroups(contract: SourceContract, files: readonly DataFile[]): DataFile[][] {
  const isByMonth = isByRecord(contract)
    ? !isByArrival(contract)
    : contract.key.includes(contract.partitionColumn);
  if (!isByMonth) return [[...files]];
  const months = new Map<number | undefined, DataFile[]>();
  for (const file of files) months.set(file.month, [...(months.get(file.month) ?? []), file]);
  const groups: { files: DataFile[]; records: number }[] = [];
  for (const month of months.values()) {
    const records = month.reduce((sum, file) => sum + file.recordCount, 0);
    const last = groups.at(-1);
    if (last === undefined || last.records + records > GROUP_RECORDS) groups.push({ files: month, records });
    else groups[groups.length - 1] = { files: [...last.files, ...month], records: last.records + records };
  }
  return groups.map((group) => group.files);
}

/** Records of the run that may have the key of another one of it. */
interface Repeated {
  /** The condition under which a record (`records`) is one. */
  readonly among: string;
  /** The files that hold such. */
  readonly paths: readonly string[];
}

/** Finds them by the hashes of their keys, which it makes the table `repeated` of; undefined where there are none. */
async function findRepeated(
  { engine, data, contract, suspectFiles, isOneChunk }: CandidateSearch,
  files: readonly DataFile[],
): Promise<Repeated | undefined> {
  const suspects = files.filter((file) => suspectFiles.includes(file));
  if (isOneChunk && suspects.length === 0) return undefined;
  const paths = await pathsOf(data, files);
  const hash = keyHashSql(contract);
  const among = isOneChunk
    ? `WHERE ${hash} IN (SELECT ${hash} FROM ${readParquet(await pathsOf(data, suspects))})`
    : '';
  const source = `read_parquet([${paths.map(literal).join(', ')}], union_by_name = true, hive_partitioning = false, filename = 'filename$')`;
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE suspected AS SELECT ${hash} AS h$, filename$ AS path$ FROM ${source} ${among}`,
  );
  await engine.run(
    'CREATE OR REPLACE TEMP TABLE repeated AS SELECT h$ FROM suspected GROUP BY h$ HAVING count(*) > 1',
  );
  const holding = await engine.texts(
    'SELECT DISTINCT path$ FROM suspected WHERE h$ IN (SELECT h$ FROM repeated) ORDER BY path$',
  );
  if (holding.length === 0) return undefined;
  return { among: `${keyHashSql(contract, 'records')} IN (SELECT h$ FROM repeated)`, paths: holding };
}

/** Files of the base that may hold records with a key of the run's. */
export function rivalsOf(
  { contract, baseFiles }: Pick<CandidateSearch, 'contract' | 'baseFiles'>,
  files: readonly DataFile[],
): readonly DataFile[] {
  if (!isByRecord(contract)) {
    // Most of a large table has none of the keys of the whole run: then its files aren't asked one by one.
    const whole = { columns: hullOf(contract, files) };
    return baseFiles.filter(
      (base) => mayShareKey(contract, whole, base) && files.some((file) => mayShareKey(contract, file, base)),
    );
  }
  const months = new Set(files.map(({ month }) => month));
  return isByArrival(contract) ? baseFiles : baseFiles.filter(({ month }) => months.has(month));
}

/** Bounds of the key's columns over some files; of a column without bounds in one of them there are none. */
function hullOf(contract: SourceContract, files: readonly DataFile[]): DataFile['columns'] {
  const hull: Record<string, ColumnStats> = {};
  for (const { name, type } of contract.columns.filter((column) => contract.key.includes(column.name))) {
    const all = files.map(({ columns }) => columns[name]);
    const [mins, maxes] = [all.map((stats) => stats?.min), all.map((stats) => stats?.max)];
    const min = furthest(mins, type, (order) => order < 0);
    const max = furthest(maxes, type, (order) => order > 0);
    const hasNulls = all.some((stats) => (stats?.nullCount ?? 1) > 0);
    if (min !== undefined && max !== undefined && !hasNulls)
      hull[name] = { valueCount: 1, nullCount: 0, sizeBytes: 0, min, max };
  }
  return hull;
}

/** The least or the greatest of some values as DuckDB prints them; undefined where one is unknown. */
function furthest(
  texts: readonly (string | undefined)[],
  type: ColumnType,
  isFurther: (order: number) => boolean,
): string | undefined {
  let best: { readonly text: string; readonly value: Scalar } | undefined;
  for (const text of texts) {
    const value = text === undefined ? undefined : parseScalar(text, type);
    if (text === undefined || value === undefined) return undefined;
    if (best === undefined || isFurther(compareScalars(value, best.value))) best = { text, value };
  }
  return best?.text;
}

/** Whether two files may hold records with the same key, by the bounds of the key's columns. */
export function mayShareKey(contract: SourceContract, a: Pick<DataFile, 'columns'>, b: DataFile): boolean {
  return contract.key.every((name) => {
    const { min, max } = a.columns[name] ?? {};
    const type = contract.columns.find((column) => column.name === name)?.type;
    const nulls = (a.columns[name]?.nullCount ?? 1) > 0;
    if (min === undefined || max === undefined || type === undefined || nulls) return true;
    return mayContain(b, name, { type, min, max });
  });
}

function pathsOf(data: DataStore, files: readonly DataFile[]): Promise<string[]> {
  return Promise.all(files.map((file) => data.localPath(file.key)));
}
