import { isByArrival } from '../contract/arrival-month.ts';
import type { SourceContract } from '../contract/contract.ts';
import { isByRecord, keyColumns, knowsRepeats } from '../contract/record-key.ts';
import { type Engine, integerOf, readParquet } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';
import { tableRowsSql } from '../engine/table-rows.ts';
import { isOfEvents } from '../eventstore/event-order.ts';
import type { DataStore } from '../ports.ts';
import type { LakeTable } from '../table/lake-table.ts';
import { mayContain } from '../table/prune.ts';
import type { DataFile } from '../table/schema.ts';
import { type ArrivalOrder, placeOf } from './arrival-order.ts';
import { judgeEvents } from './judge-events.ts';
import { repeatRecords } from './record-repeats.ts';
import { createRepeats, isLeftOut, judgeWithin, repeatBase } from './repeats.ts';

/** What finding exclusions needs. */
export interface ExclusionInput {
  readonly engine: Engine;
  readonly data: DataStore;
  readonly contract: SourceContract;
  /** The run's own Silver files. */
  readonly files: readonly DataFile[];
  /** Those of them that hold the suspects of each chunk. */
  readonly suspectFiles: readonly DataFile[];
  /** With one chunk only suspects can be duplicates within the run; with more, any record can. */
  readonly isOneChunk: boolean;
  /** The base snapshot's Silver files. */
  readonly baseFiles: readonly DataFile[];
  /** The condition under which a row (`old`) of them is still there; the others are read again by this run. */
  readonly standing: string;
  /** The order in which the records came, by loadArrivalOrder. */
  readonly order: ArrivalOrder;
  readonly hasPrior: boolean;
  /** Silver, to read files of it with the columns that it has now. */
  readonly table: LakeTable;
  /** SELECT of places (source_file_id, source_row_number) where later tries of the same records are there, too. */
  readonly retriedSince?: string | undefined;
}

/** How many records are left out of Silver, or taken out of it. */
interface Exclusions {
  readonly excluded: number;
  readonly superseded: number;
  readonly repeats: number;
}

/**
 * Makes three tables and returns how many records each has: `excluded` (source_file_id, source_row_number, code),
 * records of the run that passed but may not go to Silver; `repeats`, those that are there already, where the contract
 * knows such; and `superseded` (the key columns), the base's rows that new ones replace. Of events, `stays` has the id of
 * the event that stays for each that is a duplicate, and `gave_way` the base's rows as `judgeEvents` says.
 */
export async function findExclusions(input: ExclusionInput): Promise<Exclusions> {
  const { engine, contract } = input;
  await engine.run(
    'CREATE OR REPLACE TEMP TABLE excluded (source_file_id VARCHAR, source_row_number BIGINT, code VARCHAR)',
  );
  await engine.run(
    'CREATE OR REPLACE TEMP TABLE stays (source_file_id VARCHAR, source_row_number BIGINT, event VARCHAR)',
  );
  await createRepeats(engine, contract);
  if (input.files.length === 0) {
    await engine.run('CREATE OR REPLACE TEMP TABLE superseded (nothing INTEGER)');
    return { excluded: 0, superseded: 0, repeats: 0 };
  }
  if (input.hasPrior) await excludeCondemned(input);
  if (input.retriedSince !== undefined)
    await engine.run(
      `INSERT INTO excluded SELECT source_file_id, source_row_number, 'DUPLICATE' FROM (${input.retriedSince}) ANTI JOIN excluded USING (source_file_id, source_row_number)`,
    );
  const keys = keyColumns(contract).map(identifier).join(', ');
  const sample = await readFiles(input.data, input.files.slice(0, 1));
  await engine.run(`CREATE OR REPLACE TEMP TABLE superseded AS SELECT ${keys} FROM ${sample} LIMIT 0`);
  for (const group of keyGroups(contract, input.files)) {
    if (knowsRepeats(contract)) await findRepeats(input, group);
    else {
      await excludeWithin(input, group);
      await compareWithBase(input, group);
    }
  }
  const [row = {}] = await engine.rows(
    'SELECT (SELECT count(*) FROM excluded) AS excluded, (SELECT count(*) FROM superseded) AS superseded, (SELECT count(*) FROM repeats) AS repeats',
  );
  return {
    excluded: integerOf(row, 'excluded'),
    superseded: integerOf(row, 'superseded'),
    repeats: integerOf(row, 'repeats'),
  };
}

