import {
  CreateTableCommand,
  GetTableCommand,
  type GlueClient,
  type Table,
  type TableInput,
  UpdateTableCommand,
} from '@aws-sdk/client-glue';
import { TransientError } from '../../etl/errors.ts';
import { type Layer, tableName } from '../../etl/naming/datasets.ts';
import type { Catalog, CatalogTable } from '../../etl/ports.ts';
import { inAws, isNamed } from './aws-errors.ts';
import { glueColumns, oneLine } from './glue-types.ts';

/** How often a lost race is run again at once. */
const TRIES = 5;
const DESCRIPTION_CHARACTERS = 2048;
const VERSION = 'assay.version';

/** Where a table stands in Glue. */
export interface GlueName {
  readonly database: string;
  readonly table: string;
}

/** `silver`, `spend.council_payments` → `<prefix>silver`, `spend_council_payments`; ledgers are `<prefix>ops`, `source_files_…`. */
export function glueName(prefix: string, layer: Layer, dataset: string): GlueName {
  const [schema = '', name = ''] = tableName(layer, dataset).split('.');
  return layer === 'source_files'
    ? { database: `${prefix}ops`, table: `${schema}_${name}` }
    : { database: `${prefix}${schema}`, table: name };
}

/** What a Glue catalog works with. */
export interface GlueCatalogOptions {
  readonly glue: GlueClient;
  readonly databasePrefix: string;
}

/**
 * A catalog of Iceberg tables in Glue. A table is moved under the version that was read, so that of two who move it
 * at once the later version stays; one that is as far already is left alone.
 */
export function glueCatalog({ glue, databasePrefix }: GlueCatalogOptions): Catalog {
  return {
    async follow(table) {
      const name = glueName(databasePrefix, table.layer, table.dataset);
      const doing = {
        doing: `moving ${name.database}.${name.table} to version ${table.version}`,
        needs: `glue:GetTable, glue:CreateTable and glue:UpdateTable on ${name.database}.${name.table}`,
      };
      await inAws(doing, async () => {
        for (let tries = 0; tries < TRIES; tries++) {
          if (await tryToFollow(glue, name, table)) return;
        }
        throw new TransientError(
          'CATALOG_BUSY',
          `Failed ${doing.doing}: others keep changing it; try again.`,
        );
      });
    },
  };
}

/** False where somebody else changed the table in between. */
async function tryToFollow(glue: GlueClient, name: GlueName, table: CatalogTable): Promise<boolean> {
  const existing = await findTable(glue, name);
  try {
    if (existing === undefined) await createTable(glue, name, table);
    else if (isBehind(existing, table)) await moveTable(glue, name, { existing, table });
    return true;
  } catch (error) {
    if (isNamed(error, 'AlreadyExistsException', 'ConcurrentModificationException')) return false;
    throw error;
  }
}

async function findTable(glue: GlueClient, { database, table }: GlueName): Promise<Table | undefined> {
  try {
    return (await glue.send(new GetTableCommand({ DatabaseName: database, Name: table }))).Table;
  } catch (error) {
    // Of a database that isn't there as well: creating the table says so.
    if (isNamed(error, 'EntityNotFoundException')) return undefined;
    throw error;
  }
}

function isBehind({ Parameters = {} }: Table, { version, metadataLocation }: CatalogTable): boolean {
  const there = Number(Parameters[VERSION] ?? 0);
  return there < version || (there === version && Parameters.metadata_location !== metadataLocation);
}

async function createTable(
  glue: GlueClient,
  { database, table: Name }: GlueName,
  table: CatalogTable,
): Promise<void> {
  const TableInput = tableInput(Name, table, {});
  await glue.send(new CreateTableCommand({ DatabaseName: database, TableInput }));
}

async function moveTable(
  glue: GlueClient,
  { database, table: Name }: GlueName,
  { existing, table }: { readonly existing: Table; readonly table: CatalogTable },
): Promise<void> {
  const { Parameters = {}, VersionId } = existing;
  const previous = Parameters.metadata_location;
  const input = tableInput(Name, table, {
    ...Parameters,
    ...(previous === undefined ? {} : { previous_metadata_location: previous }),
  });
  await glue.send(
    // Without an archive: the pointer's history says where the table was.
    new UpdateTableCommand({ DatabaseName: database, TableInput: input, VersionId, SkipArchive: true }),
  );
}

/** As Iceberg's own Glue catalog writes it: https://iceberg.apache.org/docs/latest/aws/#glue-catalog. */
function tableInput(Name: string, table: CatalogTable, before: Record<string, string>): TableInput {
  const { location, metadataLocation, version, columns, description } = table;
  return {
    Name,
    TableType: 'EXTERNAL_TABLE',
    ...(description === undefined ? {} : { Description: oneLine(description, DESCRIPTION_CHARACTERS) }),
    StorageDescriptor: { Location: location, Columns: glueColumns(columns) },
    Parameters: {
      ...before,
      table_type: 'ICEBERG',
      metadata_location: metadataLocation,
      [VERSION]: String(version),
    },
  };
}
