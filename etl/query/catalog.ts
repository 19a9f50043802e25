import type { Classification, Contract, ContractColumn } from '../contract/contract.ts';
import { duckType } from '../contract/duck-type.ts';
import { loadContracts } from '../contract/load-contracts.ts';
import { isAddedName } from '../contract/table-columns.ts';
import { zoneNote } from '../contract/timezone-text.ts';
import type { Engine } from '../engine/engine.ts';
import { identifier, literal } from '../engine/sql.ts';
import { ConfigError, DataError } from '../errors.ts';
import { isContractTable, type Layer } from '../naming/datasets.ts';
import type { Effects, ObjectStore } from '../ports.ts';
import { publishedContract } from '../stages/kept-contracts.ts';
import type { ColumnType, TableColumn } from '../table/schema.ts';
import { SCHEMAS, type TableName, tablesOf } from './lake-tables.ts';
import { OPS_TABLES } from './ops-tables.ts';
import { createOpsViews } from './ops-views.ts';
import { classificationOf, mayRead, type Reader } from './reader.ts';

/** A table that a query may name, as contracts describe it. */
export interface CatalogTable {
  /** `silver.spend_payments`. */
  readonly name: string;
  readonly description: string;
  readonly owner: string | null;
  readonly columns: readonly CatalogColumn[];
}

/** A column as people look it up. */
export interface CatalogColumn {
  readonly name: string;
  /** As DuckDB calls it. */
  readonly type: string;
  readonly columnType: ColumnType;
  readonly isNullable: boolean;
  readonly isKey: boolean;
  readonly description: string;
  /** Null where the contract doesn't say. */
  readonly classification: Classification | null;
}

const LAYER_WORDS: Readonly<Record<Layer, string>> = {
  silver: '',
  gold: '',
  projection: '',
  projection_state: 'What it is folded on from, a row a stream: ',
  quarantine: 'Records that failed, with every reason: ',
  condemned: 'Records that were given up, with every reason: ',
  source_files: 'The source files that were dealt with: ',
};

/**
 * The contracts under which tables were published: readers see tables of their shape, whatever was written into a contract
 * since. One whose pointer can't be read is taken as it is written.
 */
async function shownContracts(effects: Effects): Promise<ReadonlyMap<string, Contract>> {
  const { contracts } = await loadContracts(effects.contracts);
  const shown = [...contracts].map(
    async ([dataset, contract]) =>
      [
        dataset,
        await publishedContract(effects.objects, contract).catch((error: unknown) => {
          if (error instanceof DataError) return contract;
          throw error;
        }),
      ] as const,
  );
  return new Map(await Promise.all(shown));
}

/** The tables of some layers as they were published, layer by layer; reads no table. */
export async function listLayers(
  effects: Effects,
  layers: readonly Layer[],
): Promise<readonly CatalogTable[]> {
  const contracts = await shownContracts(effects);
  const tables = [...contracts.values()].flatMap(tablesOf);
  return layers.flatMap((layer) => tables.filter((table) => table.layer === layer).map(catalogTable));
}

/** Every table that a query of a reader may name, in the order in which people look for them. */
export async function listTables(effects: Effects, reader?: Reader): Promise<readonly CatalogTable[]> {
  const named = await listLayers(effects, ['silver', 'gold', 'projection', 'quarantine', 'condemned']);
  const ops = Object.entries(OPS_TABLES).map(([name, description]) => ({
    name: `ops.${name}`,
    description,
    owner: null,
    columns: [],
  }));
  return [...named, ...ops].filter(({ name }) => mayRead(reader, name));
}

/** The tables of one schema, or all. Throws ConfigError `NO_SCHEMA` where there is none of that name. */
export function inSchema(
  tables: readonly CatalogTable[],
  schema: string | undefined,
): readonly CatalogTable[] {
  if (schema === undefined) return tables;
  if (SCHEMAS.some((one) => one === schema.toLowerCase()))
    return tables.filter(({ name }) => name.startsWith(`${schema.toLowerCase()}.`));
  throw new ConfigError('NO_SCHEMA', `There is no schema '${schema}'; there are ${SCHEMAS.join(', ')}.`);
}

/** The table that readers of a dataset ask first: its Silver, or its Gold. */
export function describeContract(contract: Contract): CatalogTable {
  const made = tablesOf(contract).find(({ layer }) => layer === contract.layer);
  if (made === undefined) throw new RangeError(`${contract.dataset} makes no table`);
  return catalogTable(made);
}

function catalogTable({ contract, name, layer, columns }: TableName): CatalogTable {
  return {
    name,
    description: `${LAYER_WORDS[layer]}${contract.description}`,
    owner: contract.owner,
    columns: columns.map((column) => catalogColumn(contract, layer, column)),
  };
}

function catalogColumn(contract: Contract, layer: Layer, { name, type, doc }: TableColumn): CatalogColumn {
  const isOfSource = isContractTable(layer);
  const own = isOfSource ? contract.columns.find((column) => column.name === name) : undefined;
  const isAdded = isContractTable(layer) && isAddedName(layer, name);
  return {
    name,
    type: duckType(type),
    columnType: type,
    isNullable: !(own?.required ?? isAdded),
    isKey: own !== undefined && contract.key.includes(name),
    description: own === undefined ? (doc ?? '') : describedTime(own),
    classification: classificationOf(contract, layer, name),
  };
}

/** A column's description, which says of local times where they are local. */
function describedTime({ description, timezone }: ContractColumn): string {
  return [description, zoneNote(timezone)].filter((part) => part !== '').join(' ');
}