/**
 * Tells repeats from duplicates. The base comes first, since its rows stay. Where later records replace earlier ones,
 * the run comes first: it decides which values count.
 */
async function findRepeats(input: ExclusionInput, files: readonly DataFile[]): Promise<void> {
  const { engine, data, contract, table } = input;
  const rivals = rivalsOf(input, files);
  const paths = await Promise.all(rivals.map(({ key }) => data.localPath(key)));
  const search = {
    ...{ engine, contract, fresh: await readFiles(data, files) },
    standing:
      rivals.length === 0
        ? undefined
        : `(SELECT * FROM (${tableRowsSql(table, paths)}) AS old WHERE ${input.standing})`,
  };
  const within = { among: await findRepeated(input, files), ...placeOf('records', input.order) };
  if (isByRecord(contract)) return repeatRecords({ ...search, ...within, among: within.among ?? 'false' });
  if (isOfEvents(contract)) return judgeEvents({ ...search, ...within, contract });
  await repeatBase(search);
  if (contract.duplicates !== 'replace') await compareWithBase(input, files);
  else if (input.order.isBaseLater) await excludeReplaced(input, files);
  if (within.among !== undefined) await judgeWithin(search, { ...within, among: within.among });
  if (contract.duplicates === 'replace') await supersedeBase(input, files);
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

async function readFiles(data: DataStore, files: readonly DataFile[]): Promise<string> {
  return readParquet(await Promise.all(files.map((file) => data.localPath(file.key))));
}

async function excludeCondemned({ engine, data, files }: ExclusionInput): Promise<void> {
  const [row] = await engine.rows('SELECT count(*) > 0 AS some FROM prior WHERE condemned');
  if (row?.some !== true) return;
  await engine.run(
    `INSERT INTO excluded SELECT source_file_id, source_row_number, 'PREVIOUSLY_CONDEMNED'
     FROM ${await readFiles(data, files)} WHERE row_hash IN (SELECT row_hash FROM prior WHERE condemned)`,
  );
}

/**
 * The condition under which a record (`records`) of the run has a key that another one of it may have; undefined where
 * none has. Makes the table `repeated`.
 */
async function findRepeated(input: ExclusionInput, files: readonly DataFile[]): Promise<string | undefined> {
  const { engine, data, contract } = input;
  const suspects = files.filter((file) => input.suspectFiles.includes(file));
  if (input.isOneChunk && suspects.length === 0) return undefined;
  const source = await readFiles(data, files);
  const hashOf = (table: string): string =>
    `hash(${keyColumns(contract)
      .map((key) => `${table}${identifier(key)}`)
      .join(', ')})`;
  const hash = hashOf('');
  const among = input.isOneChunk
    ? `WHERE ${hash} IN (SELECT ${hash} FROM ${await readFiles(data, suspects)})`
    : '';
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE repeated AS SELECT ${hash} AS h$ FROM ${source} ${among} GROUP BY h$ HAVING count(*) > 1`,
  );
  const [row = {}] = await engine.rows('SELECT count(*) AS n FROM repeated');
  return integerOf(row, 'n') === 0 ? undefined : `${hashOf('records.')} IN (SELECT h$ FROM repeated)`;
}

/** Of several records of the run with one key one stays: that which came first, or where the contract says replace last. */
async function excludeWithin(input: ExclusionInput, files: readonly DataFile[]): Promise<void> {
  const { engine, data, contract } = input;
  const among = await findRepeated(input, files);
  if (among === undefined) return;
  const direction = contract.duplicates === 'replace' ? 'DESC' : 'ASC';
  const { joins, place } = placeOf('records', input.order);
  await engine.run(
    `INSERT INTO excluded SELECT source_file_id, source_row_number, 'DUPLICATE' FROM (
       SELECT records.source_file_id, records.source_row_number,
         row_number() OVER (PARTITION BY ${contract.key.map((key) => `records.${identifier(key)}`).join(', ')}
           ORDER BY ${place} ${direction}, records.source_row_number ${direction}) AS nth
       FROM ${await readFiles(data, files)} AS records ${joins}
       WHERE ${among}
         AND NOT EXISTS (SELECT 1 FROM excluded WHERE excluded.source_file_id = records.source_file_id AND excluded.source_row_number = records.source_row_number)
     ) WHERE nth > 1`,
  );
}

async function compareWithBase(input: ExclusionInput, files: readonly DataFile[]): Promise<void> {
  if (input.contract.duplicates === 'replace') {
    if (input.order.isBaseLater) await excludeReplaced(input, files);
    return supersedeBase(input, files);
  }
  const sides = await sidesOf(input, files);
  if (sides === undefined) return;
  const { fresh, old, same } = sides;
  await input.engine.run(
    `INSERT INTO excluded SELECT source_file_id, source_row_number, 'DUPLICATE' FROM ${fresh} AS new
     WHERE EXISTS (SELECT 1 FROM ${old} AS old WHERE ${same}) AND NOT ${isLeftOut('new')}`,
  );
}

/** Records of the run give way to those of the base that came later. */
async function excludeReplaced(input: ExclusionInput, files: readonly DataFile[]): Promise<void> {
  const sides = await sidesOf(input, files);
  if (sides === undefined) return;
  const { fresh, old, same } = sides;
  const [mine, theirs] = [placeOf('new', input.order), placeOf('old', input.order)];
  await input.engine.run(
    `INSERT INTO excluded SELECT DISTINCT new.source_file_id, new.source_row_number, 'DUPLICATE'
     FROM ${fresh} AS new JOIN ${old} AS old ON ${same} ${mine.joins} ${theirs.joins}
     WHERE ${theirs.place} > ${mine.place} AND NOT ${isLeftOut('new')}`,
  );
}

/** Rows of the base give way to those of the run. */
async function supersedeBase(input: ExclusionInput, files: readonly DataFile[]): Promise<void> {
  const sides = await sidesOf(input, files);
  if (sides === undefined) return;
  const { fresh, old, same } = sides;
  const keys = input.contract.key.map(identifier).join(', ');
  await input.engine.run(
    `INSERT INTO superseded SELECT DISTINCT ${keys} FROM ${fresh} AS new WHERE EXISTS (SELECT 1 FROM ${old} AS old WHERE ${same}) AND NOT ${isLeftOut('new')}`,
  );
}

/** The run's records and the standing ones of the base, as table expressions, and when two have the same key; undefined where none can. */
async function sidesOf(
  input: ExclusionInput,
  files: readonly DataFile[],
): Promise<{ fresh: string; old: string; same: string } | undefined> {
  const { data, contract } = input;
  const rivals = rivalsOf(input, files);
  if (rivals.length === 0) return undefined;
  return {
    fresh: await readFiles(data, files),
    old: `(SELECT * FROM ${await readFiles(data, rivals)} AS old WHERE ${input.standing})`,
    same: contract.key
      .map((key) => `old.${identifier(key)} IS NOT DISTINCT FROM new.${identifier(key)}`)
      .join(' AND '),
  };
}

/** Files of the base that may hold records with a key of the run's. */
function rivalsOf({ contract, baseFiles }: ExclusionInput, files: readonly DataFile[]): readonly DataFile[] {
  if (!isByRecord(contract))
    return baseFiles.filter((base) => files.some((file) => mayShareKey(contract, file, base)));
  const months = new Set(files.map(({ month }) => month));
  return isByArrival(contract) ? baseFiles : baseFiles.filter(({ month }) => months.has(month));
}

/** Whether two files may hold records with the same key, by the bounds of the key's columns. */
export function mayShareKey(contract: SourceContract, a: DataFile, b: DataFile): boolean {
  return contract.key.every((name) => {
    const { min, max } = a.columns[name] ?? {};
    const type = contract.columns.find((column) => column.name === name)?.type;
    const nulls = (a.columns[name]?.nullCount ?? 1) > 0;
    if (min === undefined || max === undefined || type === undefined || nulls) return true;
    return mayContain(b, name, { type, min, max });
  });
}

/** The condition under which a row of a Silver file gives way to a new one. */
export function supersededSql(contract: SourceContract): string {
  const same = contract.key.map(
    (key) => `superseded.${identifier(key)} IS NOT DISTINCT FROM old.${identifier(key)}`,
  );
  return `EXISTS (SELECT 1 FROM superseded WHERE ${same.join(' AND ')})`;
}

/** The condition under which a row (`old`) of the run's Silver files is left out. */
export const EXCLUDED_SQL =
  'EXISTS (SELECT 1 FROM (SELECT source_file_id, source_row_number FROM excluded UNION ALL SELECT source_file_id, source_row_number FROM repeats) AS out$ WHERE out$.source_file_id = old.source_file_id AND out$.source_row_number = old.source_row_number)';
