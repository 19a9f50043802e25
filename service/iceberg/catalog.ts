import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { ConflictError } from '../../etl/errors.ts';
import type { Effects } from '../../etl/ports.ts';
import { type TableName, tablesOf } from '../../etl/query/lake-tables.ts';
import { isHiddenFrom, type Reader, type TableSchema } from '../../etl/query/reader.ts';
import { rootOf } from '../../etl/table/lake-table.ts';
import { parseMetadata } from '../../etl/table/metadata.ts';
import { readPointer } from '../../etl/table/pointer.ts';
import { isElsewhere } from '../../etl/table/relocate-table.ts';

/** Schemas whose tables other engines find; those of `ops` are made when they are asked for, and are no Iceberg tables. */
const NAMESPACES = [
  'silver',
  'gold',
  'projection',
  'quarantine',
  'condemned',
] as const satisfies readonly TableSchema[];

/** A table as Iceberg's REST catalog gives it (LoadTableResult of its OpenAPI description). */
export interface LoadedTable {
  readonly metadataLocation: string;
  /** The metadata file's text. */
  readonly metadata: string;
  /** Whether the metadata names files in another place than the table's: the lake was copied or moved. */
  readonly isElsewhere: boolean;
}

/** A lake's Iceberg tables, as far as one reader may see them: what they may not see is not there. */
export interface IcebergCatalog {
  /** In the order in which people look for them. */
  namespaces(): readonly string[];
  /** Names of the tables of a namespace that were published; undefined where there is no such namespace. */
  tables(namespace: string): Promise<readonly string[] | undefined>;
  /** A table as it is now; undefined where there is none. Throws ConflictError `LAKE_MOVED` where its metadata names files in another place. */
  load(namespace: string, name: string): Promise<LoadedTable | undefined>;
}

/** The catalog of a lake for a reader. Engines read files whole: a table that ever had a column hidden from the reader is not there. */
export function icebergCatalog(effects: Effects, reader: Reader): IcebergCatalog {
  const namespaces = NAMESPACES.filter((one) => reader.schemas.has(one));
  const isThere = (namespace: string): boolean => namespaces.some((one) => one === namespace);
  const tablesIn = async (namespace: string): Promise<readonly TableName[]> => {
    const { contracts } = await loadContracts(effects.contracts);
    return [...contracts.values()].flatMap(tablesOf).filter(({ layer }) => layer === namespace);
  };
  return {
    namespaces: () => namespaces,
    tables: async (namespace) => {
      if (!isThere(namespace)) return undefined;
      const found = (await tablesIn(namespace)).map(async (table) =>
        (await loaded(effects, reader, table)) === undefined ? [] : [plainName(table)],
      );
      return (await Promise.all(found)).flat().sort();
    },
    load: async (namespace, name) => {
      if (!isThere(namespace)) return undefined;
      const table = (await tablesIn(namespace)).find((one) => plainName(one) === name);
      const found = table === undefined ? undefined : await loaded(effects, reader, table);
      if (found?.isElsewhere === true) throw movedLake(namespace, name);
      return found;
    },
  };
}

/** `silver.spend_council_payments` → `spend_council_payments`. */
const plainName = ({ name }: TableName): string => name.slice(name.indexOf('.') + 1);

async function loaded(
  { objects }: Effects,
  reader: Reader,
  { contract, layer }: TableName,
): Promise<LoadedTable | undefined> {
  const read = await readPointer(objects, contract.layer, contract.dataset);
  const key = read?.pointer.tables[layer]?.metadata_key;
  const stored = key === undefined ? undefined : await objects.get(key);
  if (key === undefined || stored === undefined) return undefined;
  const metadata = parseMetadata(stored.body);
  const columns = metadata.schemas.flatMap(({ fields }) => fields);
  if (columns.some(({ name }) => isHiddenFrom(reader, contract, { layer, column: name }))) return undefined;
  return {
    metadataLocation: objects.uri(key),
    metadata: new TextDecoder().decode(stored.body),
    isElsewhere: isElsewhere(objects, { root: rootOf({ metadata_key: key }), metadata }),
  };
}

const movedLake = (namespace: string, name: string): ConflictError =>
  new ConflictError(
    'LAKE_MOVED',
    `The metadata of ${namespace}.${name} names files where the lake was before it was copied or moved, and an engine would read those. 'assay upgrade' writes where they are now.`,
  );