/** SQL that lists tables with what they are. */
export function tableListSql(tables: readonly CatalogTable[]): string {
  const rows = tables.map(({ name, description }) => `(${literal(name)}, ${literal(description)})`);
  const empty = `(CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR))`;
  const where = rows.length === 0 ? ' WHERE false' : '';
  return `SELECT table_name, description FROM (VALUES ${rows.join(', ') || empty}) AS t(table_name, description)${where}`;
}

/** SQL that describes a table's columns: names, types and nullability as `describe` gives them, and what the contract says of each. */
export function describeSql(describe: string, { owner, columns }: CatalogTable): string {
  const rows = columns.map(({ name, isNullable, isKey, description, classification }) => {
    const key = isKey ? literal('PRI') : 'NULL';
    const kind = classification === null ? 'NULL' : literal(classification);
    return `(${literal(name)}, ${literal(isNullable ? 'YES' : 'NO')}, ${key}, ${literal(description)}, ${kind})`;
  });
  return `SELECT d.column_name, d.column_type, coalesce(c.nullable, d."null") AS "null", c.key, c.description, c.classification, ${owner === null ? 'NULL' : literal(owner)} AS owner
FROM (SELECT *, row_number() OVER () AS place FROM (${describe}
)) AS d LEFT JOIN (VALUES ${rows.join(', ')}) AS c(name, nullable, key, description, classification) ON c.name = d.column_name
ORDER BY d.place`;
}

/** Where the ledgers are while ops.* is made of them. */
const LEDGERS = 'source_files';

/** DuckDB's own catalog, as a query asks for it. */
const CATALOG =
  /\b(?:information_schema|pg_catalog|pg_\w+|sqlite_master|duckdb_(?:tables|views|columns|schemas|constraints)\s*\()/i;

/** Whether a query looks at what tables there are, rather than at the tables. */
export const asksCatalog = (sql: string): boolean => CATALOG.test(sql);

/**
 * Describes every table in DuckDB's catalog. Those that the query reads stay views; the others are made empty, so that
 * none is read for it.
 */
export async function fillCatalog(
  engine: Engine,
  effects: Effects,
  sql: string,
  reader?: Reader,
): Promise<void> {
  const contracts = await shownContracts(effects);
  const made = [...contracts.values()]
    .flatMap(tablesOf)
    .map((table) => ({ table, shown: catalogTable(table) }));
  const plain = sql
    .toLowerCase()
    .replaceAll('"', '')
    .replaceAll(/\s*\.\s*/g, '.');
  const isRead = (name: string): boolean => plain.includes(name) || plain.includes('ops.');
  for (const schema of [...SCHEMAS, LEDGERS]) await engine.run(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
  for (const { shown } of made) {
    if (!isRead(shown.name)) await createEmpty(engine, shown);
    await comment(engine, shown, isRead(shown.name) ? 'VIEW' : 'TABLE');
  }
  if (isRead('ops.')) return;
  await createEmptyOps(
    engine,
    effects,
    made.map(({ table }) => table),
  );
  const unseen = made.filter(({ shown }) => !mayRead(reader, shown.name)).map(({ shown }) => shown.name);
  const ops = Object.keys(OPS_TABLES).map((name) => `ops.${name}`);
  for (const name of [...unseen, ...ops.filter((one) => !mayRead(reader, one))])
    await engine.run(`DROP TABLE IF EXISTS ${qualified(name)}`);
}

/** The tables of `ops` as an empty lake has them, and nothing else of what they are made of. */
async function createEmptyOps(engine: Engine, effects: Effects, tables: readonly TableName[]): Promise<void> {
  const objects: ObjectStore = { ...effects.objects, list: async () => [], get: async () => undefined };
  const views = tables.map((table) => ({ ...table, table: undefined, earlier: [], pointer: undefined }));
  await createOpsViews(engine, { ...effects, objects }, views);
  for (const [name, description] of Object.entries(OPS_TABLES)) {
    const view = `ops.${identifier(name)}`;
    await engine.run(`CREATE TABLE ops."being made" AS FROM ${view} LIMIT 0`);
    await engine.run(`DROP VIEW ${view}`);
    await engine.run(`ALTER TABLE ops."being made" RENAME TO ${identifier(name)}`);
    await engine.run(`COMMENT ON TABLE ${view} IS ${literal(description)}`);
  }
  await engine.run(`DROP SCHEMA ${LEDGERS} CASCADE`);
  const left = await engine.rows('SELECT table_name FROM duckdb_tables() WHERE temporary');
  for (const { table_name: name } of left) await engine.run(`DROP TABLE temp.${identifier(String(name))}`);
}

async function createEmpty(engine: Engine, { name, columns }: CatalogTable): Promise<void> {
  const shapes = columns.map(
    (column) => `${identifier(column.name)} ${column.type}${column.isNullable ? '' : ' NOT NULL'}`,
  );
  await engine.run(`DROP VIEW IF EXISTS ${qualified(name)}`);
  await engine.run(`CREATE TABLE ${qualified(name)} (${shapes.join(', ')})`);
}

async function comment(engine: Engine, table: CatalogTable, kind: 'VIEW' | 'TABLE'): Promise<void> {
  const name = qualified(table.name);
  await engine.run(`COMMENT ON ${kind} ${name} IS ${literal(table.description)}`);
  // The table that readers see may be older than its contract.
  const there = await engine.rows(
    `SELECT column_name FROM duckdb_columns() WHERE schema_name || '.' || table_name = ${literal(table.name)}`,
  );
  const names = new Set(there.map(({ column_name: one }) => one));
  for (const column of table.columns.filter((one) => names.has(one.name)))
    await engine.run(
      `COMMENT ON COLUMN ${name}.${identifier(column.name)} IS ${literal(column.description)}`,
    );
}

const qualified = (name: string): string => name.split('.').map(identifier).join('.');
