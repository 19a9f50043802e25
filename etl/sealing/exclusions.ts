import type { SourceContract } from '../contract/contract.ts';
import { type Engine, integerOf, readParquet } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';
import type { DataStore } from '../ports.ts';
import { mayContain } from '../table/prune.ts';
import type { DataFile } from '../table/schema.ts';
import { type ArrivalOrder, placeOf } from './arrival-order.ts';

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
  /** SELECT of places (source_file_id, source_row_number) where later tries of the same records are there, too. */
  readonly retriedSince?: string | undefined;
}

/**
 * Makes the tables `excluded` (source_file_id, source_row_number, code), the run's records that passed on their own
 * but may not go to Silver, and `superseded` (the key columns), the base's rows that give way to new ones.
 * Returns how many of each there are.
 */
export async function findExclusions(
  input: ExclusionInput,
): Promise<{ excluded: number; superseded: number }> {
  const { engine, contract } = input;
  await engine.run(
    'CREATE OR REPLACE TEMP TABLE excluded (source_file_id VARCHAR, source_row_number BIGINT, code VARCHAR)',
  );
  if (input.files.length === 0) {
    await engine.run('CREATE OR REPLACE TEMP TABLE superseded (nothing INTEGER)');
    return { excluded: 0, superseded: 0 };
  }
  if (input.hasPrior) await excludeCondemned(input);
  if (input.retriedSince !== undefined)
    await engine.run(
      `INSERT INTO excluded SELECT source_file_id, source_row_number, 'DUPLICATE' FROM (${input.retriedSince}) ANTI JOIN excluded USING (source_file_id, source_row_number)`,
    );
  const keys = contract.key.map(identifier).join(', ');
  const sample = await readFiles(input.data, input.files.slice(0, 1));
  await engine.run(`CREATE OR REPLACE TEMP TABLE superseded AS SELECT ${keys} FROM ${sample} LIMIT 0`);
  for (const group of keyGroups(contract, input.files)) {
    await excludeWithin(input, group);
    await compareWithBase(input, group);
  }
  const [row = {}] = await engine.rows(
    'SELECT (SELECT count(*) FROM excluded) AS excluded, (SELECT count(*) FROM superseded) AS superseded',
  );
  return { excluded: integerOf(row, 'excluded'), superseded: integerOf(row, 'superseded') };
}

/** Records that are compared at once where they needn't all be: so many that few statements do, so few that their keys fit into memory. */
const GROUP_RECORDS = 2_000_000;

/** Files that may share a key: whole months, some at a time, where the key holds the partition column, else all together. */
export function keyGroups(contract: SourceContract, files: readonly DataFile[]): DataFile[][] {
  if (!contract.key.includes(contract.partitionColumn)) return [[...files]];
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

/** Of several records of the run with one key one stays: that which came first, or where the contract says replace last. */
async function excludeWithin(input: ExclusionInput, files: readonly DataFile[]): Promise<void> {
  const { engine, data, contract } = input;
  const suspects = files.filter((file) => input.suspectFiles.includes(file));
  if (input.isOneChunk && suspects.length === 0) return;
  const source = await readFiles(data, files);
  const hashOf = (table: string): string =>
    `hash(${contract.key.map((key) => `${table}${identifier(key)}`).join(', ')})`;
  const hash = hashOf('');
  const among = input.isOneChunk
    ? `WHERE ${hash} IN (SELECT ${hash} FROM ${await readFiles(data, suspects)})`
    : '';
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE repeated AS SELECT ${hash} AS h$ FROM ${source} ${among} GROUP BY h$ HAVING count(*) > 1`,
  );
  const [row = {}] = await engine.rows('SELECT count(*) AS n FROM repeated');
  if (integerOf(row, 'n') === 0) return;
  const direction = contract.duplicates === 'replace' ? 'DESC' : 'ASC';
  const { joins, place } = placeOf('records', input.order);
  await engine.run(
    `INSERT INTO excluded SELECT source_file_id, source_row_number, 'DUPLICATE' FROM (
       SELECT records.source_file_id, records.source_row_number,
         row_number() OVER (PARTITION BY ${contract.key.map((key) => `records.${identifier(key)}`).join(', ')}
           ORDER BY ${place} ${direction}, records.source_row_number ${direction}) AS nth
       FROM ${source} AS records ${joins}
       WHERE ${hashOf('records.')} IN (SELECT h$ FROM repeated)
         AND NOT EXISTS (SELECT 1 FROM excluded WHERE excluded.source_file_id = records.source_file_id AND excluded.source_row_number = records.source_row_number)
     ) WHERE nth > 1`,
  );
}

async function compareWithBase(input: ExclusionInput, files: readonly DataFile[]): Promise<void> {
  const { engine, data, contract } = input;
  const rivals = input.baseFiles.filter((base) => files.some((file) => mayShareKey(contract, file, base)));
  if (rivals.length === 0) return;
  const same = contract.key
    .map((key) => `old.${identifier(key)} IS NOT DISTINCT FROM new.${identifier(key)}`)
    .join(' AND ');
  const fresh = await readFiles(data, files);
  const old = `(SELECT * FROM ${await readFiles(data, rivals)} AS old WHERE ${input.standing})`;
  const keys = contract.key.map(identifier).join(', ');
  const notExcluded =
    'NOT EXISTS (SELECT 1 FROM excluded WHERE excluded.source_file_id = new.source_file_id AND excluded.source_row_number = new.source_row_number)';
  if (contract.duplicates === 'replace') {
    if (input.order.isBaseLater) {
      const [mine, theirs] = [placeOf('new', input.order), placeOf('old', input.order)];
      await engine.run(
        `INSERT INTO excluded SELECT DISTINCT new.source_file_id, new.source_row_number, 'DUPLICATE'
         FROM ${fresh} AS new JOIN ${old} AS old ON ${same} ${mine.joins} ${theirs.joins}
         WHERE ${theirs.place} > ${mine.place} AND ${notExcluded}`,
      );
    }
    await engine.run(
      `INSERT INTO superseded SELECT DISTINCT ${keys} FROM ${fresh} AS new WHERE EXISTS (SELECT 1 FROM ${old} AS old WHERE ${same}) AND ${notExcluded}`,
    );
  } else {
    await engine.run(
      `INSERT INTO excluded SELECT source_file_id, source_row_number, 'DUPLICATE' FROM ${fresh} AS new
       WHERE EXISTS (SELECT 1 FROM ${old} AS old WHERE ${same}) AND ${notExcluded}`,
    );
  }
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

/** The condition under which a row of the run's Silver files is excluded. */
export const EXCLUDED_SQL =
  'EXISTS (SELECT 1 FROM excluded WHERE excluded.source_file_id = old.source_file_id AND excluded.source_row_number = old.source_row_number)';
