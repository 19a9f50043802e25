import { createHash } from 'node:crypto';
import {
  CreateTableCommand,
  DeleteTableCommand,
  type GlueClient,
  paginateGetTables,
} from '@aws-sdk/client-glue';
import { identifier } from '../../etl/engine/sql.ts';
import type { Clock, ObjectStore, SetTable } from '../../etl/ports.ts';
import { setMetadata } from '../../etl/sets/set-metadata.ts';
import { schemaColumns } from '../../etl/table/fields.ts';
import { currentSchema } from '../../etl/table/metadata.ts';
import { inAws, isNamed } from './aws-errors.ts';
import { glueColumns } from './glue-types.ts';

/** What the names of temporary tables begin with. */
const PREFIX = 'assay_tmp_';
/** When what a process left that was ended is removed. */
const LEFT_MS = 2 * 86_400_000;

interface GluePlace {
  readonly glue: GlueClient;
  readonly objects: ObjectStore;
  readonly database: string;
  readonly clock: Clock;
}

/** The tables of one question, as Glue has them meanwhile. */
export interface GlueTables {
  /** The WITH items by which a query has them under their plain names. */
  readonly items: string;
  /** Removes them, and what others left more than two days ago; never throws. */
  forget(): Promise<void>;
}

/**
 * Makes tables of the lake known to Glue, by names that follow from their metadata: a repeat finds those of the try before,
 * and the SQL stays the same. Throws ConfigError `TABLE_MOVED` where there is no such metadata.
 */
export async function registerInGlue(place: GluePlace, tables: readonly SetTable[]): Promise<GlueTables> {
  const names = new Map(tables.map((table) => [nameOf(table), table]));
  for (const [name, table] of names) await register(place, name, table);
  return {
    items: tables.map((table) => itemOf(place.database, table)).join(', '),
    async forget() {
      for (const name of names.keys()) await remove(place, name).catch(() => undefined);
      await sweep(place).catch(() => undefined);
    },
  };
}

const nameOf = ({ metadataKey }: SetTable): string =>
  `${PREFIX}${createHash('sha256').update(metadataKey).digest('hex').slice(0, 24)}`;

function itemOf(database: string, table: SetTable): string {
  const version = table.snapshotId === undefined ? '' : ` FOR VERSION AS OF ${table.snapshotId}`;
  const full = [database, nameOf(table)].map(identifier).join('.');
  return `${identifier(table.name)} AS (SELECT * FROM ${full}${version})`;
}

async function register(
  { glue, objects, database }: GluePlace,
  name: string,
  { metadataKey }: SetTable,
): Promise<void> {
  const metadata = await setMetadata(objects, { metadataKey });
  const TableInput = {
    Name: name,
    TableType: 'EXTERNAL_TABLE',
    StorageDescriptor: {
      Location: metadata.location,
      Columns: glueColumns(schemaColumns(currentSchema(metadata))),
    },
    Parameters: { table_type: 'ICEBERG', metadata_location: objects.uri(metadataKey) },
  };
  const doing = { doing: `making ${database}.${name}`, needs: `glue:CreateTable on ${database}` };
  await inAws(doing, async () => {
    try {
      await glue.send(new CreateTableCommand({ DatabaseName: database, TableInput }));
    } catch (error) {
      // The same metadata has the same name.
      if (!isNamed(error, 'AlreadyExistsException')) throw error;
    }
  });
}

async function remove({ glue, database }: Pick<GluePlace, 'glue' | 'database'>, name: string): Promise<void> {
  await glue.send(new DeleteTableCommand({ DatabaseName: database, Name: name }));
}

async function sweep({ glue, database, clock }: GluePlace): Promise<void> {
  const before = clock.now().getTime() - LEFT_MS;
  const pages = paginateGetTables({ client: glue }, { DatabaseName: database, Expression: `${PREFIX}*` });
  for await (const { TableList = [] } of pages)
    for (const { Name = '', CreateTime } of TableList)
      if (Name.startsWith(PREFIX) && CreateTime !== undefined && CreateTime.getTime() < before)
        await remove({ glue, database }, Name);
}
